/** Thrown by a command that has said everything there is to say, and failed: exit code 1. */
export class CommandFailure extends Error {}

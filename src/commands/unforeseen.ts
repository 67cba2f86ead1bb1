import { redact } from '../redact.js';

const REMEDY =
  'This is a fault of pmnamecheap, not of what you asked for. What was accepted is stored and goes on from there: ' +
  'run pmnamecheap doctor and pmnamecheap status, then repeat the command (a worker: start it again). ' +
  'If it comes again, report it with the lines above.';

/** What is told of an error that nobody foresaw: where it happened, no secret, and what to do. */
export function describeUnforeseen(error: unknown): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: ${redact(what)}\n${REMEDY}`;
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { runCommandLine } from './commands/main.js';
import { describeUnforeseen } from './commands/unforeseen.js';

const stop = new AbortController();

function onSignal(): void {
  if (stop.signal.aborted) process.exit(130);
  stop.abort();
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

process.on('SIGHUP', onSignal);

/** How long a command may take to end after an error that nobody foresaw, ms; it cuts a worker's grace that is longer. */
const LAST_MS = 90_000;

/**
 * An exception or rejection that nobody caught: told without secrets, and the command ends as on a signal, so that a
 * worker hands over what runs. A second one ends it at once; whatever it was doing then is taken over as after a kill.
 */
const trouble = { isSeen: false };
function onUnforeseen(error: unknown): void {
  process.stderr.write(`${describeUnforeseen(error)}\n`);
  process.exitCode = 1;
  if (trouble.isSeen) process.exit();
  trouble.isSeen = true;
  stop.abort();
  setTimeout(() => process.exit(), LAST_MS).unref();
}
process.on('uncaughtException', onUnforeseen);
process.on('unhandledRejection', onUnforeseen);

// A reader that goes away (`| head`) ends the command quietly, a full disk as a failure; both with its cleanup.
const output = { hasFailed: false };
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  output.hasFailed ||= error.code !== 'EPIPE';
  stop.abort();
});

const packageJson: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const { version } = z.object({ version: z.string() }).parse(packageJson);
const { stdin, stdout, stderr, env } = process;
const exitCode = await runCommandLine(process.argv.slice(2), version, {
  stdin,
  stdout,
  stderr,
  env,
  stop: stop.signal,
});
process.exitCode = output.hasFailed || trouble.isSeen ? 1 : exitCode;
// Everything is closed by now: a call to Namecheap that nobody waits for any more must not hold up the end.
if (stop.signal.aborted) process.exit();

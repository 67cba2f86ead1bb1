#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { runCommandLine } from './commands/main.js';

const stop = new AbortController();

function onSignal(): void {
  if (stop.signal.aborted) process.exit(130);
  stop.abort();
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

process.on('SIGHUP', onSignal);

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
process.exitCode = output.hasFailed ? 1 : exitCode;
// Everything is closed by now: a call to Namecheap that nobody waits for any more must not hold up the end.
if (stop.signal.aborted) process.exit();

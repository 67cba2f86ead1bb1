import type { App } from '../app.js';
import type { JobDefinition } from '../job.js';
import { followSteps } from '../queue/follow.js';
import type { JobEnd } from '../queue/job-end.js';
import { formatResult, readResult } from './certificate-format.js';
import { CommandFailure } from './command-failure.js';
import { printTestResult, readTestResult } from './connection-test.js';
import { formatImportResult, readImportResult } from './import-format.js';
import { note, paint, print, printJson, type Terminal } from './terminal.js';

export interface WaitOptions {
  timeoutMs: number;
  isJson: boolean;
}

/** Jobs whose subject is a service. */
const ABOUT_SERVICES: readonly string[] = [
  ...['order', 'renew', 'reissue', 'resolve', 'dcv', 'sync', 'revoke', 'close'],
];

/** Adds a job and prints its result, its steps on stderr meanwhile. @returns the result. @throws CommandFailure when it failed or has not ended. */
export async function addAndWait(
  terminal: Terminal,
  app: App,
  definition: JobDefinition,
  payload: unknown,
  options: WaitOptions,
): Promise<unknown> {
  const { name } = definition;
  let id: string | null = null;
  const { redis, prefix } = app.environment;
  const stopFollowing = await followSteps(redis, prefix, name, (jobId, step) => {
    if (jobId === id) note(terminal, paint(terminal, 'stderr').dim(`  ${step}`));
  });
  try {
    await app.queues.listen(name);
    id = await app.enqueue(name, payload);
    // With --json the result is the only document on stdout.
    if (options.isJson) note(terminal, id);
    else print(terminal, id);
    const end = await app.queues.waitFor(name, id, options.timeoutMs, terminal.stop);
    return reportEnd(terminal, { name, subject: describeSubject(definition, payload), ...options }, end);
  } finally {
    await stopFollowing();
  }
}

function describeSubject(definition: JobDefinition, payload: unknown): string {
  return definition.subject(definition.schema.parse(payload));
}

function reportEnd(
  terminal: Terminal,
  job: WaitOptions & { name: string; subject: string },
  end: JobEnd,
): unknown {
  if (end.kind === 'completed') {
    if (job.isJson) printJson(terminal, end.result);
    else printResult(terminal, end.result);
    return end.result;
  }
  const { red, yellow } = paint(terminal, 'stderr');
  if (end.kind === 'failed') note(terminal, red(`The job failed: ${end.reason}`));
  else {
    const why = terminal.stop.aborted
      ? 'Stopped waiting'
      : `The job has not ended within ${job.timeoutMs / 1000} s (${end.reason})`;
    const look = ABOUT_SERVICES.includes(job.name)
      ? `pmnamecheap certificate show ${job.subject}`
      : 'pmnamecheap status';
    note(terminal, yellow(`${why}. It goes on by itself; look with: ${look}`));
  }
  throw new CommandFailure();
}

function printResult(terminal: Terminal, result: unknown): void {
  const certificate = readResult(result);
  const test = readTestResult(result);
  const imported = readImportResult(result);
  if (certificate !== null) print(terminal, formatResult(certificate));
  else if (test !== null) printTestResult(terminal, test);
  else if (imported !== null) print(terminal, formatImportResult(imported));
  else printJson(terminal, result);
}

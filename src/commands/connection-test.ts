import type { App } from '../app.js';
import { inspectQueues } from '../queue/inspect.js';
import { withdrawJob } from '../queue/follow.js';
import { testResultSchema, type TestResult } from '../modules/test-result.js';
import { note, print, type Terminal } from './terminal.js';
import { untilStopped } from './worker.js';

/** How long a worker is waited for, ms. */
export const TEST_TIMEOUT_MS = 30_000;

/** `reason`: why there is no result, and what to do. */
export type TestOutcome = { kind: 'tested'; result: TestResult } | { kind: 'not-tested'; reason: string };

/** The result of a `test` job, or null when it is something else. */
export function readTestResult(result: unknown): TestResult | null {
  return testResultSchema.safeParse(result).data ?? null;
}

/** Runs the connection test in a worker: Namecheap allow-lists the workers' address, not that of this command. */
export async function runConnectionTest(
  app: App,
  payload: unknown,
  stop: AbortSignal,
  timeoutMs = TEST_TIMEOUT_MS,
): Promise<TestOutcome> {
  await app.queues.listen('test');
  const id = await app.enqueue('test', payload);
  const end = await Promise.race([
    app.queues.waitFor('test', id, timeoutMs),
    untilStopped(stop).then(() => null),
  ]);
  if (end?.kind === 'completed') {
    return { kind: 'tested', result: testResultSchema.parse(end.result) };
  }
  if (end?.kind === 'failed')
    return { kind: 'not-tested', reason: `The connection test failed: ${end.reason}` };
  // Nobody waits for it any more, and it may carry a sealed key.
  await withdrawJob(app.queues, 'test', id);
  if (end === null) return { kind: 'not-tested', reason: 'The connection test was interrupted.' };
  return { kind: 'not-tested', reason: await explainWait(app, end.reason, timeoutMs) };
}

async function explainWait(app: App, reason: string, timeoutMs: number): Promise<string> {
  const [queue] = await inspectQueues(app.queues, ['test']);
  const seconds = timeoutMs / 1000;
  if (queue === undefined || queue.workers.length === 0) {
    return `No worker took the connection test within ${seconds} s: start one with pmnamecheap worker, where PMNAMECHEAP_SECRET_KEY and the database are the same.`;
  }
  return `The connection test did not end within ${seconds} s: ${reason}. Try again later; pmnamecheap status shows the queues.`;
}

/** The result for people: success to stdout, a failed test's checks to stderr. */
export function printTestResult(terminal: Terminal, result: TestResult): void {
  if (result.ok) {
    const { amount, currency } = result.balance;
    const where = result.sandbox ? ', sandbox' : '';
    print(terminal, `Connection test: ok in ${result.latencyMs} ms, balance ${amount} ${currency}${where}`);
    return;
  }
  note(terminal, result.message);
  for (const { check, ok, detail } of result.checks)
    note(terminal, `  ${ok ? 'ok' : detail.startsWith('Not checked') ? '? ' : '->'} ${check}: ${detail}`);
}

import type { App } from '../app.js';
import { testResultSchema, type TestResult } from '../modules/test-result.js';
import { askWorker } from './ask-worker.js';
import { note, print, type Terminal } from './terminal.js';

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
  const question = { job: 'test', payload, what: 'The connection test', timeoutMs };
  const answer = await askWorker(app, question, stop);
  if (answer.kind === 'unanswered') return { kind: 'not-tested', reason: answer.reason };
  return { kind: 'tested', result: testResultSchema.parse(answer.result) };
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

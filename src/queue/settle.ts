import { describeError, PmnamecheapError } from '../errors.js';
import type { RunEnd } from '../job.js';

/** What the queue is told about a run. */
export type Settlement<Result> =
  | { kind: 'complete'; result: Result }
  /** Back into the queue after a delay; costs no attempt. */
  | { kind: 'delay'; delayMs: number; reason: string }
  /** One attempt less, with the queue's own backoff. */
  | { kind: 'retry'; reason: string }
  | { kind: 'fail'; reason: string };

const DEFAULT_WAIT_MS = 30_000;

/** The closed vocabulary of a handler's return value, in the queue's words. */
export function settleEnd<Result>(end: RunEnd<Result>): Settlement<Result> {
  if (end.kind === 'done') return { kind: 'complete', result: end.result };
  return { kind: 'delay', delayMs: end.delayMs, reason: end.reason };
}

/** An error's verdict in the queue's words. What nobody foresaw (a bug, Redis away) is retried: the record decides what that does. */
export function settleError(error: unknown): Settlement<never> {
  if (!(error instanceof PmnamecheapError)) {
    return { kind: 'retry', reason: describeError(error) };
  }
  const reason = `${error.code}: ${error.message}`;
  switch (error.verdict) {
    case 'wait':
    case 'pause':
      return { kind: 'delay', delayMs: error.delayMs ?? DEFAULT_WAIT_MS, reason };
    case 'retry':
      return { kind: 'retry', reason };
    case 'fail':
      return { kind: 'fail', reason };
  }
}

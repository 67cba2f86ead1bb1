import { redact } from './redact.js';

/**
 * What the queue does with an error: `retry` (with backoff), `wait` (the moment has not come; costs no
 * attempt), `pause` (the account cannot work until somebody acts; the job waits), `fail` (final).
 */
export type Verdict = 'retry' | 'wait' | 'pause' | 'fail';

export interface ErrorDetails {
  /** `ERR_…`, stable: callers may switch on it. */
  code: string;
  verdict: Verdict;
  /** How long to wait before the next look, ms. Only for `retry`, `wait` and `pause`. */
  delayMs?: number;
  cause?: unknown;
}

/** The message of anything thrown, redacted. */
export function describeError(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}

/** A code such as ECONNRESET out of anything thrown; any other text could hold what must not be told. */
export function readErrorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,60}$/.test(code) ? code : 'ERR_EXCHANGE';
}

/** The root of every error this project throws on purpose. Messages are redacted and say what to do next. */
export class PmnamecheapError extends Error {
  readonly code: string;
  readonly verdict: Verdict;
  readonly delayMs: number | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.verdict = details.verdict;
    this.delayMs = details.delayMs;
  }
}

/** Bad input: every fault is listed; nothing was changed. Exit code 2 on the command line. */
export class InputError extends PmnamecheapError {
  readonly faults: readonly string[];

  constructor(faults: readonly string[], subject = 'The input', code = 'ERR_INPUT') {
    super(`${subject} is not valid: ${faults.join('; ')}`, { code, verdict: 'fail' });
    this.faults = faults;
  }
}

/** The moment has not come (quota, another worker's lease, a pause): look again after `delayMs`. */
export class WaitError extends PmnamecheapError {
  constructor(message: string, delayMs: number, code = 'ERR_WAIT') {
    super(message, { code, verdict: 'wait', delayMs });
  }
}

/** Final: repeating the same job cannot help; the message says what can. */
export class FailError extends PmnamecheapError {
  constructor(message: string, code: string, cause?: unknown) {
    super(message, { code, verdict: 'fail', cause });
  }
}

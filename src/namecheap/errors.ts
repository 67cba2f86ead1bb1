import { PmnamecheapError, type Verdict } from '../errors.js';
import type { CommandKind } from './exchange.js';

/**
 * What an error means for us, once and at the edge.
 * `config`: credentials or account; `address`: this worker's IP is not allow-listed; `input`: this request, for good;
 * `state`: not in this state, look again (may mean "already done"); `funds`; `throttle`: HTTP 405 or 500000;
 * `transient`: safe to repeat a read; `unclear`: it may have happened, look before anything else; `manual`: Namecheap's support.
 */
export type ErrorClass =
  'config' | 'address' | 'input' | 'state' | 'funds' | 'throttle' | 'transient' | 'unclear' | 'manual';

/** Whether the command may have been executed. Only an allow-list is `not-made`. */
export type Outcome = 'not-made' | 'unclear';

export interface ApiFault {
  number: number;
  text: string;
}

export interface NamecheapErrorDetails {
  command: string;
  kind: CommandKind;
  errorClass: ErrorClass;
  outcome: Outcome;
  /** All `<Error>` elements, in order; empty when the failure is below the API (timeout, HTML…). */
  faults: readonly ApiFault[];
  /** False unless told. */
  hasSucceededBefore?: boolean;
  httpStatus: number | null;
  verdict: Verdict;
  delayMs?: number;
  cause?: unknown;
}

/** Namecheap refused, or did not answer as it should. `outcome` says whether the command may have been executed. */
export class NamecheapError extends PmnamecheapError {
  readonly command: string;
  readonly kind: CommandKind;
  readonly errorClass: ErrorClass;
  readonly outcome: Outcome;
  readonly faults: readonly ApiFault[];
  /**
   * Namecheap refuses because the same was done before, by us or by hand: 4028294 on ssl.renew (a renewal waits in the
   * list NewRenewal), 4011331 "in progress" on ssl.reissue (follow ReplacedBy). The outcome is `unclear`, never
   * `not-made`: what refuses this call is the success that it must not repeat.
   */
  readonly hasSucceededBefore: boolean;
  readonly httpStatus: number | null;

  constructor(message: string, details: NamecheapErrorDetails) {
    super(message, {
      code: `ERR_NAMECHEAP_${details.errorClass.toUpperCase()}`,
      verdict: details.verdict,
      cause: details.cause,
      ...(details.delayMs === undefined ? {} : { delayMs: details.delayMs }),
    });
    this.command = details.command;
    this.kind = details.kind;
    this.errorClass = details.errorClass;
    this.outcome = details.outcome;
    this.faults = details.faults;
    this.hasSucceededBefore = details.hasSucceededBefore ?? false;
    this.httpStatus = details.httpStatus;
  }

  /** True when Namecheap gave this error number. */
  hasNumber(number: number): boolean {
    return this.faults.some((fault) => fault.number === number);
  }
}

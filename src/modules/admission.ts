import { WaitError } from '../errors.js';
import type { Exchange } from '../namecheap/exchange.js';
import type { NamecheapError } from '../namecheap/errors.js';
import type { AccountLimiter } from '../quota/limiter.js';
import type { Store } from '../store/store.js';
import type { ModuleParameters } from './settings.js';

/** A denied call is asked for again after a little more than it takes: so many workers do not ask in the same instant. */
const SPREAD_MS = 500;

/** A paused account costs no call: its jobs look often, so that a resumed one goes on at once, ms. */
export const PAUSED_LOOK_MS = 15_000;

/** When this worker's address is refused, another worker may take the job this soon, ms. */
const OTHER_WORKER_MS = 15_000;

/** Accounts that this worker does not call for a while: its address is refused there. */
export type Refusals = Map<string, { until: number; reason: string }>;

export interface AccountDeps {
  store: Store;
  /** Secret keys that may have sealed the API key: the present one first. */
  secretKeys: readonly string[];
  httpTimeoutMs: number;
  throttlePauseMs: number;
  /** Null, or why purchases at Namecheap's production must not be made through this Redis now. */
  readVolatility(): Promise<string | null>;
  /** A worker that was told to stop begins no purchase: it might not live to hear the answer. */
  isStopping(): boolean;
  createLimiter(account: string): AccountLimiter;
  /** `subject`: what the call was for, such as a service id. */
  onExchange(exchange: Exchange, subject: string | undefined): void;
  now(): number;
  random(): number;
}

/** Says whether a call of one account may be made now. */
export class Admission {
  readonly #deps: AccountDeps;
  readonly #account: string;
  readonly #limiter: AccountLimiter;
  readonly #parameters: ModuleParameters;
  readonly #refused: Refusals | null;
  #hasRested = false;

  constructor(deps: AccountDeps, account: string, parameters: ModuleParameters, refused: Refusals | null) {
    this.#deps = deps;
    this.#account = account;
    this.#limiter = deps.createLimiter(account);
    this.#parameters = parameters;
    this.#refused = refused;
  }

  /** @throws WaitError when this worker's address is refused, the account is paused, or its quota is used up. */
  async admit(): Promise<void> {
    await this.#checkBrakes();
    const { waitMs, hasRested } = await this.#limiter.take(this.#parameters.limits);
    this.#hasRested = hasRested;
    if (waitMs > 0) throw this.#denyQuota(waitMs);
  }

  /** As {@link admit} for a purchase, but takes nothing from the quota. @throws WaitError also while this worker is stopping. */
  async look(): Promise<void> {
    if (this.#deps.isStopping())
      throw new WaitError('The worker is stopping; the next one buys', 0, 'ERR_STOPPING');
    await this.#checkBrakes();
    const waitMs = await this.#limiter.look(this.#parameters.limits);
    if (waitMs > 0) throw this.#denyQuota(waitMs);
  }

  /** What is left of the hour and the day: the minute's window passes by itself. */
  async readCallsLeft(): Promise<number> {
    const [, hour, day] = await this.#limiter.count(this.#deps.now());
    const [, perHour, perDay] = this.#parameters.limits;
    const left = (limit: number, used: number) => (limit === 0 ? Infinity : Math.max(0, limit - used));
    return Math.min(left(perHour, hour), left(perDay, day));
  }

  async #checkBrakes(): Promise<void> {
    if (this.#refused === null) return;
    const now = this.#deps.now();
    const refusal = this.#refused.get(this.#account);
    if (refusal !== undefined && refusal.until > now)
      throw new WaitError(refusal.reason, OTHER_WORKER_MS, 'ERR_ADDRESS_REFUSED');
    const pauses = await this.#deps.store.accounts.listPauses(this.#account, now);
    const pause = pauses.find(({ scope }) => scope === 'all');
    if (pause === undefined) return;
    throw new WaitError(
      `The account is paused: ${pause.reason}`,
      computePauseLeft(pause.until, now),
      'ERR_PAUSED',
    );
  }

  #denyQuota(waitMs: number): WaitError {
    const text =
      'The quota of this Namecheap account is used up or the account rests; the job goes on by itself';
    return new WaitError(text, waitMs + Math.round(this.#deps.random() * SPREAD_MS), 'ERR_QUOTA');
  }

  /** Namecheap's "too many requests" lets the account rest, longer each time in a row. */
  async noteFailure(error: NamecheapError): Promise<void> {
    if (error.errorClass === 'throttle') await this.#limiter.rest(this.#deps.throttlePauseMs);
  }

  /** The first call that goes through after a rest ends the series. */
  async noteSuccess(): Promise<void> {
    if (!this.#hasRested) return;
    this.#hasRested = false;
    await this.#limiter.wake();
  }
}

function computePauseLeft(until: number | null, now: number): number {
  return until === null ? PAUSED_LOOK_MS : Math.max(1000, Math.min(until - now, PAUSED_LOOK_MS));
}

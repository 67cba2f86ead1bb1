import { DAY } from './clock.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** The account's rolling windows: calls per minute, hour and day. Zero switches a window off. */
export class RateLimits {
  readonly #windows: readonly { length: number; limit: number }[];
  readonly #kept: number;
  /** Times of the admitted calls, the oldest first; the clock never goes back. */
  #admitted: number[] = [];

  constructor([perMinute, perHour, perDay]: readonly [number, number, number]) {
    const windows = [
      { length: MINUTE, limit: perMinute },
      { length: HOUR, limit: perHour },
      { length: DAY, limit: perDay },
    ];
    this.#windows = windows.filter((window) => window.limit > 0);
    this.#kept = Math.max(0, ...this.#windows.map((window) => window.limit));
  }

  /** Admits and counts a call at `now` (ms), or refuses it; refused calls are not counted. */
  admit(now: number): boolean {
    const isFree = this.#windows.every(
      ({ length, limit }) => (this.#admitted.at(-limit) ?? -Infinity) <= now - length,
    );
    if (isFree && this.#kept > 0) this.#admitted.push(now);
    // Cut seldom, not at every call: copying is what costs.
    if (this.#admitted.length > 2 * this.#kept) this.#admitted = this.#admitted.slice(-this.#kept);
    return isFree;
  }
}

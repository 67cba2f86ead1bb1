import { DAY } from './clock.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;

/** The account's rolling windows: calls per minute, hour and day. Zero switches a window off. */
export class RateLimits {
  readonly #windows: readonly { length: number; limit: number }[];
  #admitted: number[] = [];

  constructor([perMinute, perHour, perDay]: readonly [number, number, number]) {
    const windows = [
      { length: MINUTE, limit: perMinute },
      { length: HOUR, limit: perHour },
      { length: DAY, limit: perDay },
    ];
    this.#windows = windows.filter((window) => window.limit > 0);
  }

  /** Admits and counts a call at `now` (ms), or refuses it; refused calls are not counted. */
  admit(now: number): boolean {
    if (this.#windows.length === 0) return true;
    this.#admitted = this.#admitted.filter((time) => time > now - DAY);
    const isFree = this.#windows.every(
      ({ length, limit }) => this.#admitted.filter((time) => time > now - length).length < limit,
    );
    if (isFree) this.#admitted.push(now);
    return isFree;
  }
}

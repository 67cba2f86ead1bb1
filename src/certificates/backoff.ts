import { NamecheapError } from '../namecheap/errors.js';

const FIRST_MS = 5000;
const LONGEST_MS = 900_000;

/**
 * How long to wait after so many failures in a row, ms: doubling from 5 s to 15 min, less up to a quarter of jitter
 * so that many orders of one outage do not come back together. `random` from 0 to 1.
 */
export function retryDelay(failures: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 20));
  return Math.round(full * (1 - random / 4));
}

/** When an account rests, its limiter tells the exact time at the next try: it is asked soon. */
const ASK_LIMITER_MS = 1000;

/** How long to wait after Namecheap refused or did not answer, ms. */
export function delayAfter(error: unknown, failures: number, random: number): number {
  const isThrottled = error instanceof NamecheapError && error.errorClass === 'throttle';
  return isThrottled ? ASK_LIMITER_MS : retryDelay(failures, random);
}

import { EXPIRING_BEFORE_MS } from './agenda.js';
import type { PriceLookup } from './rehearsal-tally.js';

const DAY_MS = 86_400_000;

/** Calls of one piece of work, besides the list pages: the request itself (renewal: and the activation), and the certificate. */
export const CALLS = { reissue: 2, renewal: 3 } as const;

/** Assumed: pending certificates are looked for hourly, all that were asked for on the day, 100 to a page. */
export const LIST = { timesADay: 24, pageSize: 100 } as const;

/** A renewal is bought when billing is told that the term ends (`certificate.expiring`). */
export const RENEW_BEFORE_DAYS = EXPIRING_BEFORE_MS / DAY_MS;

export interface RehearsalRules {
  /** ms. The first day of the play is its UTC day, the whole of it. */
  now: number;
  days: number;
  /** As in the environment, ms. */
  reissueBeforeMs: number | null;
  reissueSpreadMs: number | null;
  renew: 'none' | 'all';
  /** The life of every new certificate in days; null: the longest allowed at its issue. */
  leafDays: number | null;
  prices?: PriceLookup;
}

/** A Namecheap account under the name that people know; null: no daily limit. */
export interface RehearsedAccount {
  name: string;
  callsPerDay: number | null;
}

/** Calls that fit in a day under limits per minute, hour and day, 0 for none; null when none binds. */
export function computeCallsPerDay([minute, hour, day]: readonly [number, number, number]): number | null {
  const most = [minute * 1440, hour * 24, day].filter((calls) => calls > 0);
  return most.length === 0 ? null : Math.min(...most);
}

/** When a renewal is bought, ms. */
export function computeRenewalDue(termEnd: number): number {
  return termEnd - RENEW_BEFORE_DAYS * DAY_MS;
}

/** List pages that a day costs on which so many certificates were asked for. */
export function countListCalls(pending: number): number {
  return LIST.timesADay * Math.ceil(pending / LIST.pageSize);
}

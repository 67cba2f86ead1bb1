/** A certificate's life in days, or `auto`: what the CA issues on the day. */
export type LeafDays = number | 'auto';

/**
 * What SSL.com issues, from the day on: a margin below the CA/Browser Forum's limits of 398, 200, 100 and 47 days
 * (ballot SC-081v3). Its 198 days are known; the later margins are assumed. Namecheap went to 200 days three days early.
 */
const SCHEDULE: readonly (readonly [from: number, days: number])[] = [
  [Date.UTC(2029, 2, 15), 46],
  [Date.UTC(2027, 2, 15), 99],
  [Date.UTC(2026, 2, 12), 198],
  [-Infinity, 396],
];

/** Days that a certificate issued at that time (ms) lasts, before it is cut to the rest of the paid term. */
export function computeLeafDays(leafDays: LeafDays, issuedAt: number): number {
  if (leafDays !== 'auto') return leafDays;
  return SCHEDULE.find(([from]) => issuedAt >= from)?.[1] ?? 0;
}

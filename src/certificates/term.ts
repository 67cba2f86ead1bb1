const DAY_MS = 86_400_000;

/** A certificate that ends this close to the paid term covers it: CAs cut hours and a day off. */
export const COVERED_WITHIN_MS = 2 * DAY_MS;

/**
 * The end of a paid term, ms: the same day and time of the year `years` later, in UTC; 29 February becomes the 28th.
 * A renewal that continues a term starts at that term's end instead of its own first issue.
 * @param firstIssuedAt when the term's first certificate was issued, ms
 */
export function computeTermEnd(firstIssuedAt: number, years: number): number {
  const end = new Date(firstIssuedAt);
  const month = end.getUTCMonth();
  end.setUTCFullYear(end.getUTCFullYear() + years);
  // Only 29 February overflows into the next month; day 0 of that month is the 28th.
  if (end.getUTCMonth() !== month) end.setUTCDate(0);
  return end.getTime();
}

/**
 * "Paid till", ms: the end of the paid term, or null when the present certificate covers the term within two days,
 * so that nothing is left to reissue.
 * @param endDate the certificate's notAfter, ms
 */
export function computePaidTill({ termEnd, endDate }: { termEnd: number; endDate: number }): number | null {
  return termEnd - endDate <= COVERED_WITHIN_MS ? null : termEnd;
}

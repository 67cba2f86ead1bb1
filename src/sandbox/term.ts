import type { Certificate } from './certificate.js';
import { addYears, DAY } from './clock.js';

const RENEWABLE_BEFORE_DAYS = 90;
const RENEWABLE_AFTER_DAYS = 180;

/** End of the paid term, ms: the first issuance plus the years plus what a renewal carried over. */
export function computeTermEnd({ years, carriedOverDays }: Certificate, issuedAt: number): number {
  return addYears(issuedAt, years) + carriedOverDays * DAY;
}

/**
 * Days of the renewed certificate's paid term that are left at the renewal's activation: whole days, rounded down
 * (Namecheap speaks of "remaining days"; of all readings the one that gives least). Zero once that term has ended.
 */
export function computeCarryOver({ termEnd }: Certificate, activatedAt: number): number {
  return Math.max(0, Math.floor(((termEnd ?? 0) - activatedAt) / DAY));
}

/** Whether nothing can be issued for it any more. False before the first issuance, when the term has not begun. */
export function isTermOver({ termEnd }: Certificate, now: number): boolean {
  return termEnd !== null && termEnd <= now;
}

/** Which end ssl.getInfo and ssl.getList call Expires, and ssl.renew measures from: the leaf's or the paid term's. */
export const EXPIRY_READINGS = ['leaf', 'term'] as const;
export type ExpiryReading = (typeof EXPIRY_READINGS)[number];

/** What the certificate's expiry is, ms; null before issuance. */
export function readExpiry({ issuance, termEnd }: Certificate, reading: ExpiryReading): number | null {
  return reading === 'term' && issuance !== null ? termEnd : (issuance?.notAfter ?? null);
}

/**
 * Where `now` is with regard to ssl.renew's window, 90 days before to 180 days after the certificate's expiry.
 *
 * Nobody knows whether Namecheap measures from the end of the leaf or of the paid term. Unless told otherwise the
 * sandbox takes the leaf's, the reading that is dangerous for clients: in every last 90 days of a leaf, years before
 * the paid term ends, a renewal is sold and charged. A client has to know the paid term's end by itself; a refusal will
 * not protect it. A term that is over counts from its own end: its last leaf may have ended long before.
 */
export function placeInRenewalWindow(
  certificate: Certificate,
  reading: ExpiryReading,
  now: number,
): 'too early' | 'open' | 'too late' {
  const expiry = readExpiry(certificate, reading) ?? Infinity;
  if (expiry - now > RENEWABLE_BEFORE_DAYS * DAY) return 'too early';
  const end = isTermOver(certificate, now) ? (certificate.termEnd ?? expiry) : expiry;
  return now - end > RENEWABLE_AFTER_DAYS * DAY ? 'too late' : 'open';
}

import { createHash } from 'node:crypto';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const MAX_SPREAD_MS = 14 * DAY_MS;
const MIN_EMERGENCY_MS = 72 * HOUR_MS;

/** One certificate and what is paid. Times in ms. */
export interface Coverage {
  /** notBefore. */
  issuedAt: number;
  /** notAfter. */
  endDate: number;
  /** End of the paid term, null when this certificate covers it. */
  paidTill: number | null;
}

export interface ReissueTiming extends Coverage {
  /** Identifies the certificate: the same certificate always gets the same jitter. */
  serial: string;
  /** A fixed lead before the end; null for a third of the certificate's life. */
  reissueBeforeMs: number | null;
  /** Due times are spread over this long; null for a twelfth of the life, at most 14 days. */
  reissueSpreadMs: number | null;
}

/**
 * When the next certificate of the paid term should be asked for, ms; null when nothing is left to reissue.
 *
 * It is the lead before the end, and up to the spread earlier: never later, so that the jitter only adds to the time
 * that is left for validation, whatever lead is set. Never before the issue: with a lead longer than the life the
 * certificate is due at once, and whoever reissues must stop when the end no longer moves.
 */
export function computeReissueDue(timing: ReissueTiming): number | null {
  if (!hasTermLeft(timing)) return null;
  const life = timing.endDate - timing.issuedAt;
  const lead = timing.reissueBeforeMs ?? life / 3;
  const spread = timing.reissueSpreadMs ?? Math.min(life / 12, MAX_SPREAD_MS);
  const due = timing.endDate - lead - spread * computeFraction(timing.serial);
  return Math.max(timing.issuedAt, Math.round(due));
}

/**
 * Whether a reissue led nowhere, so that the next one would follow for ever: the End date stands still (give or take a day),
 * or the new certificate is due within a day of its issue, as with a lead longer than its life. One that merely ends earlier
 * than the old one is no standstill: a CA that shortens its certificates must not stop a whole fleet. Times in ms.
 */
export function isStandstill(
  oldEnd: number,
  leaf: { issuedAt: number; endDate: number; due: number },
): boolean {
  return Math.abs(leaf.endDate - oldEnd) < DAY_MS || leaf.due - leaf.issuedAt < DAY_MS;
}

/**
 * From when on a missing reissue is an emergency, ms: the last twentieth of the life or the last 72 hours, whichever is
 * longer, but never before the issue; null when nothing is left to reissue. With a short lead it is later: before half of
 * the time from the due reissue to the end has passed, nothing is late.
 * @param dueAt when the reissue is due, ms; null where none is planned
 */
export function computeEmergencyAt(coverage: Coverage, dueAt: number | null = null): number | null {
  if (!hasTermLeft(coverage)) return null;
  const { issuedAt, endDate } = coverage;
  const lead = Math.max((endDate - issuedAt) / 20, MIN_EMERGENCY_MS);
  const earliest = dueAt === null ? issuedAt : (dueAt + endDate) / 2;
  return Math.max(issuedAt, Math.round(Math.max(earliest, endDate - lead)));
}

function hasTermLeft({ endDate, paidTill }: Coverage): boolean {
  return paidTill !== null && endDate < paidTill;
}

/** A number from 0 to below 1 that depends on the text alone, evenly spread. */
function computeFraction(text: string): number {
  return createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;
}

/**
 * How long until a pending certificate is looked at again, ms: soon after the activation, later with age (a quarter of
 * it), at most hourly and at least `collectEveryMs`.
 */
export function collectDelay(ageMs: number, collectEveryMs: number): number {
  return Math.max(collectEveryMs, Math.min(ageMs / 4, HOUR_MS));
}

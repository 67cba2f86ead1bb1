import type { CertificateRecord, Span } from './record.js';
import { isBusy } from './shelf.js';
import { COVERED_WITHIN_MS } from './term.js';

/** Two certificates that follow each other this closely leave no gap, ms: CAs date to whole seconds. */
const SEAM_MS = 1000;

/** How much of what is past is kept, ms: the alarm looks ahead, people look back a little. */
const KEPT_MS = 400 * 86_400_000;

/**
 * Adds the life of an issued certificate to what a service's certificates cover. Overlapping and adjacent stretches
 * become one; what ended long ago is dropped.
 * @param from notBefore, ms @param till notAfter, ms
 */
export function addSpan(covered: readonly Span[], from: number, till: number): Span[] {
  const stretches = [
    ...covered.map(({ from: a, till: b }) => [Date.parse(a), Date.parse(b)] as const),
    [from, till] as const,
  ]
    .filter(([, end]) => end > till - KEPT_MS)
    .sort(([a], [b]) => a - b);
  const merged: [number, number][] = [];
  for (const [start, end] of stretches) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last[1] + SEAM_MS) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  return merged.map(([start, end]) => ({
    from: new Date(start).toISOString(),
    till: new Date(end).toISOString(),
  }));
}

/** What is paid and not covered, and why nobody closes it. Times ISO. */
export interface Gap {
  from: string;
  till: string;
  reason: string;
}

/** Coverage as people and events see it. */
export interface CoverageView {
  paidTill: string | null;
  coveredTill: string | null;
  nextReissueAt: string | null;
  gap: Gap | null;
  /** Says all of it in one sentence. */
  sentence: string;
}

/** Whether something is paid for beyond the End date. */
function hasTermLeft({ endDate, paidTill }: CertificateRecord): boolean {
  return endDate !== null && paidTill !== null && Date.parse(endDate) < Date.parse(paidTill);
}

/**
 * The stretch between End date and Paid till that no planned or running reissue closes; null when all is well. The
 * two clocks never mix: what is paid comes from the term, what is covered from the certificates.
 */
export function findGap(record: CertificateRecord): Gap | null {
  const { endDate, paidTill, operation, announced } = record;
  if (
    !['issued', 'expired'].includes(record.status) ||
    endDate === null ||
    paidTill === null ||
    !hasTermLeft(record)
  )
    return null;
  if (isBusy(record)) return null;
  const gap = (reason: string): Gap => ({ from: endDate, till: paidTill, reason });
  if (record.automationStopped !== null) return gap(record.automationStopped);
  // Another reissue that failed, a re-key say, does not take the place of the planned one.
  const isPlanned = record.nextReissueAt !== null && announced.reissue !== endDate;
  if (isPlanned) return null;
  if (operation?.job === 'reissue')
    return gap(`the reissue is ${operation.state}: ${record.problem ?? 'see its history'}`);
  if (announced.reissue === endDate) return gap('the reissue for this End date came to nothing');
  return gap('no reissue is planned');
}

const day = (iso: string): string => iso.slice(0, 10);

/** What is paid, what is covered, and what happens next. */
export function describeCoverage(record: CertificateRecord): CoverageView {
  const { endDate, paidTill, termEnd, operation, nextReissueAt } = record;
  const gap = findGap(record);
  const base = { paidTill, coveredTill: endDate, nextReissueAt, gap };
  if (endDate === null || termEnd === null) return { ...base, sentence: 'Nothing is issued yet.' };
  const facts = `Paid till ${day(termEnd)}, covered till ${day(endDate)}`;
  if (record.status === 'closed')
    return { ...base, sentence: `${facts}; the service is closed: nothing is reissued or renewed.` };
  if (gap !== null)
    return {
      ...base,
      sentence: `${facts}: a gap from ${day(gap.from)} to ${day(gap.till)}, because ${gap.reason}`,
    };
  if (!hasTermLeft(record)) return { ...base, sentence: `${facts}: this certificate covers the paid term.` };
  if (operation !== null)
    return {
      ...base,
      sentence: `${facts}; the ${operation.job} in flight is ${operation.state}, no gap so far.`,
    };
  return { ...base, sentence: `${facts}, next reissue ${day(nextReissueAt ?? endDate)}, no gap.` };
}

/** Whether the certificate reaches the end of the paid term, give or take what CAs cut off. */
export function isTermCovered({ endDate, termEnd }: CertificateRecord): boolean {
  return (
    endDate !== null && termEnd !== null && Date.parse(termEnd) - Date.parse(endDate) <= COVERED_WITHIN_MS
  );
}

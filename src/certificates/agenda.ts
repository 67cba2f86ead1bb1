import { findGap, isTermCovered } from './coverage.js';
import { computeEmergencyAt } from './due.js';
import { isUnfinished, type Announcement, type CertificateRecord } from './record.js';
import { isBusy } from './shelf.js';

const DAY_MS = 86_400_000;

/** The end of a paid term is announced this long before, ms, so that a renewal can be sold. */
export const EXPIRING_BEFORE_MS = 30 * DAY_MS;

/** What the scan has to do with a certificate. */
export type Task = Exclude<Announcement, 'pending-long' | 'twin'> | 'expired';

/** A task and when it is due, ms. */
export interface AgendaEntry {
  task: Task;
  at: number;
}

/** The same task is done once for this value: the End date, or the term's end. */
export function readOccasion(record: CertificateRecord, task: Task): string | null {
  return task === 'expiring' ? record.termEnd : record.endDate;
}

/**
 * Everything that time alone will demand of a certificate in force, each entry once per End date or term. The earliest
 * one is its place in the due index, so a scan reads only what is due.
 */
export function listAgenda(record: CertificateRecord): AgendaEntry[] {
  const { issuedAt, endDate, termEnd, nextReissueAt } = record;
  if (!['issued', 'expired'].includes(record.status) || issuedAt === null || endDate === null) return [];
  const entries: AgendaEntry[] = [];
  const add = (task: Task, at: number | null) => {
    const isDone = task !== 'expired' && record.announced[task] === readOccasion(record, task);
    if (at !== null && !isDone) entries.push({ task, at });
  };
  if (record.status === 'issued') add('expired', Date.parse(endDate));
  const isCovered = isTermCovered(record);
  // Sold already: only if it comes to nothing is there something to sell.
  if (termEnd !== null && !isRenewing(record)) {
    const end = isCovered ? Math.min(Date.parse(endDate), Date.parse(termEnd)) : Date.parse(termEnd);
    // Also while a reissue is late: the term ends all the same.
    add('expiring', end - EXPIRING_BEFORE_MS);
  }
  if (isCovered) return entries;
  const isReissuable = record.automationStopped === null && !isBusy(record);
  if (isReissuable && nextReissueAt !== null) add('reissue', Date.parse(nextReissueAt));
  add('emergency', findEmergency(record));
  // A gap that nobody closes is told at once, not when it opens.
  if (findGap(record) !== null) add('gap', 0);
  return entries;
}

function isRenewing({ operation }: CertificateRecord): boolean {
  return operation?.job === 'renew' && isUnfinished(operation.state);
}

/** When a missing reissue of the certificate in force becomes an emergency, ms; null when nothing is left to reissue. */
function findEmergency({ issuedAt, endDate, paidTill, nextReissueAt }: CertificateRecord): number | null {
  if (issuedAt === null || endDate === null || paidTill === null) return null;
  const times = {
    issuedAt: Date.parse(issuedAt),
    endDate: Date.parse(endDate),
    paidTill: Date.parse(paidTill),
  };
  return computeEmergencyAt(times, nextReissueAt === null ? null : Date.parse(nextReissueAt));
}

/** Whether the certificate is in its last stretch with something left to reissue: that goes before everything else. */
export function isEmergency(record: CertificateRecord, now: number): boolean {
  const at = findEmergency(record);
  return at !== null && at <= now;
}

/**
 * The version of the rule by which {@link computeNextScan} places a record. Raise it with every change of the rule that
 * moves records which are stored already: the scan then places those anew. 1 knew of reissues only.
 */
export const PLACING_RULE = 2;

/** When the scan is to look at the certificate, ms; null when time demands nothing of it. Its place in the due index. */
export function computeNextScan(record: CertificateRecord): number | null {
  const times = listAgenda(record).map(({ at }) => at);
  return times.length === 0 ? null : Math.min(...times);
}

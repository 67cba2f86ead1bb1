import type { CertificateEventType } from '../events.js';
import { listAgenda, readOccasion, type AgendaEntry, type Task } from './agenda.js';
import { describeCoverage } from './coverage.js';
import { StaleRecordError } from './errors.js';
import type { CertificateStore, Change, Stored } from './ports.js';
import type { CertificateRecord } from './record.js';
import { settleErrand } from './inbox.js';
import { composeReissueId } from './reissue-id.js';
import { beginOperation, findObstacle } from './shelf.js';
import { composeOperation, moveStatus } from './transitions.js';

const EVENTS = {
  reissue: 'certificate.reissue-due',
  emergency: 'certificate.emergency',
  expiring: 'certificate.expiring',
  expired: 'certificate.expired',
  gap: 'certificate.gap',
} as const satisfies Record<Task, CertificateEventType>;

/** What is due for the certificate now. */
export function listTasks(record: CertificateRecord, now: number): Task[] {
  return listAgenda(record)
    .filter(({ at }) => at <= now)
    .sort(byUrgency)
    .map(({ task }) => task);
}

function byUrgency(a: AgendaEntry, b: AgendaEntry): number {
  return a.at - b.at;
}

/**
 * Announces one task, or begins the reissue, and remembers for which End date or term: each is done once, for the loser of
 * a race finds the record changed.
 * @returns the record as it is stored now; null when somebody else was faster, and the next scan looks again.
 */
export async function carryOut(
  certificates: Pick<CertificateStore, 'save'>,
  stored: Stored,
  task: Task,
  now: number,
): Promise<CertificateRecord | null> {
  const { after, change } = task === 'reissue' ? beginScanned(stored, now) : announce(stored.record, task);
  try {
    return await certificates.save({ before: stored.record, after, change });
  } catch (error) {
    if (error instanceof StaleRecordError) return null;
    throw error;
  }
}

interface Decision {
  after: CertificateRecord;
  change: Change;
}

function announce(record: CertificateRecord, task: Exclude<Task, 'reissue'>): Decision {
  const { sentence } = describeCoverage(record);
  if (task === 'expired') {
    const cause = `the certificate ended ${record.endDate ?? ''}. ${sentence}`;
    return { after: moveStatus(record, 'expired'), change: { cause, event: EVENTS.expired } };
  }
  const announced = { ...record.announced, [task]: readOccasion(record, task) ?? '' };
  const after = { ...record, announced, problem: describeProblem(record, task, sentence) };
  return { after, change: { cause: `${task}: ${sentence}`, event: EVENTS[task] } };
}

/** A gap or an emergency needs a person; what the record says already about its cause is better than our general words. */
function describeProblem(record: CertificateRecord, task: Task, sentence: string): string | null {
  if (task === 'gap')
    return (
      record.problem ??
      `${sentence}. Once the cause is mended, reissue it with a reissue job, or let the scan do it with certificate resolve ${record.serviceId} --retry.`
    );
  if (task === 'emergency')
    return (
      record.problem ??
      `${sentence} The certificate ends ${record.endDate ?? ''}: see what is awaited with certificate show ${record.serviceId}.`
    );
  return record.problem;
}

/** The reissue that is due, in flight; where the paid term is over or two things wait for a person already, only the mark, which raises the alarm. */
function beginScanned(stored: Stored, now: number): Decision {
  const { record } = stored;
  const endDate = record.endDate ?? '';
  const announced = { ...record.announced, reissue: endDate };
  const event = EVENTS.reissue;
  // After a long time without a scan: Namecheap reissues nothing that is not paid for any more.
  if (record.termEnd !== null && Date.parse(record.termEnd) <= now)
    return {
      after: { ...record, announced },
      change: { cause: 'no reissue is begun: the paid term is over' },
    };
  if (findObstacle(record) !== null)
    return { after: { ...record, announced }, change: { cause: 'a reissue is due and cannot begin', event } };
  const requestId = composeReissueId(endDate);
  const operation = composeOperation('reissue', 'accepted', now, {
    reason: 'end-date',
    requestId,
  });
  // Its job may be delivered again long after it is done.
  const marked = { ...record, announced, ...settleErrand(record, 'reissue', requestId) };
  const after = beginOperation({ ...stored, record: marked }, operation, now);
  return { after, change: { cause: `reissue due: End date ${endDate}`, event, draft: null } };
}

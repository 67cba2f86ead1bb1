import { FailError, WaitError } from '../errors.js';
import { adviseRetry } from './advice.js';
import type { AccountWork } from './ports.js';
import { readStage, RING_GRACE_MS, type CertificateRecord } from './record.js';
import { moveRecord } from './transitions.js';

/** What gets no further ends after this long, ms: failed when nothing was bought, else parked. */
const PATIENCE_MS = 7 * 86_400_000;

/** A wait from this long on is explained in the record, ms; a shorter one is nobody's business. */
const TELL_FROM_MS = 5000;

type Waiting = Pick<AccountWork, 'certificates' | 'now' | 'lease'>;

/**
 * Saves why an order waits, so that `certificate show` tells it, and puts off the collector's ring.
 * @returns the error that makes the job wait, or ends it when patience has run out.
 */
export async function saveWait(
  work: Waiting,
  record: CertificateRecord,
  reason: string,
  delayMs: number,
  lease?: string,
): Promise<WaitError | FailError> {
  if (hasNoPatience(record, work.now())) return await giveUp(work, record, reason, lease);
  const nextActionAt = work.now() + delayMs + RING_GRACE_MS;
  if (delayMs < TELL_FROM_MS || record.problem === reason) {
    await work.certificates.postpone(record.serviceId, nextActionAt);
  } else {
    const change = { cause: reason, ...(lease === undefined ? {} : { lease }) };
    await work.certificates.save({
      before: record,
      after: { ...record, problem: reason, nextActionAt },
      change,
    });
  }
  return new WaitError(reason, delayMs);
}

/**
 * Counted from the last progress: an order bought after a week of waiting has its own week to be activated. A reissue
 * is never given up: it is paid for, and asked for once.
 */
function hasNoPatience(record: CertificateRecord, now: number): boolean {
  const { operation } = record;
  if (operation?.job === 'reissue') return false;
  const isOrder = operation === null || operation.job === 'order';
  const acceptedAt = isOrder ? record.acceptedAt : operation.acceptedAt;
  const since = readStage(record) === 'purchased' ? operation?.since : acceptedAt;
  return now - Date.parse(since ?? record.acceptedAt) > PATIENCE_MS;
}

/** The lane of an unclear purchase stays taken: nobody knows what became of it. */
async function giveUp(
  work: Waiting,
  record: CertificateRecord,
  reason: string,
  lease?: string,
): Promise<FailError> {
  const days = PATIENCE_MS / 86_400_000;
  const isUnbought = readStage(record) === 'accepted';
  const problem = isUnbought
    ? `Nothing was bought within ${days} days: ${reason} Order or renew again once this is mended.`
    : `No progress within ${days} days: ${reason} Look at the account at Namecheap. ${adviseRetry(record)}`;
  const after = moveRecord(record, isUnbought ? 'failed' : 'parked', work.now(), {
    problem,
    nextActionAt: null,
  });
  const event = isUnbought ? ('certificate.failed' as const) : ('certificate.parked' as const);
  const change = { cause: problem, event, ...(lease === undefined ? {} : { lease }) };
  await work.certificates.save({ before: record, after, change });
  return new FailError(problem, isUnbought ? 'ERR_ORDER_FAILED' : 'ERR_PARKED');
}

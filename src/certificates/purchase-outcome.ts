import { describeError, FailError, WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import { advisePurchase } from './advice.js';
import { delayAfter } from './backoff.js';
import { brake } from './brake.js';
import { StaleRecordError } from './errors.js';
import { noteEarlier, retryRenamed } from './renewal-outcome.js';
import type { Bought, Work } from './ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';
import { readStage } from './record.js';
import { moveRecord } from './transitions.js';

/** An outcome is written until Redis takes it: this often, this far apart. */
const SETTLE_TRIES = 60;
const SETTLE_EVERY_MS = 500;

/** ssl.renew: the SSLType is not that of the certificate. */
const TYPE_MISMATCH = 2012301;

/** What a purchase changes in the record, by what it buys. */
export function describeGain(
  record: CertificateRecord,
  purchase: Purchase,
  { certificateId, type, orderId, transactionId, charged }: Bought,
): Partial<CertificateRecord> {
  const paid = { orderId, transactionId, charged, problem: null };
  const { sansToAdd } = purchase;
  switch (purchase.kind) {
    case 'order':
      return { ...paid, certificateId, certificateIds: [certificateId], type, sansAdded: sansToAdd };
    case 'renew': {
      const operation = record.operation && { ...record.operation, certificateId, years: purchase.years };
      return { ...paid, operation, certificateIds: [...new Set([...record.certificateIds, certificateId])] };
    }
    case 'names':
      return { ...paid, sansAdded: record.sansAdded + sansToAdd, purchase: { ...purchase, isMade: true } };
  }
}

/** Whether the record shows this purchase as made: an answer of Redis may be lost although it wrote. */
function isSettled(record: CertificateRecord, purchase: Purchase, certificateId: number): boolean {
  if (purchase.kind !== 'names') return record.certificateIds.includes(certificateId);
  return record.purchase?.id === purchase.id && record.purchase.isMade === true;
}

function isBuying(record: CertificateRecord): boolean {
  return ['purchasing', 'purchase-unclear'].includes(readStage(record));
}

/**
 * Writes the outcome until Redis has it: the certificate is paid, and this worker is the only one that knows its id.
 * @returns the record, `purchased`.
 */
export async function settleBought(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  bought: Bought,
  cause: string,
): Promise<CertificateRecord> {
  const { certificateId } = bought;
  let before = record;
  for (let attempt = 1; ; attempt++) {
    const after = moveRecord(before, 'purchased', work.now(), {
      ...describeGain(before, purchase, bought),
      nextActionAt: work.now() + RING_GRACE_MS,
    });
    try {
      // No lease here: what was paid is written even if the lease ran out meanwhile.
      const step = { before, after, change: { cause, event: 'certificate.purchased' as const } };
      const answer = await work.purchases.settleMade(step, purchase, bought);
      if (answer.kind === 'made') return answer.record;
      if (answer.kind === 'moved-on') throw new StaleRecordError(record.serviceId, 'lease');
      throw await parkClaimed(work, before, purchase, certificateId, answer.owner);
    } catch (error) {
      if (error instanceof FailError || attempt >= SETTLE_TRIES) throw error;
      if (!(error instanceof StaleRecordError)) await work.sleep(SETTLE_EVERY_MS);
      const stored = await work.certificates.load(record.serviceId).catch(() => null);
      if (stored !== null && isSettled(stored.record, purchase, certificateId)) return stored.record;
      if (stored !== null && !isBuying(stored.record)) {
        // The record went another way, a person's perhaps: what was paid for is kept for the next order.
        if (purchase.kind === 'order') await work.purchases.addStock(record.account, bought, purchase);
        throw error;
      }
      before = stored?.record ?? before;
    }
  }
}

/** Turns a failed call into the record's next state; returns the error that tells the queue. Everything unknown is unclear. */
export async function settleFailure(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  error: unknown,
): Promise<Error> {
  const isNotMade = error instanceof NamecheapError && error.outcome === 'not-made';
  if (error instanceof NamecheapError && error.hasSucceededBefore && purchase.kind === 'renew')
    return await noteEarlier(work, record, purchase, error);
  if (!isNotMade) {
    const problem = `The purchase was not answered clearly (${describeError(error)}). It is being looked up at Namecheap; nothing is bought again before that.`;
    const after = moveRecord(record, 'purchase-unclear', work.now(), {
      problem,
      nextActionAt: work.now() + RING_GRACE_MS,
    });
    await work.certificates.save({ before: record, after, change: { cause: problem } });
    return new WaitError(problem, 500);
  }
  if (purchase.kind === 'renew' && error.hasNumber(TYPE_MISMATCH)) {
    const again = await retryRenamed(work, record, purchase);
    if (again !== null) return again;
  }
  if (error.verdict === 'fail') {
    // A refusal costs nothing: what is left of the purchase would only be taken for money.
    const changes = { purchase: null, problem: error.message, nextActionAt: null };
    const after = moveRecord(record, 'failed', work.now(), changes);
    const change = { cause: error.message, event: 'certificate.failed' as const };
    await work.purchases.settleNotMade({ before: record, after, change }, purchase, false);
    return error;
  }
  const delayMs = delayAfter(error, record.attempts, work.random());
  const after = moveRecord(record, 'accepted', work.now(), {
    purchase: null,
    problem: error.message,
    attempts: record.attempts + 1,
    nextActionAt: work.now() + delayMs + RING_GRACE_MS,
  });
  await work.purchases.settleNotMade(
    { before: record, after, change: { cause: error.message } },
    purchase,
    false,
  );
  return await brake(work, error, delayMs);
}

/** Namecheap said that it made this purchase, with an id that is taken: never "not made", and nothing to buy again by itself. */
async function parkClaimed(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  certificateId: number,
  owner: string,
): Promise<FailError> {
  const problem =
    `Namecheap charged for this order and named certificate ${certificateId}, which service ${owner} owns already. ` +
    advisePurchase(record);
  const after = moveRecord(record, 'parked', work.now(), { problem, nextActionAt: null });
  const change = { cause: problem, event: 'certificate.parked' as const };
  await work.purchases.settleNotMade({ before: record, after, change }, purchase, false);
  return new FailError(problem, 'ERR_PARKED');
}

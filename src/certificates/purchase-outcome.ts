import { spellType } from '../../config/products.js';
import { describeError, FailError, PmnamecheapError, WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import { advisePurchase } from './advice.js';
import { delayAfter } from './backoff.js';
import { brake } from './brake.js';
import { StaleRecordError } from './errors.js';
import type { Bought, Work } from './ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';
import { readStage } from './record.js';
import { moveRecord } from './transitions.js';

/** An outcome is written until Redis takes it: this often, this far apart. */
const SETTLE_TRIES = 60;
const SETTLE_EVERY_MS = 500;

/** Between two tries to read what a product is called now, ms: each costs two calls. */
const RENAMED_LOOK_MS = 300_000;

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
  const { certificateId, type } = bought;
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
        const { product, years } = purchase;
        const row = { certificateId, type, product, years, purchasedAt: null };
        if (purchase.kind === 'order') await work.purchases.addStock(record.account, row, purchase);
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

/** A renewal that was made before, by an earlier try or by hand: it has to be found, whenever it was bought. */
async function noteEarlier(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  error: NamecheapError,
): Promise<WaitError> {
  const problem = `${error.message} The earlier renewal is being looked up.`;
  const after = moveRecord(record, 'purchase-unclear', work.now(), {
    purchase: { ...purchase, isProvenEarlier: true },
    problem,
    nextActionAt: work.now() + RING_GRACE_MS,
  });
  await work.certificates.save({ before: record, after, change: { cause: problem } });
  return new WaitError(problem, 500);
}

/**
 * Namecheap renames its products between terms, and demands the name that the certificate has there now: it is tried again
 * under that name. A name that cannot be read now is no reason to give the renewal up.
 * @returns null when the name that was refused is the present one.
 */
async function retryRenamed(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<WaitError | null> {
  const { certificateId } = record;
  if (certificateId === null) return null;
  try {
    const { type } = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
    const present = spellType(type);
    return present === record.type ? null : await retryAs(work, record, purchase, present);
  } catch (error) {
    if (!(error instanceof PmnamecheapError)) throw error;
    const cause = `The product's present name could not be read (${error.message}); the renewal is tried again`;
    await abandon(work, record, purchase, cause);
    return new WaitError(cause, RENAMED_LOOK_MS);
  }
}

async function retryAs(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  type: string,
): Promise<WaitError> {
  const cause = `Namecheap calls this certificate "${type}" now; it is renewed under that name`;
  const changes = { purchase: null, type, nextActionAt: work.now() + RING_GRACE_MS };
  const after = moveRecord(record, 'accepted', work.now(), changes);
  await work.purchases.settleNotMade({ before: record, after, change: { cause } }, purchase, false);
  return new WaitError(cause, 500);
}

/** The call was never made: the lane is free again. */
export async function abandon(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  cause: string,
): Promise<void> {
  const after = moveRecord(record, 'accepted', work.now(), {
    purchase: null,
    nextActionAt: work.now() + RING_GRACE_MS,
  });
  await work.purchases.settleNotMade({ before: record, after, change: { cause } }, purchase, false);
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

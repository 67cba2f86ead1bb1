import { WaitError } from '../errors.js';
import { StaleRecordError } from './errors.js';
import { refreshListing } from './listing.js';
import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { BeginAnswer, Bought, Intent, Work } from './ports.js';
import { abandon, settleBought, settleFailure } from './purchase-outcome.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';

/** No call is made when more time than this has passed since the intent was recorded, ms: by then others may have judged it dead. */
const FENCE_MS = 5000;

/** A lane is held for one call as a rule: look again soon, ms. */
const LANE_BUSY_MS = 500;
/** Between two looks at something that a person must mend, ms. */
const REFUSED_MS = 600_000;

/**
 * Buys the certificate of an accepted order: stock first, else intent → fence → one call → outcome.
 * @returns the record, `purchased`.
 * @throws WaitError when the moment has not come or the outcome is unclear; FailError when Namecheap refuses the order for good.
 */
export async function buyCertificate(
  work: Work,
  record: CertificateRecord,
  order: CheckedOrder,
): Promise<CertificateRecord> {
  const product = order.product.canonical;
  const key = `order-${record.serviceId}`;
  const { years } = record;
  const intent: Intent = {
    id: work.createId(),
    key,
    lane: `order-${product}`,
    product,
    years,
    sansToAdd: order.sansToAdd,
  };
  const fromStock = await work.purchases.takeStock(record, intent, work.lease);
  if (fromStock !== null) return fromStock;
  if (work.account.refusal !== null) throw await saveWait(work, record, work.account.refusal, REFUSED_MS);
  await work.account.admitPurchase();

  const startedAt = work.monotonic();
  const begun = await beginPurchase(work, record, intent);
  const purchase = begun.purchase;
  if (purchase === null) throw new Error(`${record.serviceId} is purchasing without a purchase`);
  const fence = await work.purchases.check(work.account.id, purchase);
  if (!fence.isHeld) throw new StaleRecordError(record.serviceId, 'lease');
  if (fence.ageMs > FENCE_MS || work.monotonic() - startedAt > FENCE_MS) {
    await abandon(work, begun, purchase, 'the intent grew too old before the call');
    throw new WaitError('The purchase was not called in time; it begins again', LANE_BUSY_MS);
  }
  await work.report(`buying ${order.payload.type} for ${years} year(s)`);
  return await callAndSettle(work, begun, purchase, order);
}

/** @returns the record, `purchasing`. */
async function beginPurchase(
  work: Work,
  record: CertificateRecord,
  intent: Intent,
): Promise<CertificateRecord> {
  const begin = () => work.purchases.begin(record, intent, work.lease, work.account.guard);
  let answer = await begin();
  if (answer.kind === 'listing-old') {
    await refreshListing(work);
    answer = await begin();
  }
  if (answer.kind === 'begun') return answer.record;
  throw await explainRefusal(work, record, answer);
}

async function explainRefusal(work: Work, record: CertificateRecord, answer: BeginAnswer): Promise<Error> {
  switch (answer.kind) {
    case 'lane-busy':
      return new WaitError('Another purchase of the same product is being settled', LANE_BUSY_MS);
    case 'paused': {
      const delayMs = answer.untilMs === null ? REFUSED_MS : Math.max(1000, answer.untilMs - work.now());
      return await saveWait(work, record, `Purchases of this account are paused: ${answer.reason}`, delayMs);
    }
    case 'guarded': {
      const what = answer.limit === 'spend' ? 'maximum spend per day' : 'maximum purchases per hour';
      const problem = `The module's ${what} is reached; the order waits. Raise it with module add, or let it wait.`;
      return await saveWait(work, record, problem, answer.retryInMs);
    }
    case 'bought':
      return await parkRecord(
        work,
        record,
        `A purchase for service ${record.serviceId} is known (certificate ${String(answer.certificateId ?? 'unknown')}) although its record has none. ` +
          'Nothing was bought again: compare the list of certificates at Namecheap with certificate show.',
      );
    default:
      return new WaitError('The list of bought certificates must be read first', LANE_BUSY_MS);
  }
}

/** Saves why the order waits, so that `certificate show` tells it, and returns the error that makes the job wait. */
async function saveWait(
  work: Work,
  record: CertificateRecord,
  problem: string,
  delayMs: number,
): Promise<WaitError> {
  if (record.problem !== problem) {
    const after = { ...record, problem, nextActionAt: work.now() + delayMs + RING_GRACE_MS };
    await work.certificates.save({ before: record, after, change: { cause: problem, lease: work.lease } });
  }
  return new WaitError(problem, delayMs);
}

async function callAndSettle(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  order: CheckedOrder,
): Promise<CertificateRecord> {
  const { type, years, promotionCode } = order.payload;
  let bought: Bought;
  try {
    const input = { type, years, ...(purchase.sansToAdd > 0 ? { sansToAdd: purchase.sansToAdd } : {}) };
    // The signal is not handed on: a charged call that is cut off is an unclear one, so it may take its time.
    const made = await work.account.api.create(
      promotionCode === undefined ? input : { ...input, promotionCode },
    );
    bought = { ...made, charged: { amount: made.chargedAmount, currency: 'USD' } };
  } catch (error) {
    throw await settleFailure(work, record, purchase, error);
  }
  return await settleBought(work, record, purchase, bought, `bought as certificate ${bought.certificateId}`);
}

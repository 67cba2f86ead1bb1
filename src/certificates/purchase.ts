import { WaitError } from '../errors.js';
import { abandon } from './abandon.js';
import { CutOffError, waitUntilCutOff } from './cut-off.js';
import { StaleRecordError } from './errors.js';
import { demandNoTwin, passGate } from './gate.js';
import { refreshListing } from './listing.js';
import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { BeginAnswer, Bought, Intent, Work } from './ports.js';
import { settleBought, settleFailure } from './purchase-outcome.js';
import { planPurchase, type PurchasePlan } from './purchase-plan.js';
import type { CertificateRecord, Purchase } from './record.js';
import { describeUnconfirmed, UNCONFIRMED_MS } from './unconfirmed.js';
import { saveWait } from './wait.js';

/** No call is made when more time than this has passed since the intent was recorded, ms: by then others may have judged it dead. */
const FENCE_MS = 5000;

/** The settle time is at least twice as long as a call: one that begins within this part of it has ended when others conclude that it was never made. */
const FENCE_SHARE = 4;

const HOUR_MS = 3_600_000;

/** A lane is held for one call as a rule: look again soon, ms. */
const LANE_BUSY_MS = 500;
/** A lane that is held for this long has an unclear purchase in it: look again as rarely, ms. */
const LANE_SLOW_MS = 15_000;

/** A pause costs no call: look often, so that a resumed account goes on at once, ms. */
const PAUSED_LOOK_MS = 15_000;

/** Between two looks at a Redis that a person must mend, ms: they cost no call, and it goes on soon after. */
const REFUSED_MS = 60_000;

/** As {@link UNCONFIRMED_MS}, where each try costs a look at the certificate, ms. */
const UNCONFIRMED_NAMES_MS = 60_000;

/**
 * Buys what the operation in flight needs: for an order stock first, else intent, on every replica → fence → one call → outcome.
 * @returns the record, `purchased`.
 * @throws WaitError when the moment has not come or the outcome is unclear; FailError when Namecheap refuses it for good.
 */
export async function makePurchase(
  work: Work,
  found: CertificateRecord,
  order: CheckedOrder,
): Promise<CertificateRecord> {
  const gate = await passGate(work, found);
  const isNames = found.operation?.job === 'reissue';
  const record = isNames ? found : await demandNoTwin(work, found, gate.twin);
  // To plan more names costs a call: none while nothing may be bought, however long that lasts.
  if (isNames) {
    await demandUnpaused(work, record);
    await demandReady(work, record);
  }
  const plan = await planPurchase(work, record, order, gate.hasLost);
  const { intent } = plan;
  const fromStock =
    intent.kind === 'order' ? await work.purchases.takeStock(record, intent, work.lease) : null;
  if (fromStock !== null) return fromStock;
  if (!isNames) await demandReady(work, record);
  await work.report(`buying ${plan.what}`);
  const begun = await beginPurchase(work, record, intent);
  if (begun.unconfirmed > 0) throw await abandonUnconfirmed(work, begun);
  await admitOrAbandon(work, begun);
  if (work.signal.aborted) {
    await abandon(work, begun.record, begun.purchase, 'the worker had to stop before the call');
    throw new CutOffError();
  }
  const fence = await work.purchases.check(work.account.id, begun.purchase);
  if (!fence.isHeld) throw new StaleRecordError(record.serviceId, 'lease');
  // Nothing may stand between this line and the call: whatever waits here would let a stale intent through.
  const fenceMs = Math.min(FENCE_MS, work.settings.settleTimeMs / FENCE_SHARE);
  if (fence.ageMs > fenceMs || work.monotonic() - begun.startedAt > fenceMs) {
    await abandon(work, begun.record, begun.purchase, 'the intent grew too old before the call');
    throw new WaitError('The purchase was not called in time; it begins again', LANE_BUSY_MS);
  }
  work.watch.see(begun.purchase.id, work.monotonic());
  return await callAndSettle(work, begun.record, begun.purchase, plan);
}

/** @throws WaitError while nothing may be bought through this Redis, by this worker, or within the quota. */
async function demandReady(work: Work, record: CertificateRecord): Promise<void> {
  const refusal = await work.account.readRefusal();
  if (refusal !== null) throw await saveWait(work, record, refusal, REFUSED_MS, work.lease);
  await work.account.lookPurchase();
}

/** @throws WaitError while purchases of the account are paused. */
async function demandUnpaused(work: Work, record: CertificateRecord): Promise<void> {
  const paused = await work.purchases.readPause(work.account.id);
  if (paused !== null) throw await explainRefusal(work, record, paused);
}

interface Begun {
  record: CertificateRecord;
  purchase: Purchase;
  /** Replicas that may not know of the intent. */
  unconfirmed: number;
  /** Monotonic, ms: right before the intent was recorded. */
  startedAt: number;
}

/** A failover to a replica that does not know of the intent would forget the purchase: no call is made. */
async function abandonUnconfirmed(work: Work, { record, purchase, unconfirmed }: Begun): Promise<Error> {
  const reason = describeUnconfirmed('Nothing was bought', unconfirmed);
  const abandoned = await abandon(work, record, purchase, reason);
  const delayMs = purchase.kind === 'names' ? UNCONFIRMED_NAMES_MS : UNCONFIRMED_MS;
  return await saveWait(work, abandoned, reason, delayMs, work.lease);
}

/** The quota is taken only once the lane is ours: orders that wait for it must not eat the calls it needs. */
async function admitOrAbandon(work: Work, { record, purchase }: Begun): Promise<void> {
  try {
    await work.account.admitPurchase();
  } catch (error) {
    await abandon(work, record, purchase, 'the quota does not allow the call now');
    throw error;
  }
}

/** Records the intent. @throws WaitError when it may not be recorded now. */
async function beginPurchase(work: Work, record: CertificateRecord, intent: Intent): Promise<Begun> {
  let startedAt = work.monotonic();
  let answer = await work.purchases.begin(record, intent, work.lease, work.account.guard);
  if (answer.kind === 'listing-old') {
    const since = Date.parse(record.operation?.since ?? record.acceptedAt);
    await refreshListing(work, intent.kind === 'renew' ? 'renew' : 'order', since);
    startedAt = work.monotonic();
    answer = await work.purchases.begin(record, intent, work.lease, work.account.guard);
  }
  if (answer.kind !== 'begun') throw await explainRefusal(work, record, answer);
  const { purchase } = answer.record;
  const { unconfirmed } = answer;
  if (purchase === null) throw new Error(`${record.serviceId} is purchasing without a purchase`);
  return { record: answer.record, purchase, unconfirmed, startedAt };
}

async function explainRefusal(work: Work, record: CertificateRecord, answer: BeginAnswer): Promise<Error> {
  switch (answer.kind) {
    case 'lane-busy': {
      const problem = `Another purchase of the same product (${answer.key}) is being settled; this one follows. See certificate show for it when that takes long.`;
      if (answer.ageMs < LANE_SLOW_MS) return new WaitError(problem, LANE_BUSY_MS);
      return await saveWait(work, record, problem, LANE_SLOW_MS, work.lease);
    }
    case 'paused': {
      const left = answer.untilMs === null ? PAUSED_LOOK_MS : answer.untilMs - work.now();
      const delayMs = Math.max(1000, Math.min(left, PAUSED_LOOK_MS));
      return await saveWait(work, record, `Purchases of this account are paused: ${answer.reason}`, delayMs);
    }
    case 'guarded': {
      const what = answer.limit === 'spend' ? 'maximum spend per day' : 'maximum purchases per hour';
      const problem = `The module's ${what} is reached; the order waits. Raise it with module add, or let it wait.`;
      await announceGuard(work, what, answer.retryInMs);
      return await saveWait(work, record, problem, answer.retryInMs, work.lease);
    }
    case 'bought':
      return await parkRecord(
        work,
        record,
        `A purchase for service ${record.serviceId} is known (certificate ${String(answer.certificateId ?? 'unknown')}) although its record has none. ` +
          `Nothing was bought again. Compare the list of certificates at Namecheap, then decide with certificate resolve ${record.serviceId} --adopt ID; --retry looks it up where nobody has settled it yet, --release gives a renewal or reissue up.`,
      );
    default:
      return new WaitError('Our books must be compared with Namecheap first', LANE_BUSY_MS);
  }
}

/** Once while the limit lasts, and for an hour at least: many orders may wait behind it. */
async function announceGuard(work: Work, what: string, lastsMs: number): Promise<void> {
  const { account, listings } = work;
  if (!(await listings.lock(account.id, 'guard', work.lease, Math.max(lastsMs, HOUR_MS)))) return;
  const problem = `The ${what} of module ${account.module} is reached: its purchases wait. Look whether so many were meant; raise the limit with module add, or let them wait.`;
  await work.announce({
    ...{ type: 'account.spending-limit', serviceId: null, module: account.module },
    data: { problem },
  });
}

async function callAndSettle(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  plan: PurchasePlan,
): Promise<CertificateRecord> {
  let bought: Bought;
  try {
    bought = await waitUntilCutOff(plan.call(), work.signal);
  } catch (error) {
    // The call goes on without us. The intent stays as it is: the next worker finds out by reading what became of it.
    if (error instanceof CutOffError) throw error;
    throw await settleFailure(work, record, purchase, error);
  }
  const cause = `bought ${plan.what}: certificate ${bought.certificateId}`;
  return await settleBought(work, record, purchase, bought, cause);
}

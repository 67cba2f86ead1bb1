import { Big } from 'big.js';
import { FailError, WaitError } from '../errors.js';
import { advisePurchase } from './advice.js';
import type { Work } from './ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';
import { moveRecord } from './transitions.js';

/** So many complete looks without a trace, started after the settle time, prove that nothing was bought. */
const CLEAN_LOOKS_NEEDED = 2;

/** A balance older than this is no evidence, ms. */
const EVIDENCE_MS = 24 * 3_600_000;

/** After so many purchases of one order that came to nothing without an answer, a person decides. */
const LOST_TRIES_ALLOWED = 3;

const SOONEST_LOOK_MS = 1000;
const LATEST_LOOK_MS = 300_000;

/** Parks an unclear purchase and frees its lane: the money may be spent, but buying for others cannot buy this one twice. */
export async function parkPurchase(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  problem: string,
): Promise<FailError> {
  const after = moveRecord(record, 'parked', work.now(), { problem, nextActionAt: null });
  const change = { cause: problem, event: 'certificate.parked' as const };
  await work.purchases.settleNotMade({ before: record, after, change }, purchase, false);
  return new FailError(problem, 'ERR_PARKED');
}

/**
 * Nothing of the purchase was seen: waits until the settle time has passed and two complete looks began after it, then
 * takes it for not made. Whoever says so has watched it for longer than a call can take.
 * @param lookedAt when the look began, by Redis's clock, ms
 * @returns the record, `accepted`: it may be bought again.
 * @throws WaitError while it is too early to tell; FailError when it was parked for a person.
 */
export async function concludeOrWait(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  lookedAt: number,
): Promise<CertificateRecord> {
  const { settleTimeMs, leaseMs } = work.settings;
  // Redis's clock may step; ours must agree that the time has passed.
  const since = Date.parse(record.operation?.since ?? record.acceptedAt);
  const age = Math.min(lookedAt - purchase.begunAt, work.now() - since);
  // Both clocks may be one and the same host's, and step together: no call may be under way that one of us began.
  const watchMs = Math.min(leaseMs, settleTimeMs);
  const unwatchedMs = watchMs - work.watch.see(purchase.id, work.monotonic());
  const isSettled = age >= settleTimeMs && unwatchedMs <= 0;
  const looked = isSettled ? { ...purchase, cleanLooks: purchase.cleanLooks + 1 } : purchase;
  if (looked.cleanLooks >= CLEAN_LOOKS_NEEDED) return await concludeNotMade(work, record, looked);
  const untilSettled = Math.max(settleTimeMs - age, unwatchedMs);
  const delayMs = Math.max(
    SOONEST_LOOK_MS,
    Math.min(age, LATEST_LOOK_MS, untilSettled > 0 ? untilSettled : SOONEST_LOOK_MS),
  );
  const after = { ...record, purchase: looked, nextActionAt: work.now() + delayMs + RING_GRACE_MS };
  await work.certificates.save({
    before: record,
    after,
    change: { cause: 'looked up, not found yet', lease: work.lease },
  });
  throw new WaitError(record.problem ?? 'An unanswered purchase is being looked up', delayMs);
}

/** Nothing was bought, unless the balance says otherwise. */
async function concludeNotMade(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<CertificateRecord> {
  const missing = await findUnexplainedDrop(work, purchase);
  const lostTries = record.lostTries + 1;
  const park =
    missing ??
    (lostTries >= LOST_TRIES_ALLOWED
      ? `${lostTries} purchases in a row were not answered and came to nothing`
      : null);
  if (park === null) {
    const after = moveRecord(record, 'accepted', work.now(), {
      purchase: null,
      problem: null,
      lostTries,
      nextActionAt: work.now() + RING_GRACE_MS,
    });
    const cause =
      'two complete listings after the settle time show no certificate: the purchase was not made';
    return await work.purchases.settleNotMade({ before: record, after, change: { cause } }, purchase, true);
  }
  const problem = `${park}. ${advisePurchase(record)}`;
  const after = moveRecord(record, 'parked', work.now(), { problem, lostTries, nextActionAt: null });
  const change = { cause: problem, event: 'certificate.parked' as const };
  await work.purchases.settleNotMade({ before: record, after, change }, purchase, true);
  throw new FailError(problem, 'ERR_PARKED');
}

/** A balance that fell by more than the ledger knows means that money was spent on something we cannot see. */
async function findUnexplainedDrop(work: Work, purchase: Purchase): Promise<string | null> {
  const before = await work.listings.readBalance(work.account.id);
  const now = await work.account.api.getBalances({ signal: work.signal });
  // Read after the call it cannot tell what the call did; long before, too much else has happened.
  if (before === null || before.at > purchase.begunAt || before.at < purchase.begunAt - EVIDENCE_MS)
    return null;
  const drop = new Big(before.amount).minus(before.chargedSince).minus(now.availableBalance);
  if (drop.lte(0)) return null;
  return `The balance fell by ${drop.toFixed(4)} ${now.currency} without a certificate that explains it`;
}

import { Big } from 'big.js';
import { FailError, WaitError } from '../errors.js';
import { refreshListing } from './listing.js';
import { parkRecord } from './park.js';
import type { ListedPurchase, Work } from './ports.js';
import { settleBought } from './purchase-outcome.js';
import { moveRecord, RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';

/** So many complete listings without a candidate, started after the settle time, prove that nothing was bought. */
const CLEAN_LOOKS_NEEDED = 2;

/** After so many purchases of one order that came to nothing without an answer, a person decides. */
const LOST_TRIES_ALLOWED = 3;

const SOONEST_LOOK_MS = 1000;
const LATEST_LOOK_MS = 300_000;

/**
 * Finds out by reading what became of a purchase that was not answered clearly.
 * @returns the record, `purchased` (adopted) or `accepted` (nothing was bought, it may be bought again).
 * @throws WaitError while it is too early to tell; FailError when it was parked for a person.
 */
export async function resolvePurchase(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<CertificateRecord> {
  await work.report('looking up what became of an unanswered purchase');
  const listing = await refreshListing(work);
  const mine = listing.candidates.filter(
    (row) => row.product === purchase.product && isSameYears(row, purchase),
  );
  const confirmed = await confirmCandidates(work, record, mine, purchase);
  const [adopted, ...rest] = confirmed;
  if (adopted !== undefined) {
    for (const row of rest) await work.purchases.addStock(record.account, row, purchase);
    const { certificateId, type, orderId } = adopted;
    const bought = { certificateId, type, orderId, transactionId: null, charged: null };
    const cause = `adopted certificate ${certificateId}: the unanswered purchase had been made`;
    return await settleBought(work, record, purchase, bought, cause);
  }
  const unknown = listing.candidates.filter((row) => row.product === null);
  if (unknown.length > 0) throw await parkRecord(work, record, describeUnknown(unknown));
  return await concludeOrWait(work, record, purchase, listing.startedAt);
}

function isSameYears(row: ListedPurchase, purchase: Purchase): boolean {
  return row.years === null || row.years === purchase.years;
}

/**
 * The candidates as Namecheap shows them one by one: years are missing in some lists, and a list may be late.
 * @throws FailError after parking, when one fits but is not free any more: somebody works on it by hand.
 */
async function confirmCandidates(
  work: Work,
  record: CertificateRecord,
  rows: readonly ListedPurchase[],
  purchase: Purchase,
) {
  const confirmed: (ListedPurchase & { orderId: number | null })[] = [];
  for (const row of rows) {
    const seen = await work.account.api.getInfo(
      { certificateId: row.certificateId },
      { signal: work.signal },
    );
    if ((seen.years ?? row.years) !== purchase.years) continue;
    if (seen.status !== 'newpurchase')
      throw await parkRecord(work, record, describeStrange(row, seen.status));
    confirmed.push({ ...row, orderId: seen.orderId });
  }
  return confirmed;
}

function describeStrange(row: ListedPurchase, status: string): string {
  return (
    `After an unanswered purchase Namecheap lists certificate ${row.certificateId}, which would fit but is "${status}": somebody seems to work on it by hand. ` +
    'Purchases of this product wait until it is clear whose it is.'
  );
}

async function concludeOrWait(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  listedAt: number,
): Promise<CertificateRecord> {
  const { settleTimeMs } = work.settings;
  const age = listedAt - purchase.begunAt;
  const looked = age >= settleTimeMs ? { ...purchase, cleanLooks: purchase.cleanLooks + 1 } : purchase;
  if (looked.cleanLooks >= CLEAN_LOOKS_NEEDED) return await concludeNotMade(work, record, looked);
  const untilSettled = settleTimeMs - age;
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
  const problem = `${park}. Compare the certificates and transactions at Namecheap with certificate show ${record.serviceId}, then order under another serviceId or contact Namecheap.`;
  const after = moveRecord(record, 'parked', work.now(), { problem, lostTries, nextActionAt: null });
  const change = { cause: problem, event: 'certificate.parked' as const };
  await work.purchases.settleNotMade({ before: record, after, change }, purchase, true);
  throw new FailError(problem, 'ERR_PARKED');
}

/** A balance that fell by more than the ledger knows means that money was spent on something we cannot see. */
async function findUnexplainedDrop(work: Work, purchase: Purchase): Promise<string | null> {
  const before = await work.listings.readBalance(work.account.id);
  const now = await work.account.api.getBalances({ signal: work.signal });
  // A balance read after the call cannot tell what the call did.
  if (before === null || before.at > purchase.begunAt) return null;
  const drop = new Big(before.amount).minus(before.chargedSince).minus(now.availableBalance);
  if (drop.lte(0)) return null;
  return `The balance fell by ${drop.toFixed(4)} ${now.currency} without a certificate that explains it`;
}

/** The record is parked without settling the purchase, so the lane stays taken: until a person knows what that product is, buying more of this one could buy twice. */
function describeUnknown(rows: readonly ListedPurchase[]): string {
  const named = rows.map((row) => `${row.certificateId} ("${row.type}")`).join(', ');
  return (
    `After an unanswered purchase Namecheap lists a certificate of a type this version does not know: ${named}. ` +
    'Purchases of this product wait until the type is added to config/products.ts.'
  );
}

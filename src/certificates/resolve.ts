import { Big } from 'big.js';
import { spellType } from '../../config/products.js';
import { FailError, WaitError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { refreshListing } from './listing.js';
import { parkRecord } from './park.js';
import type { ListedPurchase, Work } from './ports.js';
import { settleBought } from './purchase-outcome.js';
import { moveRecord, RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';

/** So many complete listings without a candidate, started after the settle time, prove that nothing was bought. */
const CLEAN_LOOKS_NEEDED = 2;

/** A balance older than this is no evidence, ms. */
const EVIDENCE_MS = 24 * 3_600_000;

/** getInfo counts the names besides the common name; a fresh multi-domain certificate has this many. */
const NAMES_BESIDES = 2;

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
    const bought = { certificateId, type: spellType(type), orderId, transactionId: null, charged: null };
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
 * The candidates as Namecheap shows them one by one. Years are missing in some answers; then the clean lane alone says
 * that it is ours, for what is not explained must never be taken for absent.
 * @throws FailError after parking, when one of our product is not as we bought it: somebody works on it by hand, or bought it.
 */
async function confirmCandidates(
  work: Work,
  record: CertificateRecord,
  rows: readonly ListedPurchase[],
  purchase: Purchase,
) {
  const confirmed: (ListedPurchase & { orderId: number | null })[] = [];
  const strange: string[] = [];
  for (const row of rows) {
    await work.keepLease();
    const seen = await work.account.api.getInfo(
      { certificateId: row.certificateId },
      { signal: work.signal },
    );
    if ((seen.years ?? row.years ?? purchase.years) !== purchase.years) continue;
    const why = findMismatch(seen, purchase);
    if (why === null) confirmed.push({ ...row, orderId: seen.orderId });
    else strange.push(`${row.certificateId} (${why})`);
  }
  if (confirmed.length === 0 && strange.length > 0) throw await parkStrange(work, record, purchase, strange);
  return confirmed;
}

function findMismatch({ status, sansCount }: CertificateInfo, { sansToAdd }: Purchase): string | null {
  if (status !== 'newpurchase') return `its status is "${status}"`;
  const needed = sansToAdd === 0 ? 0 : sansToAdd + NAMES_BESIDES;
  return sansCount !== null && sansCount < needed
    ? `it takes ${sansCount} further names, ${needed} were bought`
    : null;
}

/** The lane is freed: the money may be spent, but buying for others cannot buy this one twice. */
async function parkStrange(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  strange: readonly string[],
): Promise<FailError> {
  const problem =
    `After an unanswered purchase Namecheap lists what may be its certificate, but not as it was bought: ${strange.join(', ')}. ` +
    'Somebody seems to work in this account by hand. Compare it with the transactions at Namecheap before anything is ordered again.';
  const after = moveRecord(record, 'parked', work.now(), { problem, nextActionAt: null });
  const change = { cause: problem, event: 'certificate.parked' as const };
  await work.purchases.settleNotMade({ before: record, after, change }, purchase, false);
  return new FailError(problem, 'ERR_PARKED');
}

async function concludeOrWait(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  listedAt: number,
): Promise<CertificateRecord> {
  const { settleTimeMs } = work.settings;
  // Redis's clock may step; ours must agree that the time has passed.
  const since = Date.parse(record.operation?.since ?? record.acceptedAt);
  const age = Math.min(listedAt - purchase.begunAt, work.now() - since);
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
  // Read after the call it cannot tell what the call did; long before, too much else has happened.
  if (before === null || before.at > purchase.begunAt || before.at < purchase.begunAt - EVIDENCE_MS)
    return null;
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

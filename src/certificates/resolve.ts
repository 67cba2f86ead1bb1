import { spellType } from '../../config/products.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { advisePurchase } from './advice.js';
import { demandNameUnused } from './adoption-gate.js';
import { concludeOrWait, parkPurchase } from './conclude.js';
import { refreshListing } from './listing.js';
import type { Bought, ListedPurchase, Work } from './ports.js';
import { settleBought } from './purchase-outcome.js';
import { NAMES_BESIDES } from './known-names.js';
import type { CertificateRecord, Purchase } from './record.js';
import { resolveNames } from './resolve-names.js';
import { resolveRenewal } from './resolve-renewal.js';
import { parkUnknown } from './unknown-type.js';

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
  switch (purchase.kind) {
    case 'order':
      return await resolveOrder(work, record, purchase);
    case 'renew':
      return await resolveRenewal(work, record, purchase);
    case 'names':
      return await resolveNames(work, record, purchase);
  }
}

/** Certificates are interchangeable until their activation, and the lane was clean when the purchase began. */
async function resolveOrder(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<CertificateRecord> {
  await demandNameUnused(work, record, purchase);
  const listing = await refreshListing(work, 'order', purchase.begunAt);
  const mine = listing.candidates.filter(
    (row) => row.product === purchase.product && isSameYears(row, purchase),
  );
  const confirmed = await confirmCandidates(work, record, mine, purchase);
  const [adopted, ...rest] = confirmed;
  if (adopted !== undefined) {
    for (const row of rest) await work.purchases.addStock(record.account, describeAdopted(row), purchase);
    const bought = describeAdopted(adopted);
    const { certificateId } = bought;
    const cause = `adopted certificate ${certificateId}: the unanswered purchase had been made`;
    return await settleBought(work, record, purchase, bought, cause);
  }
  const unknown = listing.candidates.filter((row) => row.product === null);
  if (unknown.length > 0) throw await parkUnknown(work, record, unknown);
  return await concludeOrWait(work, record, purchase, listing.startedAt);
}

/** Nobody told its transaction, nor what was charged for it. */
function describeAdopted({
  certificateId,
  type,
  orderId,
}: ListedPurchase & { orderId: number | null }): Bought {
  return { certificateId, type: spellType(type), orderId, transactionId: null, charged: null };
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
  if (confirmed.length === 0 && strange.length > 0)
    throw await parkPurchase(work, record, purchase, describeStrange(record, strange));
  return confirmed;
}

function findMismatch({ status, sansCount }: CertificateInfo, { sansToAdd }: Purchase): string | null {
  if (status !== 'newpurchase') return `its status is "${status}"`;
  const needed = sansToAdd === 0 ? 0 : sansToAdd + NAMES_BESIDES;
  return sansCount !== null && sansCount < needed
    ? `it takes ${sansCount} further names, ${needed} were bought`
    : null;
}

function describeStrange(record: CertificateRecord, strange: readonly string[]): string {
  return (
    `After an unanswered purchase Namecheap lists what may be its certificate, but not as it was bought: ${strange.join(', ')}. ` +
    `Somebody seems to work in this account by hand. ${advisePurchase(record)}`
  );
}

import { findProduct, spellType } from '../../config/products.js';
import { concludeOrWait, parkPurchase } from './conclude.js';
import { refreshListing } from './listing.js';
import type { ListedPurchase, Work } from './ports.js';
import { settleBought } from './purchase-outcome.js';
import type { CertificateRecord, Purchase } from './record.js';
import { parkUnknown } from './unknown-type.js';

/** A renewal as Namecheap shows it by itself. */
interface Found {
  row: ListedPurchase;
  years: number | null;
  orderId: number | null;
}

/**
 * Finds out what became of a renewal that was not answered clearly, or that Namecheap says was made before (4028294).
 * A renewal is bound to its certificate, so it is never stock; the list does not tell which it follows, so more than one
 * that may be ours goes to a person.
 * @throws WaitError while it is too early to tell; FailError when it was parked.
 */
export async function resolveRenewal(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<CertificateRecord> {
  const listing = await refreshListing(work, 'renew', purchase.begunAt);
  const isProven = purchase.isProvenEarlier === true;
  const rows = isProven ? await listUnused(work, record, listing.rows) : listing.candidates;
  const { found, unknown } = await confirmRows(work, record, purchase, rows);
  const [only, ...others] = found;
  if (only === undefined) {
    if (isProven) throw await parkPurchase(work, record, purchase, describeMissing(record));
    if (unknown.length > 0) throw await parkUnknown(work, record, unknown);
    return await concludeOrWait(work, record, purchase, listing.startedAt);
  }
  if (others.length > 0) throw await parkPurchase(work, record, purchase, describeSeveral(record, found));
  return await adopt(work, record, purchase, only);
}

/** All renewals that no service uses: bought before we looked, they count as foreign, or as ours without a place. */
async function listUnused(
  work: Work,
  record: CertificateRecord,
  rows: readonly ListedPurchase[],
): Promise<ListedPurchase[]> {
  const unused: ListedPurchase[] = [];
  for (const row of rows) {
    const owner = await work.purchases.readOwner(record.account, row.certificateId);
    const isOurs = owner === record.serviceId && !record.certificateIds.includes(row.certificateId);
    if (owner === null || isOurs) unused.push(row);
  }
  return unused;
}

/**
 * Those that may follow our certificate: of its product, for its name where one is shown, for the years we bought unless
 * others bought them; and those that would if their type were known.
 */
async function confirmRows(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  rows: readonly ListedPurchase[],
): Promise<{ found: Found[]; unknown: ListedPurchase[] }> {
  const found: Found[] = [];
  const unknown: ListedPurchase[] = [];
  for (const row of rows.filter(({ product }) => product === null || product === purchase.product)) {
    await work.keepLease();
    const { certificateId } = row;
    const seen = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
    const years = seen.years ?? row.years;
    const product = findProduct(seen.type)?.canonical;
    const isSameName = seen.commonName === null || seen.commonName.toLowerCase() === record.commonName;
    const isSameTerm = purchase.isProvenEarlier === true || years === null || years === purchase.years;
    if (seen.status !== 'newrenewal' || !isSameName || !isSameTerm) continue;
    if (product === undefined) unknown.push({ ...row, type: seen.type });
    else if (product === purchase.product) found.push({ row, years, orderId: seen.orderId });
  }
  return { found, unknown };
}

/** The years are those that were really bought: by hand it may have been others than we wanted. */
async function adopt(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  { row, years, orderId }: Found,
): Promise<CertificateRecord> {
  const { certificateId, type } = row;
  const bought = { certificateId, type: spellType(type), orderId, transactionId: null, charged: null };
  const cause = `adopted renewal ${certificateId}: it had been bought before`;
  return await settleBought(work, record, { ...purchase, years: years ?? purchase.years }, bought, cause);
}

function describeMissing({ serviceId, certificateId }: CertificateRecord): string {
  return (
    `Namecheap says that certificate ${String(certificateId)} was renewed before, but lists no unused renewal that fits. ` +
    `Look for it in the account: decide with certificate resolve ${serviceId} --adopt ID when it is found (--not-made tries to renew again, --release drops the renewal); one that was activated with another CSR is no renewal of this service here: drop it with --release, and bring it in with certificate import --map under a service id of its own.`
  );
}

function describeSeveral({ serviceId, certificateId }: CertificateRecord, found: readonly Found[]): string {
  const ids = found.map(({ row }) => row.certificateId).join(', ');
  return (
    `Namecheap lists several unused renewals of this product (${ids}), and does not tell which one follows certificate ${String(certificateId)}. ` +
    `Find out in the account which it is, and decide with certificate resolve ${serviceId} --adopt ID; with --not-made where none of them is; --release drops the renewal.`
  );
}

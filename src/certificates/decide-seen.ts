import { findProduct, spellType } from '../../config/products.js';
import { FailError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { hasOurCsr } from './activation-lookup.js';
import { readWithBrake } from './brake.js';
import { composeStep, demandDone, type Case, type Deciding, type Settle } from './decide-step.js';
import { findReissueFault } from './decide-renewal.js';
import type { StockRow } from './decision-ports.js';
import { failOrder } from './decide-moves.js';
import { isGone, isUnused } from './namecheap-status.js';
import { checkOrder, type CheckedOrder, type OrderPayload } from './order-payload.js';
import { NAMES_BESIDES } from './known-names.js';
import { composeIntent } from './purchase-plan.js';
import { describeGain } from './purchase-outcome.js';
import { type CertificateRecord, type Purchase } from './record.js';
import { moveRecord } from './transitions.js';

/** The statuses that what was bought may have by now; the first is that of one nobody activated. */
const FITTING = {
  order: ['newpurchase', 'purchased', 'active'],
  renew: ['newrenewal', 'purchased', 'active'],
} as const;

async function look(
  work: Deciding,
  record: CertificateRecord,
  certificateId: number,
): Promise<CertificateInfo> {
  const account = await work.openAccount(record.module, record.serviceId);
  if (account.id !== record.account)
    throw refuse(
      `the module "${record.module}" points to another Namecheap account than when ${record.serviceId} was ordered; point it back first`,
    );
  await work.report(`looking at certificate ${certificateId}`);
  return await readWithBrake({ ...work, account }, () =>
    account.api.getInfo({ certificateId }, { signal: work.signal }),
  );
}

function refuse(why: string): FailError {
  return new FailError(`Nothing was changed: ${why}`, 'ERR_DECISION_REFUSED');
}

/**
 * The certificate is what the purchase bought: checked at Namecheap, then committed as any bought one.
 * @throws FailError when it does not fit, or belongs to another service.
 */
export async function adoptCertificate(
  work: Deciding,
  { record, request, draft, books }: Case,
  certificateId: number,
  settle: Settle,
): Promise<CertificateRecord> {
  const order = checkOrder(draft ?? request);
  const known = record.purchase ?? (books.kind === 'none' ? null : books.purchase);
  const purchase = known ?? (await composePurchase(work, record, order));
  const seen = await look(work, record, certificateId);
  const fault =
    purchase.kind === 'names'
      ? findNamesFault(seen, record, purchase)
      : findFault(seen, record, purchase, order);
  if (fault !== null) throw refuse(fault);
  if (purchase.kind === 'renew' && !isUnused(seen.status)) {
    const read = (id: number) => look(work, record, id);
    const isReissue = await findReissueFault(record, certificateId, read);
    if (isReissue !== null) throw refuse(isReissue);
  }
  const years = purchase.isProvenEarlier === true ? (seen.years ?? purchase.years) : purchase.years;
  const settled = { ...purchase, years };
  const type = spellType(seen.type);
  const orderId = purchase.kind === 'names' ? record.orderId : seen.orderId;
  const bought = { certificateId, type, orderId, transactionId: null, charged: null };
  const after = moveRecord(record, 'purchased', work.now(), {
    ...describeGain(record, settled, bought),
    ...{ purchase: settled, attempts: 0, lostTries: 0, nextActionAt: work.now() },
    // Activated already: that is looked up, never repeated.
    activationBegunAt:
      isUnused(seen.status) || purchase.kind === 'names' ? null : new Date(work.now()).toISOString(),
  });
  const cause = `decided by a person: certificate ${certificateId} is what was bought`;
  const step = composeStep(record, { after, cause }, settle, 'certificate.purchased');
  return demandDone(record.serviceId, await work.decisions.adopt(step, settled, bought));
}

/** A purchase that the record has lost, as it would be begun now. */
async function composePurchase(
  work: Deciding,
  record: CertificateRecord,
  order: CheckedOrder,
): Promise<Purchase> {
  const begunAt = await work.listings.readClock();
  return { ...composeIntent(work.createId(), record, order), begunAt, cleanLooks: 0 };
}

function findFault(
  seen: CertificateInfo,
  record: CertificateRecord,
  purchase: Purchase,
  order: CheckedOrder,
): string | null {
  const { certificateId: id, status, type, years } = seen;
  const fitting: readonly string[] = FITTING[purchase.kind === 'renew' ? 'renew' : 'order'];
  if (!fitting.includes(status))
    return `certificate ${id} is "${status}" at Namecheap, not one of ${fitting.join(', ')}`;
  if (findProduct(type)?.canonical !== purchase.product)
    return `certificate ${id} is a "${type}", not of the class that was bought (${purchase.product})`;
  if (years !== null && years !== purchase.years && purchase.isProvenEarlier !== true)
    return `certificate ${id} was bought for ${years} year(s), not ${purchase.years}`;
  const needed = purchase.sansToAdd === 0 ? 0 : purchase.sansToAdd + NAMES_BESIDES;
  if (purchase.kind === 'order' && seen.sansCount !== null && seen.sansCount < needed)
    return `certificate ${id} takes ${seen.sansCount} further names, ${needed} were bought`;
  if (status === fitting[0]) return findOtherName(seen, record);
  return hasOurCsr(seen, order)
    ? null
    : `certificate ${id} was activated with another CSR than ours; it may serve somebody else`;
}

/** A renewal that is not activated may tell the name it is for. */
function findOtherName(
  { certificateId, commonName }: CertificateInfo,
  record: CertificateRecord,
): string | null {
  return commonName === null || commonName.toLowerCase() === record.commonName
    ? null
    : `certificate ${certificateId} is for ${commonName}, not ${record.commonName}`;
}

/**
 * Where Namecheap counts the names, its count decides; where it does not, the person's word does. What our books have lost
 * was begun from the count that they still know.
 */
function findNamesFault(
  { certificateId, sansCount }: CertificateInfo,
  { serviceId, sansAdded }: CertificateRecord,
  { sansBefore = null, sansToAdd }: Purchase,
): string | null {
  const needed = (sansBefore ?? NAMES_BESIDES + sansAdded) + sansToAdd;
  if (sansCount === null || sansCount >= needed) return null;
  const remedy =
    sansBefore === null
      ? `buy the missing ${needed - sansCount} at Namecheap by hand and decide the same again, or drop the reissue with certificate resolve ${serviceId} --release`
      : '--not-made buys them again';
  return `certificate ${certificateId} takes ${sansCount} further names at Namecheap, ${needed} would have been bought; ${remedy}`;
}

/**
 * The order gives its certificate up: an unused one becomes stock, a dead one is left alone.
 * @throws FailError while it is in use, or can still become so.
 */
export async function releaseCertificate(
  work: Deciding,
  { record, key, request }: Case,
  certificateId: number,
  settle: Settle,
): Promise<CertificateRecord> {
  const seen = await look(work, record, certificateId);
  const { status } = seen;
  const isForStock = status === 'newpurchase';
  if (!isForStock && !isGone(status)) throw refuse(describeUse(record.serviceId, certificateId, status));
  const why = isForStock
    ? `; certificate ${certificateId} went to stock`
    : `; certificate ${certificateId} is ${status} at Namecheap and left alone`;
  const step = composeStep(record, failOrder(record, work.now(), why), settle, 'certificate.failed');
  const row = isForStock ? composeStockRow(record, request, seen) : null;
  if (key === null) throw new Error(`${record.serviceId} is an order without a purchase key`);
  return await work.decisions.giveUp(step, key, certificateId, row);
}

/** As it was bought; an order brought in from elsewhere has no purchase, and Namecheap tells what it is. */
function composeStockRow(
  record: CertificateRecord,
  request: OrderPayload,
  { type }: CertificateInfo,
): StockRow {
  const { purchase, years, sansAdded: sansToAdd } = record;
  const spelled = spellType(type);
  if (purchase !== null) {
    const { product, id: purchaseId } = purchase;
    return { product, type: spelled, years: purchase.years, sansToAdd, purchaseId };
  }
  const product = findProduct(type) ?? findProduct(request.type);
  if (product === null) throw refuse(`its type "${type}" is not known: add it to config/products.ts first`);
  return { product: product.canonical, type: spelled, years, sansToAdd, purchaseId: 'by-hand' };
}

function describeUse(serviceId: string, certificateId: number, status: string): string {
  const remedy =
    status === 'purchaseerror'
      ? "ask Namecheap's support to reset it (then --retry) or to cancel it (then --release)"
      : `--retry goes on with it; if the customer left, use a close job for ${serviceId}`;
  return `certificate ${certificateId} is "${status}" at Namecheap and cannot go to stock: ${remedy}`;
}

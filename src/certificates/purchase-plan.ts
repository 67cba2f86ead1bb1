import { InputError } from '../errors.js';
import type { CreateResult } from '../namecheap/api.js';
import { checkOrder, type CheckedOrder, type OrderPayload } from './order-payload.js';
import { demandKnownNames } from './known-names.js';
import type { Bought, Intent, Work } from './ports.js';
import type { CertificateRecord } from './record.js';

/** What is to be bought, under which key and lane, and the one call that buys it. */
export interface PurchasePlan {
  intent: Intent;
  /** For people: `buying …`. */
  what: string;
  /** The charged call. Its signal is not handed on: one that is cut off is an unclear one, so it may take its time. */
  call(): Promise<Bought>;
}

/**
 * What the operation of the record has to buy: an order its certificate, a renewal its term, a reissue further names.
 * @param hasLost data may have been lost before: Namecheap's count of names goes before ours
 */
export async function planPurchase(
  work: Work,
  record: CertificateRecord,
  order: CheckedOrder,
  hasLost: boolean,
): Promise<PurchasePlan> {
  switch (record.operation?.job ?? 'order') {
    case 'order':
      return planOrder(work, record, order);
    case 'renew':
      return planRenewal(work, record, order);
    case 'reissue':
      return await planNames(work, record, order, hasLost);
  }
}

/** Whether a reissue needs more names than were bought for the certificate. */
export function needsNames(record: CertificateRecord, order: CheckedOrder): boolean {
  return record.operation?.job === 'reissue' && order.sansToAdd > record.sansAdded;
}

/**
 * What the operation of the record would buy, without asking Namecheap: the names that a certificate takes before it are not known here.
 * @throws Error when it is about no certificate, term or years: a bug.
 */
export function composeIntent(id: string, record: CertificateRecord, order: CheckedOrder): Intent {
  switch (record.operation?.job ?? 'order') {
    case 'order':
      return composeOrderIntent(id, record, order);
    case 'renew':
      return composeRenewalIntent(id, record, order);
    case 'reissue':
      return composeNamesIntent(id, record, order, null);
  }
}

function composeOrderIntent(
  id: string,
  { serviceId, years }: CertificateRecord,
  order: CheckedOrder,
): Intent {
  const product = order.product.canonical;
  return {
    ...{ id, kind: 'order', serviceId, product, years, sansToAdd: order.sansToAdd },
    ...{ key: composeOrderKey(serviceId), lane: `order-${product}` },
  };
}

/** The key names the term that is extended: it is sold once, whoever asks how often. */
function composeRenewalIntent(id: string, record: CertificateRecord, order: CheckedOrder): Intent {
  const { serviceId, operation, certificateId, sansAdded } = record;
  const { years = null, extends: from = null } = operation ?? {};
  if (years === null || from === null || certificateId === null)
    throw new Error(`${serviceId} is renewed without a certificate, a term or years`);
  const product = order.product.canonical;
  return {
    ...{ id, kind: 'renew', serviceId, product, years, sansToAdd: sansAdded, certificateId },
    ...{ key: composeRenewalKey(serviceId, from), lane: `renew-${product}` },
  };
}

function composeNamesIntent(
  id: string,
  { serviceId, certificateId, years, sansAdded }: CertificateRecord,
  order: CheckedOrder,
  sansBefore: number | null,
): Intent {
  if (certificateId === null) throw new Error(`${serviceId} takes more names without a certificate`);
  const product = order.product.canonical;
  return {
    ...{ id, kind: 'names', serviceId, product, years, sansToAdd: order.sansToAdd - sansAdded },
    ...{ key: composeNamesKey(certificateId, order.sansToAdd), lane: `names-${certificateId}` },
    ...{ certificateId, sansBefore },
  };
}

function planOrder(work: Work, record: CertificateRecord, order: CheckedOrder): PurchasePlan {
  const { years } = record;
  const { type, promotionCode } = order.payload;
  const { sansToAdd } = order;
  const input = {
    ...{ type, years },
    ...(sansToAdd > 0 ? { sansToAdd } : {}),
    ...(promotionCode === undefined ? {} : { promotionCode }),
  };
  return {
    intent: composeOrderIntent(work.createId(), record, order),
    what: `${type} for ${years} year(s)`,
    call: async () => describeBought(await work.account.api.create(input)),
  };
}

function planRenewal(work: Work, record: CertificateRecord, order: CheckedOrder): PurchasePlan {
  const { certificateId } = record;
  if (certificateId === null) throw new Error(`${record.serviceId} is renewed without a certificate`);
  const intent = composeRenewalIntent(work.createId(), record, order);
  const { years } = intent;
  const type = record.type ?? order.payload.type;
  const { promotionCode } = order.payload;
  const input = { certificateId, type, years, ...(promotionCode === undefined ? {} : { promotionCode }) };
  return {
    intent,
    what: `${years} more year(s) of ${type}`,
    call: async () => describeBought(await work.account.api.renew(input)),
  };
}

/** Namecheap's own count before the purchase is what tells later whether an unanswered one was made. */
async function planNames(
  work: Work,
  record: CertificateRecord,
  order: CheckedOrder,
  hasLost: boolean,
): Promise<PurchasePlan> {
  const { serviceId, certificateId } = record;
  if (certificateId === null) throw new Error(`${serviceId} takes more names without a certificate`);
  const { sansCount } = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  if (hasLost) await demandKnownNames(work, record, sansCount);
  const intent = composeNamesIntent(work.createId(), record, order, sansCount);
  const { sansToAdd } = intent;
  return {
    intent,
    what: `${sansToAdd} more name(s)`,
    call: async () => describeBought(await work.account.api.purchaseMoreSans({ certificateId, sansToAdd })),
  };
}

const composeOrderKey = (serviceId: string): string => `order-${serviceId}`;

const composeRenewalKey = (serviceId: string, from: string): string =>
  `renew-${serviceId}-${from.slice(0, 10)}`;

const composeNamesKey = (certificateId: number, sansToAdd: number): string =>
  `names-${certificateId}-${sansToAdd}`;

/** The key under which the operation in flight buys, also where the record has lost its purchase; null when it buys nothing. */
export function readPurchaseKey(record: CertificateRecord, request: OrderPayload): string | null {
  const { serviceId, operation, certificateId } = record;
  if (operation === null || operation.job === 'order') return composeOrderKey(serviceId);
  if (record.purchase !== null) return record.purchase.key;
  if (operation.job === 'renew')
    return operation.extends === null ? null : composeRenewalKey(serviceId, operation.extends);
  const sansToAdd = countAddedNames(request);
  if (certificateId === null || sansToAdd <= record.sansAdded) return null;
  return composeNamesKey(certificateId, sansToAdd);
}

/** None where today's rules refuse the stored request: it cannot have bought names under them. */
function countAddedNames(request: OrderPayload): number {
  try {
    return checkOrder(request).sansToAdd;
  } catch (error) {
    if (error instanceof InputError) return 0;
    throw error;
  }
}

function describeBought(made: CreateResult): Bought {
  const { certificateId, type, orderId, transactionId, chargedAmount } = made;
  return { certificateId, type, orderId, transactionId, charged: { amount: chargedAmount, currency: 'USD' } };
}

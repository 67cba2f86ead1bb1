import type { CreateResult } from '../namecheap/api.js';
import type { CheckedOrder } from './order-payload.js';
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

/** What the operation of the record has to buy: an order its certificate, a renewal its term, a reissue further names. */
export async function planPurchase(
  work: Work,
  record: CertificateRecord,
  order: CheckedOrder,
): Promise<PurchasePlan> {
  switch (record.operation?.job ?? 'order') {
    case 'order':
      return planOrder(work, record, order);
    case 'renew':
      return planRenewal(work, record, order);
    case 'reissue':
      return await planNames(work, record, order);
  }
}

/** Whether a reissue needs more names than were bought for the certificate. */
export function needsNames(record: CertificateRecord, order: CheckedOrder): boolean {
  return record.operation?.job === 'reissue' && order.sansToAdd > record.sansAdded;
}

function planOrder(work: Work, record: CertificateRecord, order: CheckedOrder): PurchasePlan {
  const { serviceId, years } = record;
  const { type, promotionCode } = order.payload;
  const { sansToAdd } = order;
  const product = order.product.canonical;
  const intent: Intent = {
    ...{ id: work.createId(), kind: 'order', serviceId, product, years, sansToAdd },
    ...{ key: `order-${serviceId}`, lane: `order-${product}` },
  };
  const input = {
    ...{ type, years },
    ...(sansToAdd > 0 ? { sansToAdd } : {}),
    ...(promotionCode === undefined ? {} : { promotionCode }),
  };
  return {
    intent,
    what: `${type} for ${years} year(s)`,
    call: async () => describeBought(await work.account.api.create(input)),
  };
}

/** The key names the term that is extended: it is sold once, whoever asks how often. */
function planRenewal(work: Work, record: CertificateRecord, order: CheckedOrder): PurchasePlan {
  const { serviceId, operation, certificateId, sansAdded } = record;
  const { years = null, extends: from = null } = operation ?? {};
  if (years === null || from === null || certificateId === null)
    throw new Error(`${serviceId} is renewed without a certificate, a term or years`);
  const product = order.product.canonical;
  const intent: Intent = {
    ...{ id: work.createId(), kind: 'renew', serviceId, product, years, sansToAdd: sansAdded, certificateId },
    ...{ key: `renew-${serviceId}-${from.slice(0, 10)}`, lane: `renew-${product}` },
  };
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
async function planNames(work: Work, record: CertificateRecord, order: CheckedOrder): Promise<PurchasePlan> {
  const { serviceId, certificateId, years } = record;
  if (certificateId === null) throw new Error(`${serviceId} takes more names without a certificate`);
  const sansToAdd = order.sansToAdd - record.sansAdded;
  const { sansCount } = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  const intent: Intent = {
    ...{ id: work.createId(), kind: 'names', serviceId, product: order.product.canonical, years, sansToAdd },
    ...{ key: `names-${certificateId}-${order.sansToAdd}`, lane: `names-${certificateId}` },
    ...{ certificateId, sansBefore: sansCount },
  };
  return {
    intent,
    what: `${sansToAdd} more name(s)`,
    call: async () => describeBought(await work.account.api.purchaseMoreSans({ certificateId, sansToAdd })),
  };
}

function describeBought(made: CreateResult): Bought {
  const { certificateId, type, orderId, transactionId, chargedAmount } = made;
  return { certificateId, type, orderId, transactionId, charged: { amount: chargedAmount, currency: 'USD' } };
}

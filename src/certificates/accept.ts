import { FailError } from '../errors.js';
import {
  fingerprintOrder,
  listOrderDifferences,
  type CheckedOrder,
  type OrderPayload,
} from './order-payload.js';
import { RING_GRACE_MS, type CertificateRecord, type Status } from './record.js';
import { composeOperation, moveRecord } from './transitions.js';

/** What an order means for a service that may be known already. */
export type Acceptance =
  | { kind: 'new'; record: CertificateRecord }
  | { kind: 'known' }
  /** `after` carries the order that is now to be worked on: started afresh, or corrected after a refused activation. */
  | { kind: 'changed'; after: CertificateRecord; cause: string };

/** The first record of an order. `now` in ms. */
export function composeRecord(order: CheckedOrder, account: string, now: number): CertificateRecord {
  return {
    ...blankRecord(order.payload.serviceId, now),
    module: order.payload.module,
    account,
    operation: composeOperation('order', 'accepted', now),
    ...describeOrder(order),
    nextActionAt: now + RING_GRACE_MS,
  };
}

/** A record in which nothing has happened yet. `now` in ms. */
export function blankRecord(serviceId: string, now: number): CertificateRecord {
  return {
    serviceId,
    version: 0,
    module: '',
    account: '',
    status: 'accepted',
    operation: null,
    requestedType: '',
    type: null,
    years: 1,
    commonName: '',
    sans: [],
    fingerprint: '',
    acceptedAt: new Date(now).toISOString(),
    purchase: null,
    certificateId: null,
    certificateIds: [],
    orderId: null,
    transactionId: null,
    charged: null,
    activationBegunAt: null,
    activatedAt: null,
    validation: [],
    issuedAt: null,
    endDate: null,
    paidTill: null,
    termEnd: null,
    nextReissueAt: null,
    sansAdded: 0,
    renewals: [],
    covered: [],
    announced: {},
    automationStopped: null,
    errands: [],
    doneErrands: [],
    shelved: null,
    revokedIds: [],
    revoking: [],
    closedFrom: null,
    problem: null,
    attempts: 0,
    lostTries: 0,
    nextActionAt: null,
  };
}

function describeOrder(order: CheckedOrder) {
  const { payload, commonName, sans } = order;
  return {
    requestedType: payload.type,
    years: payload.years,
    commonName,
    sans,
    fingerprint: fingerprintOrder(payload),
  };
}

/**
 * Decides what an order means. One purchase per service, ever: the identical order again is
 * `known`; failed before a purchase, it starts afresh; after a refused activation the same type and years with
 * corrected csr, dcv or contacts activate what was bought.
 * @throws FailError ERR_ORDER_DIFFERS for anything else.
 */
export function acceptOrder(
  existing: { record: CertificateRecord; request: OrderPayload } | null,
  order: CheckedOrder,
  account: string,
  now: number,
): Acceptance {
  if (existing === null) return { kind: 'new', record: composeRecord(order, account, now) };
  const { record, request } = existing;
  const isIdentical = isSameOrder(existing, order.payload);
  if (record.status === 'failed' && record.certificateId === null) {
    // What was asked for meanwhile was accepted: it is not lost with the failure.
    const { version, errands, doneErrands } = record;
    const after = { ...composeRecord(order, account, now), version, errands, doneErrands };
    return { kind: 'changed', after, cause: 'ordered afresh after a failure that bought nothing' };
  }
  if (record.status === 'failed' && fitsPurchase(record, order)) {
    const changes = {
      ...describeOrder(order),
      problem: null,
      acceptedAt: new Date(now).toISOString(),
      attempts: 0,
      activationBegunAt: null,
      nextActionAt: now + RING_GRACE_MS,
    };
    return {
      kind: 'changed',
      after: moveRecord(record, 'purchased', now, changes),
      cause: 'corrected after a refused activation',
    };
  }
  if (isIdentical) return { kind: 'known' };
  throw new FailError(
    `Service ${record.serviceId} was ordered before with other values (${listOrderDifferences(request, order.payload).join(', ')}). ` +
      adviseDifferent(record.status),
    'ERR_ORDER_DIFFERS',
  );
}

function adviseDifferent(status: Status): string {
  if (status === 'issued') return 'To change names or key of an issued certificate, use reissue.';
  if (status === 'closed')
    return 'It is closed: reopen it with a close job and "open": true first, or use another serviceId.';
  return 'Use another serviceId, or repeat the order as it was.';
}

/** The order as it was placed, or as it stands after another method of validation was chosen for it. */
export function isSameOrder(
  { record, request }: { record: CertificateRecord; request: OrderPayload },
  payload: OrderPayload,
): boolean {
  return [record.fingerprint, fingerprintOrder(request)].includes(fingerprintOrder(payload));
}

/** What was bought can be activated with this order: same module, type, years, and names enough. */
function fitsPurchase(record: CertificateRecord, order: CheckedOrder): boolean {
  const { purchase } = record;
  if (purchase === null || record.module !== order.payload.module) return false;
  return (
    purchase.product === order.product.canonical &&
    record.years === order.payload.years &&
    order.sansToAdd <= purchase.sansToAdd
  );
}

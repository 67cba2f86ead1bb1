import {
  isFollowUp,
  isUnfinished,
  readStage,
  type CertificateRecord,
  type Operation,
  type OperationJob,
  type Status,
} from './record.js';

const LEGAL: Readonly<Record<Status, readonly Status[]>> = {
  accepted: ['purchasing', 'purchase-unclear', 'purchased', 'failed', 'parked', 'closed'],
  purchasing: ['purchased', 'purchase-unclear', 'accepted', 'failed', 'parked'],
  'purchase-unclear': ['purchased', 'accepted', 'parked'],
  purchased: ['pending-validation', 'failed', 'parked', 'closed'],
  'pending-validation': ['issued', 'failed', 'parked', 'closed'],
  issued: ['expired', 'revoked', 'closed'],
  expired: ['issued', 'closed'],
  failed: ['accepted', 'purchased', 'closed'],
  parked: ['accepted', 'purchase-unclear', 'purchased', 'pending-validation', 'failed', 'closed'],
  revoked: ['closed'],
  // Where it was closed from: nothing is bought by reopening.
  closed: ['pending-validation', 'issued', 'expired', 'failed', 'parked', 'revoked'],
};

/** A reissue need not buy anything, and what was issued ends it. */
const LEGAL_IN_FLIGHT: Readonly<Record<Status, readonly Status[]>> = {
  ...LEGAL,
  accepted: [...LEGAL.accepted, 'pending-validation'],
};

function demandArrow(
  legal: Readonly<Record<Status, readonly Status[]>>,
  record: CertificateRecord,
  from: Status,
  to: Status,
): void {
  if (to === from || legal[from].includes(to)) return;
  throw new Error(`Illegal transition of ${record.serviceId}: ${from} → ${to}`);
}

/** What is in flight, as it begins. */
export function composeOperation(
  job: OperationJob,
  state: Status,
  now: number,
  changes: Partial<Operation> = {},
): Operation {
  const at = new Date(now).toISOString();
  const empty = {
    certificateId: null,
    reason: null,
    names: null,
    allowCharge: false,
    years: null,
    extends: null,
    requestId: null,
  };
  return { job, state, since: at, acceptedAt: at, ...empty, ...changes };
}

/**
 * What is in flight moved to another state (or changed within it when `to` is the present one), as a new object; the
 * version is raised by the store when it is saved. The status follows an order; a renewal or reissue leaves the certificate
 * in force alone until `issued`, which ends it.
 * @throws Error when the state machine has no such arrow: that is a bug, never a condition to catch.
 */
export function moveRecord(
  record: CertificateRecord,
  to: Status,
  now: number,
  changes: Partial<CertificateRecord> = {},
): CertificateRecord {
  const from = readStage(record);
  const isSame = to === from;
  const isProgress = ['purchased', 'pending-validation', 'issued'].includes(to) && !isSame;
  const attempts = isProgress ? 0 : record.attempts;
  const present = changes.operation ?? record.operation;
  const since = isSame && present !== null ? present.since : new Date(now).toISOString();
  if (isFollowUp(record) && present !== null) {
    demandArrow(LEGAL_IN_FLIGHT, record, from, to);
    const isOver = to === 'issued';
    const operation = isOver ? null : { ...present, state: to, since };
    return { ...record, attempts, ...changes, status: isOver ? 'issued' : record.status, operation };
  }
  demandArrow(LEGAL, record, from, to);
  const operation = isUnfinished(to)
    ? { ...(present ?? composeOperation('order', to, now)), state: to, since }
    : null;
  return { ...record, attempts, ...changes, status: to, operation };
}

/**
 * The certificate in force moved to another status; what is in flight stays.
 * @throws Error when the state machine has no such arrow.
 */
export function moveStatus(
  record: CertificateRecord,
  to: Status,
  changes: Partial<CertificateRecord> = {},
): CertificateRecord {
  demandArrow(LEGAL, record, record.status, to);
  return { ...record, ...changes, status: to };
}

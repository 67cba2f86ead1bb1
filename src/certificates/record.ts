import type { ValidationInstruction } from '../namecheap/api.js';

/** The states a certificate goes through (`status` of `certificate show`). */
export const STATUSES = [
  'accepted',
  'purchasing',
  'purchase-unclear',
  'purchased',
  'pending-validation',
  'issued',
  'expired',
  'failed',
  'parked',
  'revoked',
  'closed',
] as const;
export type Status = (typeof STATUSES)[number];

/** What is in flight. `state` moves like a status; `since` is an ISO time. */
export interface Operation {
  job: 'order' | 'renew' | 'reissue';
  state: Status;
  since: string;
}

export interface Money {
  amount: string;
  currency: string;
}

/** One charged call: written as an intent before it is made, and kept with the record once it was made. */
export interface Purchase {
  id: string;
  /** Bought once, ever: for an order it is `order-<serviceId>`. */
  key: string;
  /** At most one unsettled purchase per lane: `order-<canonical product>`. */
  lane: string;
  product: string;
  years: number;
  sansToAdd: number;
  /** Redis time when the intent was recorded, ms. */
  begunAt: number;
  /** Complete listings without a candidate, started after the settle time. Two of them prove `not-made`. */
  cleanLooks: number;
}

/** Everything known of one service's certificate but the request (CSR, DCV) and the PEM, which are stored beside it. Times ISO 8601 UTC unless said otherwise. */
export interface CertificateRecord {
  serviceId: string;
  /** Counts every saved change: the compare in compare-and-set. */
  version: number;
  module: string;
  /** The Namecheap account (endpoint and UserName), see `accountId`. */
  account: string;
  status: Status;
  operation: Operation | null;
  requestedType: string;
  type: string | null;
  years: number;
  commonName: string;
  sans: string[];
  fingerprint: string;
  acceptedAt: string;
  purchase: Purchase | null;
  certificateId: number | null;
  certificateIds: number[];
  orderId: number | null;
  transactionId: number | null;
  charged: Money | null;
  /** When an activation was begun; kept until its outcome is known. */
  activationBegunAt: string | null;
  activatedAt: string | null;
  validation: ValidationInstruction[];
  issuedAt: string | null;
  endDate: string | null;
  paidTill: string | null;
  termEnd: string | null;
  nextReissueAt: string | null;
  /** Null, or what a person must know or decide, and how. */
  problem: string | null;
  /** Failures in a row of the present step; reset by every step that succeeds. */
  attempts: number;
  /** Purchases of this order that ended unclear and were concluded as not made. */
  lostTries: number;
  /** When it is looked at again, ms; null when nothing is in flight. Score in the sorted set `open`. */
  nextActionAt: number | null;
}

/** An unfinished order is rung again by the collector only this long after its job should have gone on, ms: then the job was lost. */
export const RING_GRACE_MS = 60_000;

const LEGAL: Readonly<Record<Status, readonly Status[]>> = {
  accepted: ['purchasing', 'purchase-unclear', 'purchased', 'failed', 'parked', 'closed'],
  purchasing: ['purchased', 'purchase-unclear', 'accepted', 'failed', 'parked'],
  'purchase-unclear': ['purchased', 'accepted', 'parked'],
  purchased: ['pending-validation', 'failed', 'parked', 'closed'],
  'pending-validation': ['issued', 'failed', 'parked', 'closed'],
  issued: ['expired', 'revoked', 'closed'],
  expired: ['closed'],
  failed: ['accepted', 'purchased', 'closed'],
  parked: ['accepted', 'purchased', 'pending-validation', 'failed', 'closed'],
  revoked: ['closed'],
  closed: [],
};

/** In these states something is still to be done by the system; the record stands in `open`. */
export function isUnfinished(status: Status): boolean {
  return ['accepted', 'purchasing', 'purchase-unclear', 'purchased', 'pending-validation'].includes(status);
}

function canMove(from: Status, to: Status): boolean {
  return LEGAL[from].includes(to);
}

/**
 * The record moved to another status (or changed within its status when `to` is the present one), as a new
 * object; the version is raised by the store when it is saved.
 * @throws Error when the state machine has no such arrow: that is a bug, never a condition to catch.
 */
export function moveRecord(
  record: CertificateRecord,
  to: Status,
  now: number,
  changes: Partial<CertificateRecord> = {},
): CertificateRecord {
  if (to !== record.status && !canMove(record.status, to)) {
    throw new Error(`Illegal transition of ${record.serviceId}: ${record.status} → ${to}`);
  }
  const isSame = to === record.status;
  const isProgress = ['purchased', 'pending-validation', 'issued'].includes(to) && !isSame;
  const operation = isUnfinished(to)
    ? {
        job: record.operation?.job ?? 'order',
        state: to,
        since: isSame && record.operation ? record.operation.since : new Date(now).toISOString(),
      }
    : null;
  return { ...record, attempts: isProgress ? 0 : record.attempts, ...changes, status: to, operation };
}

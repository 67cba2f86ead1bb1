import type { ValidationInstruction } from '../namecheap/api.js';
import type { OrderPayload } from './order-payload.js';

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

export const OPERATION_JOBS = ['order', 'renew', 'reissue'] as const;
export type OperationJob = (typeof OPERATION_JOBS)[number];

/** Why a certificate is reissued: its End date is near, or somebody wants another key or other names. */
export const REISSUE_REASONS = ['end-date', 'rekey', 'names'] as const;
export type ReissueReason = (typeof REISSUE_REASONS)[number];

/**
 * What is in flight. `state` moves like a status; `since` is an ISO time. An order's state is the record's status; that
 * of a renewal or reissue moves beside the certificate in force, and stays, `failed` or `parked`, until something follows it.
 */
export interface Operation {
  job: OperationJob;
  state: Status;
  since: string;
  /** When it was accepted, ISO. */
  acceptedAt: string;
  /** The certificate that is being got; null until it is known. An order's is the record's own. */
  certificateId: number | null;
  /** Reissues only. */
  reason: ReissueReason | null;
  /** The names it asks for, the common name first; null for those of the record. */
  names: string[] | null;
  /** Reissues only: names beyond what was bought may be charged. */
  allowCharge: boolean;
  /** Renewals only: the years that are bought, and the end of the paid term that they extend. */
  years: number | null;
  extends: string | null;
  /** The id of the errand that it carries out. */
  requestId: string | null;
}

/** What `dcv`, `close`, `revoke`, `reissue` and `renew` asked for and no worker has begun: kept here, so that losing the job loses nothing. */
export interface Errand {
  /** The caller's `requestId`, or the id of the job that brought it: the same id of the same kind of job is done once. */
  id: string;
  job: string;
  payload: Record<string, unknown>;
  at: string;
  /** Of a renewal that was begun before: its purchases that came to nothing. */
  lostTries?: number | undefined;
}

/** A paid term that was extended: its end before, and after. Times ISO. */
export interface Renewal {
  from: string;
  till: string;
  years: number;
  certificateId: number;
  requestId: string | null;
}

/** A stretch of time that certificates of this service cover without a gap. Times ISO. */
export interface Span {
  from: string;
  till: string;
}

export interface Money {
  amount: string;
  currency: string;
}

/** What a charged call buys: a certificate, a follow-up term (bound to its certificate), or more names for one. */
export type PurchaseKind = 'order' | 'renew' | 'names';

/** One charged call: written as an intent before it is made, and kept with the record once it was made. */
export interface Purchase {
  id: string;
  kind: PurchaseKind;
  serviceId: string;
  /** Bought once, ever: `order-<serviceId>`, `renew-<serviceId>-<end of the term>`, `names-<certificate>-<names then>`. */
  key: string;
  /** At most one unsettled purchase per lane: `order-<canonical product>`, `renew-<canonical product>`, `names-<certificate>`. */
  lane: string;
  product: string;
  years: number;
  sansToAdd: number;
  /** Redis time when the intent was recorded, ms. */
  begunAt: number;
  /** Complete listings without a candidate, started after the settle time. Two of them prove `not-made`. */
  cleanLooks: number;
  /** Names only: as Namecheap counted before, and the certificate they are for. */
  sansBefore?: number | null | undefined;
  certificateId?: number | null | undefined;
  /** Namecheap refused because the same was bought before (4028294): it is to be found, never bought. */
  isProvenEarlier?: boolean | undefined;
  /** Names only: they are bought and counted. */
  isMade?: boolean | undefined;
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
  /** Names bought beyond those in the base price of the certificate in force. */
  sansAdded: number;
  renewals: Renewal[];
  /** What was covered, merged. The last one may reach beyond the End date: a CA may have shortened a reissue. */
  covered: Span[];
  /** What was announced or begun, and for which End date, term or certificate: each only once. */
  announced: Partial<Record<Announcement, string>>;
  /** Null, or why nothing is reissued by itself any more. */
  automationStopped: string | null;
  /** Not begun yet, oldest first. */
  errands: Errand[];
  /** Errands that were begun or done, each as job/id, the newest last. */
  doneErrands: string[];
  /** A renewal or reissue that another one was let past; it comes back when that one is done. */
  shelved: Flight | null;
  revokedIds: number[];
  revoking: number[]; // Revocations that were begun and not answered.
  closedFrom: Status | null;
  /** Null, or what a person must know or decide, and how. */
  problem: string | null;
  /** Failures in a row of the present step; reset by every step that succeeds. */
  attempts: number;
  /** Purchases of this order that ended unclear and were concluded as not made. */
  lostTries: number;
  /** When it is looked at again, ms; null when nothing is in flight. Score in the sorted set `open`. */
  nextActionAt: number | null;
}

/** Announced once for each End date, term or certificate. `twin`: what may have been bought before data was lost, and a person has seen. */
export type Announcement = 'reissue' | 'emergency' | 'expiring' | 'gap' | 'pending-long' | 'twin';

/** The fields that belong to what is in flight, with its request: what is put aside together. */
export interface Flight extends Pick<
  CertificateRecord,
  'purchase' | 'activationBegunAt' | 'activatedAt' | 'validation' | 'attempts' | 'lostTries' | 'problem'
> {
  operation: Operation;
  /** What it asked for itself; the rest follows what is in force. */
  asked: Partial<OrderPayload>;
  /** Of a closed service: what was shelved before, and is again once this is back. */
  under?: Flight | null | undefined;
}

/** An unfinished order is rung again by the collector only this long after its job should have gone on, ms: then the job was lost. */
export const RING_GRACE_MS = 60_000;

/** In these states something is still to be done by the system; the record stands in `open`. */
export function isUnfinished(status: Status): boolean {
  return ['accepted', 'purchasing', 'purchase-unclear', 'purchased', 'pending-validation'].includes(status);
}

/** Where the work on the record stands: the state of what is in flight, else its status. */
export function readStage(record: Pick<CertificateRecord, 'operation' | 'status'>): Status {
  return record.operation !== null && isFollowUp(record) ? record.operation.state : record.status;
}

/** The certificate that is being got, or null while it is not known: an order's is the record's own. */
export function readFlightId({ operation, certificateId }: CertificateRecord): number | null {
  if (operation === null || operation.job === 'order') return certificateId;
  return operation.certificateId;
}

/** True for a renewal or reissue: beside it a certificate is in force. */
export function isFollowUp({ operation }: Pick<CertificateRecord, 'operation'>): boolean {
  return operation !== null && operation.job !== 'order';
}

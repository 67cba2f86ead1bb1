import type { ValidationInstruction } from '../namecheap/api.js';
import type { AwaitedView } from './awaited.js';
import { describeCoverage, type CoverageView } from './coverage.js';
import type { CertificateRecord, Errand, Money, Operation, Renewal, Status } from './record.js';

/** What `order` and its kin return. */
export interface CertificateResult {
  serviceId: string;
  module: string;
  certificateId: number | null;
  status: Status;
  type: string | null;
  requestedType: string;
  years: number;
  commonName: string;
  sans: string[];
  charged: Money | null;
  validation: ValidationInstruction[];
  endDate: string | null;
  paidTill: string | null;
  /** What is in flight, with the certificate that it is getting. */
  operation: Operation | null;
}

/** One transition, as it is kept and shown. */
export interface HistoryEntry {
  at: string;
  from: Status | null;
  to: Status;
  /** What was in flight beside the certificate in force, such as `reissue accepted`. */
  operation?: string | undefined;
  cause: string;
}

export interface Pem {
  certificate: string;
  chain: string[];
}

/** What events carry: the certificate without its history. */
export interface CertificateSnapshot extends CertificateResult {
  orderId: number | null;
  transactionId: number | null;
  certificateIds: number[];
  /** Those of them that were revoked. */
  revokedIds: number[];
  issuedAt: string | null;
  nextReissueAt: string | null;
  certificate: string | null;
  chain: string[];
  /** End of the paid term, also where `paidTill` is null. */
  termEnd: string | null;
  renewals: Renewal[];
  coverage: CoverageView;
  problem: string | null;
}

/** What `certificate show --json` prints. */
export interface CertificateView extends CertificateSnapshot {
  /** What is awaited, since when, when it is looked at next and what a person can do. */
  awaited: AwaitedView | null;
  /** A renewal that a reissue was let past; it comes back when that one is done. */
  shelved: { operation: Operation; problem: string | null } | null;
  /** What was asked for and waits for its turn, oldest first. */
  errands: Pick<Errand, 'id' | 'job' | 'at'>[];
  /** Null, or why nothing is reissued by itself any more. */
  automationStopped: string | null;
  history: HistoryEntry[];
}

/** The job's return value. */
export function presentResult(record: CertificateRecord): CertificateResult {
  const { serviceId, module, certificateId, status, type, requestedType, years, commonName, sans } = record;
  const { charged, validation, endDate, paidTill, operation } = record;
  return {
    ...{ serviceId, module, certificateId, status, type, requestedType, years, commonName, sans },
    ...{ charged, validation, endDate, paidTill, operation },
  };
}

/** The event's `data`. */
export function presentSnapshot(record: CertificateRecord, pem: Pem | null): CertificateSnapshot {
  return {
    ...presentResult(record),
    orderId: record.orderId,
    transactionId: record.transactionId,
    certificateIds: record.certificateIds,
    revokedIds: record.revokedIds,
    issuedAt: record.issuedAt,
    nextReissueAt: record.nextReissueAt,
    certificate: pem?.certificate ?? null,
    chain: pem?.chain ?? [],
    termEnd: record.termEnd,
    renewals: record.renewals,
    coverage: describeCoverage(record),
    problem: record.problem,
  };
}

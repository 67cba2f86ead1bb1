import type { ValidationInstruction } from '../namecheap/api.js';
import type { CertificateRecord, Money, Operation, Status } from './record.js';

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
}

/** One transition, as it is kept and shown. */
export interface HistoryEntry {
  at: string;
  from: Status | null;
  to: Status;
  cause: string;
}

export interface Pem {
  certificate: string;
  chain: string[];
}

/** What events carry: the certificate without its history. */
export interface CertificateSnapshot extends CertificateResult {
  operation: Operation | null;
  orderId: number | null;
  transactionId: number | null;
  certificateIds: number[];
  issuedAt: string | null;
  nextReissueAt: string | null;
  certificate: string | null;
  chain: string[];
  problem: string | null;
}

/** What `certificate show --json` prints. */
export interface CertificateView extends CertificateSnapshot {
  history: HistoryEntry[];
}

/** The job's return value. */
export function presentResult(record: CertificateRecord): CertificateResult {
  const { serviceId, module, certificateId, status, type, requestedType, years, commonName, sans } = record;
  const { charged, validation, endDate, paidTill } = record;
  return {
    ...{ serviceId, module, certificateId, status, type, requestedType, years, commonName, sans },
    ...{ charged, validation, endDate, paidTill },
  };
}

/** The event's `data`. */
export function presentSnapshot(record: CertificateRecord, pem: Pem | null): CertificateSnapshot {
  return {
    ...presentResult(record),
    operation: record.operation,
    orderId: record.orderId,
    transactionId: record.transactionId,
    certificateIds: record.certificateIds,
    issuedAt: record.issuedAt,
    nextReissueAt: record.nextReissueAt,
    certificate: pem?.certificate ?? null,
    chain: pem?.chain ?? [],
    problem: record.problem,
  };
}

import type { CertificateSnapshot } from './certificates/present.js';

/** Events of one certificate. */
export type CertificateEventType =
  | 'certificate.accepted'
  | 'certificate.purchased'
  | 'certificate.activated'
  | 'certificate.issued'
  | 'certificate.reissue-due'
  | 'certificate.reissued'
  | 'certificate.renewed'
  | 'certificate.expiring'
  | 'certificate.expired'
  | 'certificate.revoked'
  | 'certificate.closed'
  | 'certificate.failed'
  | 'certificate.parked'
  | 'certificate.pending-long'
  | 'certificate.gap'
  | 'certificate.emergency';

/** Events of an account or module rather than of one certificate. */
export type AccountEventType =
  | 'module.unreachable'
  | 'module.low-balance'
  | 'account.audit-failed'
  | 'account.foreign'
  | 'account.spending-limit'
  | 'quota.exhausted'
  | 'quota.forecast';

export interface CertificateEvent {
  id: string;
  type: CertificateEventType;
  at: string;
  serviceId: string;
  module: string;
  data: CertificateSnapshot;
}

export interface AccountEvent {
  id: string;
  type: AccountEventType;
  at: string;
  serviceId: null;
  module: string | null;
  data: Record<string, unknown>;
}

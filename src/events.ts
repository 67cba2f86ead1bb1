import type { CertificateSnapshot } from './certificates/present.js';

/** The certificate events this version emits. */
export type CertificateEventType =
  | 'certificate.accepted'
  | 'certificate.purchased'
  | 'certificate.activated'
  | 'certificate.issued'
  | 'certificate.failed'
  | 'certificate.parked';

/** Events of an account or module rather than of one certificate. */
export type AccountEventType = 'module.unreachable' | 'module.low-balance' | 'account.foreign';

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

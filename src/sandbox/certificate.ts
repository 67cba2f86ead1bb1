import type { Product } from './catalogue.js';
import type { SigningRequest } from './csr.js';
import type { NameValidation } from './validation.js';

/** `newpurchase` → (ssl.activate) → `purchased` → (validation) → `active`; `purchaseerror`: the CA rejected it. */
export type CertificateStatus =
  'newpurchase' | 'newrenewal' | 'purchased' | 'active' | 'replaced' | 'purchaseerror' | 'cancelled';

/** What ssl.activate submitted. Times are ms since the epoch. */
export interface Activation {
  at: number;
  csr: SigningRequest;
  /** The common name first, then the additional names. */
  names: readonly NameValidation[];
  uniqueValue: string;
  adminEmail: string;
  /** When validation completes; null while it never does. */
  validatedAt: number | null;
}

export interface Issuance {
  at: number;
  notAfter: number;
  /** Every name of the leaf. */
  names: readonly string[];
}

/** One certificate of the account, from purchase on. Times are ms since the epoch. */
export interface Certificate {
  certificateId: number;
  orderId: number;
  providerOrderId: string;
  product: Product;
  years: number;
  /** Names that may be used besides the common name. */
  sansCount: number;
  status: CertificateStatus;
  orderedAt: number;
  activationExpiresAt: number;
  activation: Activation | null;
  issuance: Issuance | null;
  /** End of the paid term: the first issuance plus the years; null before it. */
  termEnd: number | null;
}

/** The activation's common name; empty before activation. */
export function readCommonName(certificate: Certificate): string {
  return certificate.activation?.names[0]?.domain ?? '';
}

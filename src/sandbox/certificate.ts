import { INCLUDED_SANS, type Product } from './catalogue.js';
import { addYears } from './clock.js';
import type { SigningRequest } from './csr.js';
import type { Charge } from './order.js';
import type { CertificateAuthorityName } from './type-names.js';
import type { NameValidation } from './validation.js';

/**
 * `newpurchase` (ssl.create) or `newrenewal` (ssl.renew) → ssl.activate → `purchased` → validation → `active`.
 * ssl.reissue makes an active one `replaced`, by a new certificate that begins as `purchased`.
 * `purchaseerror`: the CA rejected it; only Namecheap's support can undo that. `cancelled` and `expired` come from
 * `POST /_status` alone: nobody knows when Namecheap sets `expired`, an active certificate past its end stays `active`.
 */
export const CERTIFICATE_STATUSES = [
  'newpurchase',
  'newrenewal',
  'purchased',
  'active',
  'replaced',
  'purchaseerror',
  'cancelled',
  'expired',
] as const;
export type CertificateStatus = (typeof CERTIFICATE_STATUSES)[number];

/** What ssl.activate and ssl.reissue submit to the CA. */
export interface Submission {
  csr: SigningRequest;
  /** The common name first, then the additional names. */
  names: readonly NameValidation[];
  uniqueValue: string;
  /** Empty when none was given. */
  adminEmail: string;
  /** Who is to sign: the CA of the day of the submission. */
  authority: CertificateAuthorityName;
}

/** A submission that was accepted. Times are ms since the epoch. */
export interface Activation extends Submission {
  at: number;
  /** When validation completes; null while it never does. */
  validatedAt: number | null;
  /** Whether it does only once somebody asks again (ssl.editDCVMethod, ssl.resendApproverEmail). */
  isAwaitingRetry: boolean;
}

export interface Issuance {
  at: number;
  notAfter: number;
  /** Every name of the leaf. */
  names: readonly string[];
}

/** One certificate of the account, from purchase (or reissue) on. Times are ms since the epoch. */
export interface Certificate {
  certificateId: number;
  orderId: number;
  /** The CA's order: a certificate and all its reissues share it, a renewal has its own. */
  providerOrderId: string;
  product: Product;
  /** The product's name: that of its sale, or of the last reissue. */
  type: string;
  years: number;
  /** Names that may be used besides the common name. */
  sansCount: number;
  status: CertificateStatus;
  orderedAt: number;
  activationExpiresAt: number;
  activation: Activation | null;
  issuance: Issuance | null;
  /** End of the paid term: see `computeTermEnd`; null before the first issuance. */
  termEnd: number | null;
  /** The certificate that this one was bought to follow, for renewals (and their reissues). */
  renews: number | null;
  /** Days of the renewed certificate's term that were left when this one was activated. */
  carriedOverDays: number;
  /** The certificate that this one is the reissue of. */
  replaces: number | null;
  /** The reissue of this one. */
  replacedBy: number | null;
  revokedAt: number | null;
  /** Bought or reissued in the web interface, by nobody's API call. */
  isByHand: boolean;
}

export function makeCertificate(
  charge: Charge,
  providerOrderId: string,
  renewed: Certificate | null,
): Certificate {
  const includedSans = charge.product.coverage === 'multi-domain' ? INCLUDED_SANS : 0;
  return {
    certificateId: charge.certificateId,
    orderId: charge.orderId,
    providerOrderId,
    product: charge.product,
    type: charge.type,
    years: charge.years,
    sansCount: includedSans + charge.sansToAdd,
    status: renewed === null ? 'newpurchase' : 'newrenewal',
    orderedAt: charge.at,
    activationExpiresAt: addYears(charge.at, 1),
    activation: null,
    issuance: null,
    termEnd: null,
    renews: renewed?.certificateId ?? null,
    carriedOverDays: 0,
    replaces: null,
    replacedBy: null,
    revokedAt: null,
    isByHand: charge.isByHand,
  };
}

/** The activation's common name; empty before activation. */
export function readCommonName(certificate: Certificate): string {
  return certificate.activation?.names[0]?.domain ?? '';
}

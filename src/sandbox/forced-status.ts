import type { Certificate, CertificateStatus } from './certificate.js';

const WAITING: readonly CertificateStatus[] = ['newpurchase', 'newrenewal'];
const ISSUED: readonly CertificateStatus[] = ['active', 'replaced', 'expired'];

/**
 * Sets a status without what normally leads to it: what support, a refund or time do, or a status that flickers.
 * Everything else stays: a replaced certificate forced back to `active` still tells its ReplacedBy. Only a certificate
 * put back to before its activation loses that one, as when support resets a `purchaseerror`.
 * @returns null when done, else why the certificate cannot have that status
 */
export function forceStatus(certificate: Certificate, status: CertificateStatus): string | null {
  const obstacle = findObstacle(certificate, status);
  if (obstacle !== null) return obstacle;
  certificate.status = status;
  if (WAITING.includes(status)) certificate.activation = null;
  return null;
}

function findObstacle({ activation, issuance }: Certificate, status: CertificateStatus): string | null {
  if (WAITING.includes(status) && issuance !== null) return 'the certificate was issued already';
  if (status === 'purchased' && activation === null) return 'the certificate was never activated';
  if (ISSUED.includes(status) && issuance === null) {
    return 'the certificate was never issued: activate it and complete its validation (POST /_validation) first';
  }
  return null;
}

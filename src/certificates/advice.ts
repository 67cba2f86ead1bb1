import type { CertificateRecord } from './record.js';

type Named = Pick<CertificateRecord, 'serviceId'>;

/** What to compare, and which decision follows, where nobody can tell by reading whether a purchase was made. */
export function advisePurchase({ serviceId }: Named): string {
  return (
    'Compare the certificates and transactions in the account at Namecheap: ' +
    `if one of them is this purchase, decide with certificate resolve ${serviceId} --adopt ID; if nothing was charged, with --not-made; --release gives it up.`
  );
}

/** Which decision lets it go on once the cause is mended, and which gives it up. */
export function adviseRetry({ serviceId }: Named): string {
  return `Then decide with certificate resolve ${serviceId} --retry; --release gives it up.`;
}

import { adviseRetry } from './advice.js';
import type { CertificateRecord } from './record.js';

/** What a status that needs a person means, and whom to ask. */
export function describeStatus(certificateId: number, status: string): string {
  if (status === 'purchaseerror') {
    return (
      `The CA rejected certificate ${certificateId} (purchaseerror), and only Namecheap's support can reset it. Write to them: the certificate id, ` +
      'the domain, that ssl.activate or ssl.reissue ended in purchaseerror, and when; for OV and EV also the organisation as it was ordered.'
    );
  }
  return `Certificate ${certificateId} is "${status}" at Namecheap, which was not expected. Look at it there, and contact their support if it is wrong.`;
}

/** The same for what is parked because of it, with the decision that follows. */
export function describeTrouble(
  record: Pick<CertificateRecord, 'serviceId'>,
  certificateId: number,
  status: string,
): string {
  return `${describeStatus(certificateId, status)} ${adviseRetry(record)}`;
}

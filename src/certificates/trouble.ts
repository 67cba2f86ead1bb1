/** Statuses that need a person. Anything else that is neither pending nor active (inprogress, processing…) is waited for. */
export function isTrouble(status: string): boolean {
  return ['purchaseerror', 'cancelled', 'canceled', 'replaced', 'expired', 'deactivated'].includes(status);
}

/** What a status that needs a person means. */
export function describeTrouble(certificateId: number, status: string): string {
  if (status === 'purchaseerror') {
    return (
      `The CA rejected certificate ${certificateId} (purchaseerror), and only Namecheap's support can reset it. Write to them: the certificate id, ` +
      'the domain, that ssl.activate or ssl.reissue ended in purchaseerror, and when; for OV and EV also the organisation as it was ordered. Once they have reset it, run a sync job.'
    );
  }
  return `Certificate ${certificateId} is "${status}" at Namecheap, which this order did not expect. Look at it there, and contact their support if it is wrong.`;
}

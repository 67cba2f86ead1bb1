import type { CertificateRecord } from './record.js';

/** Why nothing is reissued by itself for a certificate whose service is not known. */
export const PLACEHOLDER_STOP =
  'imported without a service: map it to its service with certificate import --map';

/** The service id of a certificate whose service is not known, by the first id of its chain. */
export function composePlaceholderId(firstId: number): string {
  return `nc-${firstId}`;
}

/** Whether an id is of the form that is kept for such certificates: no service of the billing system may be called so. */
export function isPlaceholderId(serviceId: string): boolean {
  return /^nc-\d+$/.test(serviceId);
}

/** Whether the record only keeps a certificate until somebody says whose it is. */
export function isPlaceholder({
  serviceId,
  certificateIds,
}: Pick<CertificateRecord, 'serviceId' | 'certificateIds'>): boolean {
  const [first] = certificateIds;
  return first !== undefined && serviceId === composePlaceholderId(first);
}

import type { CertificateInfo } from '../namecheap/api.js';
import { walkChain } from './reissue.js';
import type { CertificateRecord } from './record.js';

/**
 * Whether what a person names as the renewal is a reissue of the certificate in force, made by hand: it has the CSR and the
 * years of the service too, but nobody paid for a further term.
 * @returns the fault; null where there is none.
 */
export async function findReissueFault(
  { serviceId, module, certificateId: own }: CertificateRecord,
  certificateId: number,
  read: (certificateId: number) => Promise<CertificateInfo>,
): Promise<string | null> {
  const { replacedBy } = own === null ? { replacedBy: null } : await read(own);
  if (replacedBy === null) return null;
  const chain: number[] = [];
  await walkChain(async (id) => {
    chain.push(id);
    return await read(id);
  }, replacedBy);
  return chain.includes(certificateId)
    ? `certificate ${certificateId} is a reissue of ${String(own)} and no renewal: take it over with module reconcile ${module}, then renew with certificate resolve ${serviceId} --retry`
    : null;
}

import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import type { CertificateRecord } from './record.js';

/** getInfo counts the names besides the common name; a multi-domain certificate has this many in its base price. */
export const NAMES_BESIDES = 2;

/**
 * Names that were bought for a certificate before data was lost are seen on the certificate alone: a reissue that wants to
 * buy some parks, once for each count.
 * @throws FailError after parking.
 */
export async function demandKnownNames(
  work: Work,
  record: CertificateRecord,
  sansCount: number | null,
): Promise<void> {
  const { serviceId, certificateId, sansAdded, announced } = record;
  if (sansCount === null || sansCount <= NAMES_BESIDES + sansAdded) return;
  const seen = `${String(certificateId)}: ${sansCount} names`;
  if (announced.twin === seen) return;
  throw await parkRecord(
    work,
    { ...record, announced: { ...announced, twin: seen } },
    `Namecheap counts ${sansCount} names for certificate ${String(certificateId)}, our books know of ${NAMES_BESIDES + sansAdded}: the others may have been bought for this reissue before data was lost. Nothing was bought. ` +
      `If they were, decide with certificate resolve ${serviceId} --adopt ${String(certificateId)}; to buy all the same, with --retry; --release gives the reissue up.`,
  );
}

import type { Work } from './ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';
import { moveRecord } from './transitions.js';

/** The call was never made: the lane is free again. @returns the record, `accepted`. */
export async function abandon(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  cause: string,
): Promise<CertificateRecord> {
  const after = moveRecord(record, 'accepted', work.now(), {
    purchase: null,
    nextActionAt: work.now() + RING_GRACE_MS,
  });
  const step = { before: record, after, change: { cause } };
  return await work.purchases.settleNotMade(step, purchase, false);
}

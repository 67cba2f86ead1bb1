import type { Work } from './ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';
import { moveRecord } from './transitions.js';

/** The call was never made: the lane is free again. */
export async function abandon(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  cause: string,
): Promise<void> {
  const after = moveRecord(record, 'accepted', work.now(), {
    purchase: null,
    nextActionAt: work.now() + RING_GRACE_MS,
  });
  await work.purchases.settleNotMade({ before: record, after, change: { cause } }, purchase, false);
}

import { concludeOrWait, parkPurchase } from './conclude.js';
import type { Work } from './ports.js';
import { settleBought } from './purchase-outcome.js';
import type { CertificateRecord, Purchase } from './record.js';

/**
 * Finds out what became of an unanswered purchase of more names: Namecheap counts the names of each certificate, and the
 * count before is stored with the intent.
 * @throws WaitError while it is too early to tell; FailError when the count explains nothing and it was parked.
 */
export async function resolveNames(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<CertificateRecord> {
  const { certificateId = null, sansBefore = null, sansToAdd } = purchase;
  if (certificateId === null) throw new Error(`${record.serviceId}: more names without a certificate`);
  const lookedAt = await work.listings.readClock();
  const seen = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  if (sansBefore !== null && seen.sansCount === sansBefore + sansToAdd) {
    const bought = {
      ...{ certificateId, type: record.type ?? seen.type, orderId: record.orderId },
      ...{ transactionId: null, charged: null },
    };
    const cause = `certificate ${certificateId} takes ${sansToAdd} more name(s): the unanswered purchase had been made`;
    return await settleBought(work, record, purchase, bought, cause);
  }
  if (sansBefore !== null && seen.sansCount === sansBefore)
    return await concludeOrWait(work, record, purchase, lookedAt);
  const problem =
    `After an unanswered purchase of ${sansToAdd} more name(s) Namecheap counts ${seen.sansCount ?? 'no'} names for certificate ${certificateId}, ` +
    `${sansBefore ?? 'an unknown number'} before it. Compare the transactions at Namecheap: if they were charged, decide with certificate resolve ${record.serviceId} --adopt ${certificateId}; ` +
    'if nothing was charged, with --not-made; --release drops the reissue.';
  throw await parkPurchase(work, record, purchase, problem);
}

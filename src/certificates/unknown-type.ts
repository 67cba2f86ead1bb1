import type { FailError } from '../errors.js';
import { parkRecord } from './park.js';
import type { ListedPurchase, Work } from './ports.js';
import type { CertificateRecord } from './record.js';

/**
 * Parks an unanswered purchase that may be hidden behind a type which is not in our catalogue. The purchase is not
 * settled, so the lane stays taken: until a person knows what that product is, buying more of this one could buy twice.
 */
export async function parkUnknown(
  work: Work,
  record: CertificateRecord,
  rows: readonly Pick<ListedPurchase, 'certificateId' | 'type'>[],
): Promise<FailError> {
  const named = rows.map((row) => `${row.certificateId} ("${row.type}")`).join(', ');
  const problem =
    `After an unanswered purchase Namecheap lists a certificate of a type this version does not know: ${named}. ` +
    'Purchases of this product wait for a decision: add the type to config/products.ts where it is a class of ours, restart the workers, ' +
    `and decide with certificate resolve ${record.serviceId} --retry; or with --adopt ID where it is the one that was bought, with --not-made where nothing was charged; --release gives it up.`;
  return await parkRecord(work, record, problem);
}

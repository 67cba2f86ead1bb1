import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import { needsNames } from './purchase-plan.js';
import type { CertificateRecord } from './record.js';

/** A reissue costs nothing unless it asks for more names than were bought. */
export function isFree(record: CertificateRecord, order: CheckedOrder): boolean {
  return record.operation?.job === 'reissue' && !needsNames(record, order);
}

/** Whatever made the count of names too low (a rule, an import): only who allowed a charge is charged. @throws FailError after parking. */
export async function demandAllowance(
  work: Work,
  record: CertificateRecord,
  order: CheckedOrder,
): Promise<CertificateRecord> {
  if (!needsNames(record, order) || record.operation?.allowCharge === true) return record;
  const missing = order.sansToAdd - record.sansAdded;
  const problem =
    `The reissue asks for ${missing} name(s) more than are known to be bought, and nobody allowed a charge. ` +
    `Reissue it with "allowCharge": true, or with fewer names; certificate resolve ${record.serviceId} --release drops this one.`;
  throw await parkRecord(work, record, problem);
}

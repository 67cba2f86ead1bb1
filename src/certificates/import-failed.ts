import type { ImportRun } from './import-run.js';
import { isFollowUp, readStage, type CertificateRecord } from './record.js';

/**
 * An order of this id that failed or was given up and owns nothing: what was bought for it before data was lost may take
 * its place. Null when there is none, or when it is more than that.
 */
export async function findFailedOrder(
  { work }: ImportRun,
  serviceId: string,
): Promise<CertificateRecord | null> {
  const record = (await work.certificates.load(serviceId))?.record;
  if (record === undefined || readStage(record) !== 'failed' || isFollowUp(record)) return null;
  const { purchase, certificateIds, errands, shelved } = record;
  const isEmpty =
    purchase === null && certificateIds.length === 0 && errands.length === 0 && shelved === null;
  const isHere = record.account === work.account.id && record.module === work.account.module;
  return isEmpty && isHere ? record : null;
}

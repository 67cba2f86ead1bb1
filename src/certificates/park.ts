import { FailError } from '../errors.js';
import type { AccountWork } from './ports.js';
import type { CertificateRecord } from './record.js';
import { moveRecord } from './transitions.js';

/** Leaves the record to a person, with the sentence that tells what to decide; returns the error that ends the job. */
export async function parkRecord(
  work: AccountWork,
  record: CertificateRecord,
  problem: string,
): Promise<FailError> {
  const after = moveRecord(record, 'parked', work.now(), { problem, nextActionAt: null });
  const change = { cause: problem, event: 'certificate.parked' as const, lease: work.lease };
  await work.certificates.save({ before: record, after, change });
  return new FailError(problem, 'ERR_PARKED');
}

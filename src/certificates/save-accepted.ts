import { StaleRecordError } from './errors.js';
import type { Work } from './ports.js';
import { readFlightId, readStage, type CertificateRecord } from './record.js';

/** Others may change the record while the CA's answer is written: so often it is tried again. */
const SAVE_TRIES = 5;

/**
 * Writes that the CSR was accepted also when something else was asked of the service meanwhile (an errand came in): else it
 * would have to be looked up, at the cost of calls.
 * @throws StaleRecordError when somebody decided otherwise about this very submission.
 */
export async function saveAccepted(
  work: Work,
  begun: CertificateRecord,
  save: (record: CertificateRecord) => Promise<CertificateRecord>,
): Promise<CertificateRecord> {
  let record = begun;
  for (let attempt = 1; ; attempt++) {
    try {
      return await save(record);
    } catch (error) {
      if (!(error instanceof StaleRecordError) || attempt >= SAVE_TRIES) throw error;
      const stored = await work.certificates.load(begun.serviceId);
      if (stored === null || !isSameSubmission(stored.record, begun)) throw error;
      record = stored.record;
    }
  }
}

function isSameSubmission(now: CertificateRecord, begun: CertificateRecord): boolean {
  const tell = (record: CertificateRecord) =>
    [record.activationBegunAt, readStage(record), record.operation?.requestId, record.certificateId].join();
  return tell(now) === tell(begun) && readFlightId(now) === readFlightId(begun);
}

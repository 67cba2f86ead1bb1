import { describeError, FailError } from '../errors.js';
import type { CertificateInfo, DcvChoice, ValidationInstruction } from '../namecheap/api.js';
import { adviseRetry } from './advice.js';
import { parseCsr } from './csr.js';
import { collectDelay } from './due.js';
import { StaleRecordError } from './errors.js';
import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import type { CertificateRecord } from './record.js';
import { moveRecord } from './transitions.js';
import { isTrouble, isUnused } from './namecheap-status.js';
import { describeTrouble } from './trouble.js';

const ACCEPTED_BEFORE = 'the unanswered submission of the CSR had been accepted';

/** Namecheap has the CSR: the certificate is waited for from now on. */
export async function saveActivated(
  work: Work,
  record: CertificateRecord,
  validation: ValidationInstruction[],
  cause: string,
): Promise<CertificateRecord> {
  const now = work.now();
  const after = moveRecord(record, 'pending-validation', now, describeAccepted(work, validation));
  return await work.certificates.save({
    before: record,
    after,
    change: { cause, event: 'certificate.activated' },
  });
}

/** What every accepted CSR changes in the record. */
export function describeAccepted(
  work: Work,
  validation: ValidationInstruction[],
): Partial<CertificateRecord> {
  const now = work.now();
  return {
    validation,
    problem: null,
    activationBegunAt: null,
    activatedAt: new Date(now).toISOString(),
    nextActionAt: now + collectDelay(0, work.settings.collectEveryMs),
  };
}

/** Whether an unanswered activation happened. Null: it did not, it may be made again. */
export async function lookUpActivation(
  work: Work,
  record: CertificateRecord,
  certificateId: number,
  order: CheckedOrder,
): Promise<CertificateRecord | null> {
  await work.report('looking up what became of an unanswered activation');
  const seen = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  if (isUnused(seen.status)) return null;
  if (isTrouble(seen.status))
    throw await parkRecord(work, record, describeTrouble(record, certificateId, seen.status));
  if (!hasOurCsr(seen, order)) {
    throw await parkRecord(
      work,
      record,
      `Certificate ${certificateId} was activated at Namecheap with another CSR than ours. Find out who did it: bring it in with certificate import --map under the service that it serves, or have Namecheap's support cancel or reset it. ${adviseRetry(record)}`,
    );
  }
  if (seen.status === 'active') return await saveActivated(work, record, [], ACCEPTED_BEFORE);
  return await saveRecovered(work, certificateId, order, (validation, cause) =>
    saveActivated(work, record, validation, cause),
  );
}

/**
 * Accepted first, instructions second: what was accepted must not depend on whether they can be read again.
 * @param save records the acceptance with what must be published
 */
export async function saveRecovered(
  work: Work,
  certificateId: number,
  order: CheckedOrder,
  save: (validation: ValidationInstruction[], cause: string) => Promise<CertificateRecord>,
): Promise<CertificateRecord> {
  try {
    return await save(await recoverValidation(work, certificateId, order), ACCEPTED_BEFORE);
  } catch (error) {
    if (error instanceof StaleRecordError || error instanceof FailError) throw error;
    const problem = `The CSR was accepted, but what to publish for validation could not be read again (${describeError(error)}). Ask for it once more with a dcv job.`;
    const saved = await save(order.dcv.filter(isEmail), problem);
    return await work.certificates.save({
      before: saved,
      after: { ...saved, problem },
      change: { cause: problem },
    });
  }
}

/** Whether Namecheap holds the CSR that we submitted, by its key. */
export function hasOurCsr(seen: CertificateInfo, order: CheckedOrder): boolean {
  return hasOurKey(seen, order.csr.publicKeyHash);
}

/** Whether the CSR that Namecheap holds is for this key. */
function hasOurKey({ csr }: CertificateInfo, publicKeyHash: string): boolean {
  if (csr === null) return false;
  try {
    return parseCsr(csr).publicKeyHash === publicKeyHash;
  } catch {
    return false; // Whatever it is, it is not the CSR we sent.
  }
}

/** getInfo does not tell what to publish; setting the same method again does (documented retry). */
async function recoverValidation(
  work: Work,
  certificateId: number,
  order: CheckedOrder,
): Promise<ValidationInstruction[]> {
  if (order.dcv.every(isEmail)) return order.dcv.filter(isEmail);
  const input = { certificateId, dcv: order.dcv, isMultiDomain: order.product.coverage === 'multi' };
  const { validation, missed } = await work.account.api.editDcvMethod(input, { signal: work.signal });
  if (missed.length > 0) throw new Error(`the method of ${missed.join(', ')} was not set`);
  return validation;
}

function isEmail(choice: DcvChoice): choice is DcvChoice & { method: 'email'; approverEmail: string } {
  return choice.method === 'email' && choice.approverEmail !== undefined;
}

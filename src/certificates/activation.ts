import { describeError, WaitError } from '../errors.js';
import type { CertificateInfo, DcvChoice, ValidationInstruction } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import { delayAfter } from './backoff.js';
import { brake } from './brake.js';
import { parseCsr } from './csr.js';
import { StaleRecordError } from './errors.js';
import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import { moveRecord, RING_GRACE_MS, type CertificateRecord } from './record.js';
import { collectDelay } from './due.js';

const ACCEPTED_BEFORE = 'the unanswered activation had been accepted';

/**
 * Submits the CSR of a bought certificate. Free but not idempotent: the intent is recorded first, and an activation
 * that was begun and not answered is looked up before it is repeated.
 * @returns the record, `pending-validation`.
 * @throws WaitError when it must be tried or looked at later; FailError when Namecheap refuses the input (what was bought stays the service's) or it was parked.
 */
export async function activateCertificate(
  work: Work,
  record: CertificateRecord,
  order: CheckedOrder,
): Promise<CertificateRecord> {
  const { certificateId } = record;
  if (certificateId === null) throw new Error(`${record.serviceId} is purchased without a certificate id`);
  if (record.activationBegunAt !== null) {
    const found = await lookUpActivation(work, record, certificateId, order);
    if (found !== null) return found;
  }
  const begun = await work.certificates.save({
    before: record,
    after: {
      ...record,
      activationBegunAt: new Date(work.now()).toISOString(),
      problem: null,
      nextActionAt: work.now() + RING_GRACE_MS,
    },
    change: { cause: `activation of ${certificateId} begun`, lease: work.lease },
  });
  // Somebody may have decided the claim differently meanwhile.
  const owner = await work.purchases.readOwner(record.account, certificateId);
  if (owner !== record.serviceId) {
    const problem = `Certificate ${certificateId} belongs to ${owner === null ? 'nobody' : `service ${owner}`} in our books, not to this service. Compare both with certificate show before anything is activated.`;
    throw await parkRecord(work, begun, problem);
  }
  await work.report(`activating certificate ${certificateId}`);
  try {
    const input = { certificateId, csr: order.csr.pem, dcv: order.dcv, ...order.activation };
    const { validation } = await work.account.api.activate(input, { signal: work.signal });
    return await saveActivated(work, begun, validation, 'Namecheap accepted the CSR');
  } catch (error) {
    if (error instanceof StaleRecordError) throw error;
    if (error instanceof WaitError) throw await forgetActivation(work, begun, error);
    throw await settleActivationFailure(work, begun, error);
  }
}

/** The quota or a pause held the call back: nothing was submitted, so there is nothing to look up. */
async function forgetActivation(work: Work, record: CertificateRecord, end: WaitError): Promise<WaitError> {
  const after = { ...record, activationBegunAt: null };
  await work.certificates.save({
    before: record,
    after,
    change: { cause: 'not submitted yet', lease: work.lease },
  });
  return end;
}

async function saveActivated(
  work: Work,
  record: CertificateRecord,
  validation: ValidationInstruction[],
  cause: string,
): Promise<CertificateRecord> {
  const now = work.now();
  const after = moveRecord(record, 'pending-validation', now, {
    validation,
    problem: null,
    activationBegunAt: null,
    activatedAt: new Date(now).toISOString(),
    nextActionAt: now + collectDelay(0, work.settings.collectEveryMs),
  });
  return await work.certificates.save({
    before: record,
    after,
    change: { cause, event: 'certificate.activated' },
  });
}

/** Whether an unanswered activation happened. Null: it did not, it may be made again. */
async function lookUpActivation(
  work: Work,
  record: CertificateRecord,
  certificateId: number,
  order: CheckedOrder,
): Promise<CertificateRecord | null> {
  await work.report('looking up what became of an unanswered activation');
  const seen = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  if (seen.status === 'newpurchase' || seen.status === 'newrenewal') return null;
  if (isTrouble(seen.status))
    throw await parkRecord(work, record, describeTrouble(certificateId, seen.status));
  if (!hasOurCsr(seen, order)) {
    throw await parkRecord(
      work,
      record,
      `Certificate ${certificateId} was activated at Namecheap with another CSR than ours. Check who did it; then reissue it with the right CSR.`,
    );
  }
  if (seen.status === 'active') return await saveActivated(work, record, [], ACCEPTED_BEFORE);
  return await saveRecovered(work, record, certificateId, order);
}

/** Activated first, instructions second: what was accepted must not depend on whether they can be read again. */
async function saveRecovered(
  work: Work,
  record: CertificateRecord,
  certificateId: number,
  order: CheckedOrder,
): Promise<CertificateRecord> {
  try {
    const validation = await recoverValidation(work, certificateId, order);
    return await saveActivated(work, record, validation, ACCEPTED_BEFORE);
  } catch (error) {
    if (error instanceof StaleRecordError) throw error;
    const problem = `The activation was accepted, but what to publish for validation could not be read again (${describeError(error)}). It is in the account at Namecheap.`;
    const saved = await saveActivated(work, record, order.dcv.filter(isEmail), problem);
    return await work.certificates.save({
      before: saved,
      after: { ...saved, problem },
      change: { cause: problem },
    });
  }
}

function hasOurCsr(seen: CertificateInfo, order: CheckedOrder): boolean {
  if (seen.csr === null) return false;
  try {
    return parseCsr(seen.csr).publicKeyHash === order.csr.publicKeyHash;
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
  return await work.account.api.editDcvMethod(input, { signal: work.signal });
}

function isEmail(choice: DcvChoice): choice is DcvChoice & { method: 'email'; approverEmail: string } {
  return choice.method === 'email' && choice.approverEmail !== undefined;
}

/** Statuses that need a person. Anything else that is neither pending nor active (inprogress, processing…) is waited for. */
export function isTrouble(status: string): boolean {
  return ['purchaseerror', 'cancelled', 'canceled', 'replaced', 'expired', 'deactivated'].includes(status);
}

/** What a status that needs a person means. */
export function describeTrouble(certificateId: number, status: string): string {
  if (status === 'purchaseerror') {
    return `The CA rejected certificate ${certificateId} (purchaseerror): only Namecheap's support can reset it. Contact them with this id.`;
  }
  return `Certificate ${certificateId} is "${status}" at Namecheap, which this order did not expect. Look at it there, and contact their support if it is wrong.`;
}

async function settleActivationFailure(
  work: Work,
  record: CertificateRecord,
  error: unknown,
): Promise<Error> {
  const isRefusal = error instanceof NamecheapError && error.outcome === 'not-made';
  if (isRefusal && error.verdict === 'fail' && error.errorClass === 'input') {
    const problem = `${error.message} What was bought (certificate ${String(record.certificateId)}) stays with this service: order the same serviceId, type and years again with corrected csr, dcv or contacts.`;
    const after = moveRecord(record, 'failed', work.now(), {
      problem,
      activationBegunAt: null,
      nextActionAt: null,
    });
    await work.certificates.save({
      before: record,
      after,
      change: { cause: problem, event: 'certificate.failed', lease: work.lease },
    });
    return error;
  }
  if (error instanceof NamecheapError && error.errorClass === 'manual')
    return await parkRecord(work, record, error.message);
  const delayMs = delayAfter(error, record.attempts, work.random());
  const after = {
    ...record,
    // Only a call that surely did nothing may be repeated without a look.
    activationBegunAt: isRefusal && error.errorClass !== 'state' ? null : record.activationBegunAt,
    problem: `The activation was not accepted yet: ${describeError(error)}`,
    attempts: record.attempts + 1,
    nextActionAt: work.now() + delayMs + RING_GRACE_MS,
  };
  await work.certificates.save({
    before: record,
    after,
    change: { cause: after.problem, lease: work.lease },
  });
  if (isRefusal) return await brake(work, error, delayMs);
  return new WaitError(after.problem, delayMs);
}

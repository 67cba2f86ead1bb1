import { describeError, WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import { lookUpActivation, saveActivated } from './activation-lookup.js';
import { delayAfter } from './backoff.js';
import { brake } from './brake.js';
import { StaleRecordError } from './errors.js';
import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import { moveRecord, RING_GRACE_MS, type CertificateRecord } from './record.js';

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

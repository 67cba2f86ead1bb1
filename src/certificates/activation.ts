import { describeError, FailError, WaitError } from '../errors.js';
import type { ActivateInput, CallOptions, ValidationInstruction } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import { lookUpActivation, saveActivated } from './activation-lookup.js';
import { adviseRetry } from './advice.js';
import { delayAfter } from './backoff.js';
import { brake } from './brake.js';
import { CutOffError } from './cut-off.js';
import { StaleRecordError } from './errors.js';
import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import { readFlightId, RING_GRACE_MS, type CertificateRecord } from './record.js';
import { lookUpReissue, saveReissued } from './reissue.js';
import { saveAccepted } from './save-accepted.js';
import { moveRecord } from './transitions.js';
import { describeUnconfirmed, UNCONFIRMED_MS } from './unconfirmed.js';
import { saveWait } from './wait.js';

/** With the growing delays between them these take more than an hour. */
const STATE_REFUSALS_ALLOWED = 12;

/** One way to hand the CA a CSR: `ssl.activate` for what was bought, `ssl.reissue` for what is in force. */
interface Submission {
  /** For people. */
  verb: 'activation' | 'reissue';
  /** The certificate that the command names. */
  certificateId: number;
  /** Whether an unanswered one happened. Null: it did not, it may be made again. */
  lookUp(record: CertificateRecord): Promise<CertificateRecord | null>;
  call(
    input: ActivateInput,
    options: CallOptions,
  ): Promise<{ certificateId: number; validation: ValidationInstruction[] }>;
  save(
    record: CertificateRecord,
    made: { certificateId: number; validation: ValidationInstruction[] },
  ): Promise<CertificateRecord>;
}

function planSubmission(work: Work, record: CertificateRecord, order: CheckedOrder): Submission {
  const { api } = work.account;
  const isReissue = record.operation?.job === 'reissue';
  const certificateId = isReissue ? record.certificateId : readFlightId(record);
  if (certificateId === null) throw new Error(`${record.serviceId} submits a CSR without a certificate id`);
  const cause = 'Namecheap accepted the CSR';
  if (isReissue)
    return {
      ...{ verb: 'reissue', certificateId },
      lookUp: (begun) => lookUpReissue(work, begun, certificateId, order),
      call: (input, options) => api.reissue(input, options),
      save: (begun, made) => saveReissued(work, begun, made.certificateId, made.validation, cause),
    };
  return {
    ...{ verb: 'activation', certificateId },
    lookUp: (begun) => lookUpActivation(work, begun, certificateId, order),
    call: (input, options) => api.activate(input, options),
    save: (begun, made) => saveActivated(work, begun, made.validation, cause),
  };
}

/**
 * Submits the CSR of what is in flight. Free but not idempotent: the intent is recorded first, and a submission that was
 * begun and not answered is looked up before it is repeated.
 * @returns the record, `pending-validation`.
 * @throws WaitError when it must be tried or looked at later; FailError when Namecheap refuses the input (what was bought stays the service's) or it was parked.
 */
export async function submitCsr(
  work: Work,
  record: CertificateRecord,
  order: CheckedOrder,
): Promise<CertificateRecord> {
  const submission = planSubmission(work, record, order);
  const { certificateId, verb } = submission;
  if (record.activationBegunAt !== null) {
    const found = await submission.lookUp(record);
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
    change: { cause: `${verb} of ${certificateId} begun`, lease: work.lease },
  });
  // Somebody may have decided the claim differently meanwhile, and a failover must not forget the submission.
  const { owner, unconfirmed } = await work.purchases.confirmOwner(record.account, certificateId);
  if (owner !== record.serviceId) {
    const problem = `Certificate ${certificateId} belongs to ${owner === null ? 'nobody' : `service ${owner}`} in our books, not to this service. Compare both with certificate show before anything is submitted. ${adviseRetry(record)}`;
    throw await parkRecord(work, begun, problem);
  }
  if (unconfirmed > 0) throw await holdBack(work, begun, unconfirmed);
  await work.report(`${verb} of certificate ${certificateId}`);
  try {
    const input = { certificateId, csr: order.csr.pem, dcv: order.dcv, ...order.activation };
    const made = await submission.call(input, { signal: work.signal });
    return await saveAccepted(work, begun, (record) => submission.save(record, made));
  } catch (error) {
    if (error instanceof StaleRecordError) throw error;
    if (error instanceof WaitError) throw await forgetSubmission(work, begun, error);
    throw await settleFailure(work, begun, submission, error);
  }
}

/** A failover to a replica that does not know of the intent would submit a second time: no call is made. */
async function holdBack(work: Work, record: CertificateRecord, unconfirmed: number): Promise<Error> {
  const reason = describeUnconfirmed('The CSR was not submitted', unconfirmed);
  const after = { ...record, activationBegunAt: null };
  const change = { cause: reason, lease: work.lease };
  const held = await work.certificates.save({ before: record, after, change });
  return await saveWait(work, held, reason, UNCONFIRMED_MS, work.lease);
}

/** The quota or a pause held the call back: nothing was submitted, so there is nothing to look up. */
async function forgetSubmission(work: Work, record: CertificateRecord, end: WaitError): Promise<WaitError> {
  const after = { ...record, activationBegunAt: null };
  await work.certificates.save({
    before: record,
    after,
    change: { cause: 'not submitted yet', lease: work.lease },
  });
  return end;
}

async function settleFailure(
  work: Work,
  record: CertificateRecord,
  { verb }: Submission,
  error: unknown,
): Promise<Error> {
  if (error instanceof FailError) return error; // Parked already, where its outcome was saved.
  const isRefusal = error instanceof NamecheapError && error.outcome === 'not-made';
  // Cut off with the worker: the next one looks first whether it happened.
  if (!isRefusal && work.signal.aborted) return new CutOffError();
  if (isRefusal && error.verdict === 'fail' && error.errorClass === 'input') {
    const problem = `${error.message} ${adviseCorrection(record)}`;
    const changes = { problem, activationBegunAt: null, nextActionAt: null };
    const after = moveRecord(record, 'failed', work.now(), changes);
    const change = { cause: problem, event: 'certificate.failed' as const, lease: work.lease };
    await work.certificates.save({ before: record, after, change });
    return new FailError(problem, error.code, error);
  }
  if (error instanceof NamecheapError && error.errorClass === 'manual')
    return await parkRecord(work, record, `${error.message} ${adviseRetry(record)}`);
  if (isStuck(error, record))
    return await parkRecord(
      work,
      record,
      `The ${verb} was refused ${record.attempts + 1} times, although a look at the certificate explains nothing: ${error.message} ${adviseRetry(record)}`,
    );
  const delayMs = delayAfter(error, record.attempts, work.random());
  const after = {
    ...record,
    // Only a call that surely did nothing may be repeated without a look.
    activationBegunAt: isRefusal && error.errorClass !== 'state' ? null : record.activationBegunAt,
    problem: `The ${verb} was not accepted yet: ${describeError(error)}`,
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

/** The same refusal of a certificate's state for more than an hour: asking on would spend the quota for nothing. */
function isStuck(error: unknown, { attempts }: CertificateRecord): error is NamecheapError {
  return (
    error instanceof NamecheapError && error.errorClass === 'state' && attempts >= STATE_REFUSALS_ALLOWED
  );
}

function adviseCorrection(record: CertificateRecord): string {
  const bought = `What was bought (certificate ${String(readFlightId(record))}) stays with this service`;
  switch (record.operation?.job ?? 'order') {
    case 'order':
      return `${bought}: order the same serviceId, type and years again with corrected csr, dcv or contacts.`;
    case 'renew':
      return `${bought}: renew it again with a corrected csr or dcv.`;
    case 'reissue':
      return 'The certificate in force is untouched: reissue it again with a corrected csr, dcv or names.';
  }
}

import { changeValidation, rememberChoice, type DcvOutcome } from '../src/certificates/dcv.js';
import { dcvPayloadSchema, planValidation, type DcvPayload } from '../src/certificates/dcv-request.js';
import { acceptErrand, requireService, runErrand } from '../src/certificates/inbox.js';
import { openServiceAccount } from '../src/certificates/open-account.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import type { Stored } from '../src/certificates/ports.js';
import { WaitError } from '../src/errors.js';
import { defineJob, done } from '../src/job.js';
import type { Store } from '../src/store/store.js';

/** The certificate, and what was done: see {@link DcvOutcome}. */
export interface DcvResult extends CertificateResult, Omit<DcvOutcome, 'record'> {}

async function accept(payload: DcvPayload, store: Store, now: number, jobId: string): Promise<void> {
  const errand = { id: payload.requestId ?? jobId, job: 'dcv', payload, at: new Date(now).toISOString() };
  await acceptErrand(store.certificates, payload.serviceId, errand, (stored) => judge(stored, payload));
}

/** Always something to do, unless it is refused; that its turn has not come is no reason to refuse it. */
function judge(stored: Stored, payload: DcvPayload): boolean {
  try {
    planValidation(stored, payload);
  } catch (error) {
    if (!(error instanceof WaitError)) throw error;
  }
  return false;
}

/** Changes how the names of a pending certificate are validated, or starts the validation again; while nothing is pending, chooses for the next reissue. */
export const dcv = defineJob<DcvPayload, DcvResult>({
  name: 'dcv',
  summary: 'change the validation method, or without one try again and resend the mail',
  schema: dcvPayloadSchema,
  example: { serviceId: '1001', dcv: { method: 'dns' } },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 4, priority: 5, attempts: 20 },
  accept,
  async run(payload, context) {
    const { serviceId } = payload;
    const id = payload.requestId ?? context.jobId;
    await accept(payload, context.store, context.now(), id);
    const { record, ...outcome } = await runErrand(context, serviceId, { job: 'dcv', id }, async () => {
      const settled = await rememberChoice(context.certificates, payload, id);
      if (settled !== null) return settled;
      const { record: pending } = await requireService(context.certificates, serviceId);
      const account = await openServiceAccount(context, serviceId, pending.module);
      return await changeValidation({ ...context, account }, payload, id);
    });
    return done({ ...presentResult(record), ...outcome });
  },
});

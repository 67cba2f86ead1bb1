import { advanceOperation } from '../src/certificates/advance.js';
import { beginRenewal } from '../src/certificates/begin.js';
import { acceptErrand, runErrand } from '../src/certificates/inbox.js';
import { openServiceAccount } from '../src/certificates/open-account.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import type { Stored } from '../src/certificates/ports.js';
import {
  findRenewal,
  isSameTerm,
  judgeRenewal,
  renewPayloadSchema,
  type RenewPayload,
} from '../src/certificates/renew-request.js';
import { defineJob, done } from '../src/job.js';
import type { Store } from '../src/store/store.js';

/** A renewal of the term that is known in whatever state is not judged again: it answers, or is corrected. */
function hasRenewal({ record }: Stored, payload: RenewPayload, id: string): boolean {
  return [record.operation, record.shelved?.operation].some(
    (operation) => operation?.job === 'renew' && isSameTerm(operation.extends, payload.paidTill),
  )
    ? true
    : findRenewal(record, id, payload.paidTill) !== null;
}

async function accept(payload: RenewPayload, store: Store, now: number, jobId: string): Promise<void> {
  const id = payload.requestId ?? jobId;
  const errand = { id, job: 'renew', payload, at: new Date(now).toISOString() };
  await acceptErrand(store.certificates, payload.serviceId, errand, (stored) => {
    if (findRenewal(stored.record, id, payload.paidTill) !== null) return true;
    if (!hasRenewal(stored, payload, id)) judgeRenewal(stored, payload, now);
    return false;
  });
}

/** Buys the follow-up term of a known certificate, once per paid term, and activates it. */
export const renew = defineJob<RenewPayload, CertificateResult>({
  name: 'renew',
  summary: 'buy and activate the follow-up term; one purchase per service and term, ever',
  schema: renewPayloadSchema,
  example: { serviceId: '1001', years: 1, paidTill: '2027-11-22', requestId: 'op-77' },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 4, priority: 10, attempts: 20 },
  accept,
  async run(payload, context) {
    const { serviceId } = payload;
    const id = payload.requestId ?? context.jobId;
    await accept(payload, context.store, context.now(), id);
    const record = await runErrand(context, serviceId, { job: 'renew', id }, () =>
      beginRenewal(context.certificates, payload, id, context.now()),
    );
    if (record.operation?.job !== 'renew') return done(presentResult(record));
    const account = await openServiceAccount(context, serviceId, record.module);
    return done(presentResult(await advanceOperation({ ...context, account }, serviceId)));
  },
});

import { advanceOperation } from '../src/certificates/advance.js';
import { beginReissue } from '../src/certificates/begin.js';
import { acceptErrand, runErrand } from '../src/certificates/inbox.js';
import { openServiceAccount } from '../src/certificates/open-account.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import {
  isUnderWay,
  judgeReissue,
  reissuePayloadSchema,
  type ReissuePayload,
} from '../src/certificates/reissue-request.js';
import { defineJob, done } from '../src/job.js';
import type { Store } from '../src/store/store.js';

async function accept(payload: ReissuePayload, store: Store, now: number, id: string): Promise<void> {
  const errand = { id: payload.requestId ?? id, job: 'reissue', payload, at: new Date(now).toISOString() };
  await acceptErrand(store.certificates, payload.serviceId, errand, (stored) => {
    if (isUnderWay(stored, payload)) return true;
    judgeReissue(stored, payload, now);
    return false;
  });
}

/** The next certificate within the paid term, or another key or other names; it ends when Namecheap has accepted the CSR. */
export const reissue = defineJob<ReissuePayload, CertificateResult>({
  name: 'reissue',
  summary: 'the next certificate within the paid term, or another key or other names (free)',
  schema: reissuePayloadSchema,
  example: { serviceId: '1001', reason: 'rekey', csr: '-----BEGIN CERTIFICATE REQUEST-----\n…' },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 4, priority: 15, attempts: 20 },
  accept,
  async run(payload, context) {
    const { serviceId } = payload;
    const id = payload.requestId ?? context.jobId;
    await accept(payload, context.store, context.now(), id);
    const record = await runErrand(context, serviceId, { job: 'reissue', id }, () =>
      beginReissue(context.certificates, payload, id, context.now()),
    );
    if (record.operation?.job !== 'reissue') return done(presentResult(record));
    const account = await openServiceAccount(context, serviceId, record.module);
    return done(presentResult(await advanceOperation({ ...context, account }, serviceId)));
  },
});

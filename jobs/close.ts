import { closeService } from '../src/certificates/close.js';
import { closePayloadSchema, isAsWanted, type ClosePayload } from '../src/certificates/close-request.js';
import { acceptErrand, runErrand } from '../src/certificates/inbox.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import { defineJob, done } from '../src/job.js';
import type { Store } from '../src/store/store.js';

async function accept(payload: ClosePayload, store: Store, now: number, jobId: string): Promise<void> {
  const errand = { id: payload.requestId ?? jobId, job: 'close', payload, at: new Date(now).toISOString() };
  await acceptErrand(store.certificates, payload.serviceId, errand, ({ record }) =>
    isAsWanted(record, payload),
  );
}

/** The customer left: no reissues and no renewals any more; or came back. It makes no call. */
export const close = defineJob<ClosePayload, CertificateResult>({
  name: 'close',
  summary: 'end the reissues and renewals of a service; "open": true brings it back',
  schema: closePayloadSchema,
  example: { serviceId: '1001' },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 4, priority: 5, attempts: 20 },
  accept,
  async run(payload, context) {
    const id = payload.requestId ?? context.jobId;
    await accept(payload, context.store, context.now(), id);
    const record = await runErrand(context, payload.serviceId, { job: 'close', id }, () =>
      closeService(context, payload, id),
    );
    return done(presentResult(record));
  },
});

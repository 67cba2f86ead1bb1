import { acceptErrand, requireService, runErrand } from '../src/certificates/inbox.js';
import { openServiceAccount } from '../src/certificates/open-account.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import {
  judgeRevocation,
  revokePayloadSchema,
  revokeReplaced,
  type RevokePayload,
} from '../src/certificates/revoke.js';
import { defineJob, done } from '../src/job.js';
import type { Store } from '../src/store/store.js';

/** The certificate in force, and all of the service's certificates that were revoked. */
export interface RevokeResult extends CertificateResult {
  revokedIds: number[];
}

async function accept(payload: RevokePayload, store: Store, now: number, jobId: string): Promise<void> {
  const errand = { id: payload.requestId ?? jobId, job: 'revoke', payload, at: new Date(now).toISOString() };
  await acceptErrand(store.certificates, payload.serviceId, errand, ({ record }) =>
    judgeRevocation(record, payload),
  );
}

/** Revokes a certificate that a reissue has replaced, as after a key was lost. */
export const revoke = defineJob<RevokePayload, RevokeResult>({
  name: 'revoke',
  summary: 'revoke a certificate that a reissue has replaced',
  schema: revokePayloadSchema,
  example: { serviceId: '1001', certificateId: 9000001 },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 2, priority: 5, attempts: 20 },
  accept,
  async run(payload, context) {
    const { serviceId } = payload;
    const id = payload.requestId ?? context.jobId;
    await accept(payload, context.store, context.now(), id);
    const record = await runErrand(context, serviceId, { job: 'revoke', id }, async () => {
      const stored = await requireService(context.certificates, serviceId);
      const account = await openServiceAccount(context, serviceId, stored.record.module);
      return await revokeReplaced({ ...context, account }, payload, id);
    });
    return done({ ...presentResult(record), revokedIds: record.revokedIds });
  },
});

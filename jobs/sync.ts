import { requireService } from '../src/certificates/inbox.js';
import { openServiceAccount } from '../src/certificates/open-account.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import {
  judgeSync,
  syncPayloadSchema,
  syncService,
  type Seen,
  type SyncPayload,
} from '../src/certificates/sync.js';
import { defineJob, done } from '../src/job.js';

/** The certificate, what Namecheap showed, and what a person must decide. */
export interface SyncResult extends CertificateResult {
  seen: Seen[];
  problem: string | null;
}

/** Looks at one service at Namecheap now, instead of when its time comes: what was done by hand there is recognised. */
export const sync = defineJob<SyncPayload, SyncResult>({
  name: 'sync',
  summary:
    'look at one service at Namecheap now: collect, adopt what was reissued by hand, tell what is wrong',
  schema: syncPayloadSchema,
  example: { serviceId: '1001' },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 2, priority: 5, attempts: 5 },
  accept: async (payload, store) => {
    judgeSync((await requireService(store.certificates, payload.serviceId)).record, payload);
  },
  async run(payload, context) {
    const { serviceId } = payload;
    const stored = await requireService(context.certificates, serviceId);
    judgeSync(stored.record, payload);
    const account = await openServiceAccount(context, serviceId, stored.record.module);
    const { record, seen } = await syncService({ ...context, account }, payload);
    return done({ ...presentResult(record), seen, problem: record.problem });
  },
});

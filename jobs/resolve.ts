import { carryOutDecision, demandSubject, readCase } from '../src/certificates/decide.js';
import {
  describeSubject,
  judgeDecision,
  resolvePayloadSchema,
  type ResolvePayload,
} from '../src/certificates/decision.js';
import { acceptErrand, findErrand, isKnown, requireService, runErrand } from '../src/certificates/inbox.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import { readStage, type CertificateRecord } from '../src/certificates/record.js';
import { composeRing } from '../src/certificates/ring.js';
import { defineJob, done, type JobContext } from '../src/job.js';
import type { Store } from '../src/store/store.js';

/** Keeps the decision with what it is about, so that it is never applied to something that came later. */
async function accept(payload: ResolvePayload, store: Store, now: number, jobId: string): Promise<void> {
  const { serviceId, decision } = payload;
  const id = payload.requestId ?? jobId;
  const seen = await requireService(store.certificates, serviceId);
  if (isKnown(seen.record, 'resolve', id)) return;
  const found = await readCase(store, serviceId);
  const about = payload.about ?? describeSubject(found.record);
  demandSubject(found.record, about);
  judgeDecision(found, decision);
  const errand = { id, job: 'resolve', payload: { ...payload, about }, at: new Date(now).toISOString() };
  await acceptErrand(store.certificates, serviceId, errand, (stored) => {
    demandSubject(stored.record, about);
    return false;
  });
}

/** What is decided goes on at once; what is pending is looked at by the collector. */
async function ringFurther(context: JobContext, record: CertificateRecord): Promise<void> {
  const stored = await context.certificates.load(record.serviceId);
  const ring =
    stored === null || readStage(stored.record) === 'pending-validation' ? null : composeRing(stored);
  if (ring !== null) await context.ring(ring.job, ring.payload);
}

/** A person's decision on what is parked: what was bought, that nothing was, to give it up, or to go on. */
export const resolve = defineJob<ResolvePayload, CertificateResult>({
  name: 'resolve',
  summary: "a person's decision on what is parked (use certificate resolve)",
  schema: resolvePayloadSchema,
  example: { serviceId: '1001', decision: 'retry' },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 2, priority: 5, attempts: 10 },
  accept,
  async run(payload, context) {
    const { serviceId, decision } = payload;
    const id = payload.requestId ?? context.jobId;
    await accept(payload, context.store, context.now(), id);
    const { record: waiting } = await requireService(context.certificates, serviceId);
    const kept = resolvePayloadSchema.safeParse(findErrand(waiting, 'resolve', id)?.payload).data;
    const about = kept?.about ?? payload.about ?? '';
    const { decisions } = context.store;
    const record = await runErrand(context, serviceId, { job: 'resolve', id }, () =>
      carryOutDecision({ ...context, decisions }, serviceId, { id, decision, about }),
    );
    await ringFurther(context, record);
    return done(presentResult(record));
  },
});

import { acceptOrder } from '../src/certificates/accept.js';
import { advanceOrder } from '../src/certificates/advance.js';
import { checkOrder, orderPayloadSchema, type OrderPayload } from '../src/certificates/order-payload.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import { FailError } from '../src/errors.js';
import { isUnfinished } from '../src/certificates/record.js';
import { defineJob, done, type JobContext } from '../src/job.js';
import { accountId } from '../src/modules/settings.js';
import type { Store } from '../src/store/store.js';

/** Two producers may order the same service at the same moment: whoever loses looks again, so often. */
const ACCEPT_TRIES = 5;

/**
 * Makes the order durable: the record, its entry in `open`, its event. From here on it is not lost, whatever happens
 * to the job. Idempotent: the identical order again changes nothing.
 */
async function accept(payload: OrderPayload, store: Store, now: number): Promise<void> {
  const order = checkOrder(payload);
  const module = await store.modules.load(payload.module);
  if (module === null) {
    const known = (await store.modules.list()).map(({ name }) => name).join(', ') || 'none';
    throw new FailError(
      `There is no module "${payload.module}" (known: ${known}): add it with pmnamecheap module add`,
      'ERR_NO_MODULE',
    );
  }
  for (let attempt = 0; attempt < ACCEPT_TRIES; attempt++) {
    const stored = await store.certificates.load(payload.serviceId);
    const acceptance = acceptOrder(stored, order, accountId(module), now);
    if (acceptance.kind === 'known') return;
    if (acceptance.kind === 'new') {
      const change = { cause: 'order accepted', event: 'certificate.accepted' as const };
      if (await store.certificates.create(acceptance.record, order.payload, change)) return;
    } else if (stored !== null) {
      const change = {
        cause: acceptance.cause,
        event: 'certificate.accepted' as const,
        request: order.payload,
      };
      await store.certificates.save({ before: stored.record, after: acceptance.after, change });
      return;
    }
  }
}

/** An account that does not open keeps the order waiting: `certificate show` must tell why. */
async function explain(error: unknown, payload: OrderPayload, { certificates }: JobContext): Promise<never> {
  const stored = await certificates.load(payload.serviceId);
  const isNews = stored !== null && isUnfinished(stored.record.status) && error instanceof FailError;
  if (isNews && stored.record.problem !== error.message) {
    const after = { ...stored.record, problem: error.message };
    await certificates.save({ before: stored.record, after, change: { cause: error.message } });
  }
  throw error;
}

/** Buy and activate a certificate; it ends when Namecheap has accepted the CSR. Issuance follows as an event. */
export const order = defineJob<OrderPayload, CertificateResult>({
  name: 'order',
  summary: 'buy and activate a certificate; one purchase per serviceId, ever',
  schema: orderPayloadSchema,
  example: {
    serviceId: '1001',
    type: 'PositiveSSL',
    years: 1,
    csr: '-----BEGIN CERTIFICATE REQUEST-----\n…',
    dcv: { method: 'email', approverEmail: 'admin@example.com' },
  },
  subject: (payload) => payload.serviceId,
  options: { concurrency: 4, priority: 10, attempts: 20 },
  accept,
  async run(payload, context) {
    await accept(payload, context.store, context.now());
    const account = await context
      .openAccount(payload.module)
      .catch((error: unknown) => explain(error, payload, context));
    return done(presentResult(await advanceOrder({ ...context, account }, payload.serviceId)));
  },
});

import { acceptOrder, isSameOrder } from '../src/certificates/accept.js';
import { advanceOperation } from '../src/certificates/advance.js';
import {
  checkNewOrder,
  listTypeFaults,
  orderPayloadSchema,
  type CheckedOrder,
  type OrderPayload,
} from '../src/certificates/order-payload.js';
import { presentResult, type CertificateResult } from '../src/certificates/present.js';
import { StaleRecordError } from '../src/certificates/errors.js';
import { openServiceAccount } from '../src/certificates/open-account.js';
import { WaitError } from '../src/errors.js';
import { requireModule } from '../src/modules/require-module.js';
import { isFollowUp } from '../src/certificates/record.js';
import { defineJob, done } from '../src/job.js';
import { accountId } from '../src/modules/settings.js';
import type { Store } from '../src/store/store.js';

/** Two producers may order the same service at the same moment: whoever loses looks again, so often. */
const ACCEPT_TRIES = 5;

/**
 * Makes the order durable: the record, its entry in `open`, its event. From here on it is not lost, whatever happens
 * to the job. Idempotent: the identical order again changes nothing.
 */
async function accept(payload: OrderPayload, store: Store, now: number): Promise<void> {
  const order = checkNewOrder(payload);
  const module = await requireModule(store.modules, payload.module);
  for (let attempt = 0; attempt < ACCEPT_TRIES; attempt++) {
    try {
      if (await tryToAccept(order, accountId(module), store, now)) return;
    } catch (error) {
      if (!(error instanceof StaleRecordError)) throw error;
    }
  }
  throw new WaitError(`${payload.serviceId} is being changed by others; order again`, 1000);
}

/** @returns false when somebody else was faster: look again. */
async function tryToAccept(
  order: CheckedOrder,
  account: string,
  store: Store,
  now: number,
): Promise<boolean> {
  const stored = await store.certificates.load(order.payload.serviceId);
  const acceptance = acceptOrder(stored, order, account, now);
  if (acceptance.kind === 'known') return true;
  const event = 'certificate.accepted' as const;
  if (acceptance.kind === 'new') {
    return await store.certificates.create(acceptance.record, order.payload, {
      cause: 'order accepted',
      event,
    });
  }
  if (stored === null) return false;
  const change = { cause: acceptance.cause, event, request: order.payload };
  await store.certificates.save({ before: stored.record, after: acceptance.after, change });
  return true;
}

/** An order that is known already needs no second acceptance: rules made later must not stop what is under way. */
async function isKnown(payload: OrderPayload, store: Store): Promise<boolean> {
  const stored = await store.certificates.load(payload.serviceId);
  return stored !== null && stored.record.status !== 'failed' && isSameOrder(stored, payload);
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
  listFaults: listTypeFaults,
  accept,
  async run(payload, context) {
    if (!(await isKnown(payload, context.store))) await accept(payload, context.store, context.now());
    const stored = await context.certificates.load(payload.serviceId);
    // What follows the order is somebody else's job: the order itself is done.
    if (stored !== null && isFollowUp(stored.record)) return done(presentResult(stored.record));
    const account = await openServiceAccount(context, payload.serviceId, payload.module);
    return done(presentResult(await advanceOperation({ ...context, account }, payload.serviceId)));
  },
});

import { randomUUID } from 'node:crypto';
import { notify } from '../../jobs/notify.js';
import type { JobContext } from '../../src/job.js';
import { PurchaseWatch } from '../../src/certificates/watch.js';
import { createStore, type Store } from '../../src/store/store.js';
import { createWebhook, type Webhook } from '../../src/webhook/send.js';
import { WebhookReceiver } from './webhook-receiver.js';
import type { TestRedis } from './redis.js';

export const WEBHOOK_SECRET = 'canary-of-the-webhook-7f3a';

/** The notify job on a real Redis and a real receiver, with a clock that the test holds. */
export interface NotifyBench extends AsyncDisposable {
  store: Store;
  receiver: WebhookReceiver;
  webhook: Webhook;
  /** Every line logged. */
  log: string[];
  clock: { now: number };
  /** Writes an event into the stream as the lifecycle would. @returns its id. */
  announce(serviceId: string | null, type: string): Promise<string>;
  /** One run of the job. @returns its result. */
  run(changes?: Partial<JobContext>): Promise<unknown>;
  /** Lets the time pass so often, with a run after each. */
  pass(ms: number, runs: number): Promise<void>;
}

/** With the webhook enabled at the beginning of an empty stream. */
export async function startNotifyBench(redis: TestRedis): Promise<NotifyBench> {
  const clock = { now: 1_800_000_000_000 };
  const store = createStore(redis.client, redis.createPrefix(), () => clock.now);
  const receiver = await WebhookReceiver.start();
  const webhook = createWebhook({ url: receiver.url, secret: WEBHOOK_SECRET, now: () => clock.now });
  const log: string[] = [];
  await store.webhooks.enable();

  const run = async (changes: Partial<JobContext> = {}): Promise<unknown> => {
    const context = composeContext({ store, webhook, clock, log });
    const end = await notify.run({}, { ...context, ...changes });
    return end.kind === 'done' ? end.result : end;
  };
  return {
    ...{ store, receiver, webhook, log, clock, run },
    announce: async (serviceId, type) => {
      const id = randomUUID();
      const event = {
        id,
        type,
        at: new Date(clock.now).toISOString(),
        serviceId,
        module: 'default',
        data: {},
      };
      await redis.client.xadd(store.keys.events, '*', 'event', JSON.stringify(event));
      return id;
    },
    pass: async (ms, runs) => {
      for (let count = 0; count < runs; count++) {
        clock.now += ms;
        await run();
      }
    },
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

function composeContext(parts: Pick<NotifyBench, 'store' | 'webhook' | 'clock' | 'log'>): JobContext {
  const { store, webhook, clock, log } = parts;
  const refuse = () => Promise.reject(new Error('the notify job has no business with this'));
  return {
    ...{ store, webhook, jobId: 'notify-1' },
    ...{
      certificates: store.certificates,
      purchases: store.purchases,
      listings: store.listings,
      gates: store.gates,
    },
    settings: {
      ...{ leaseMs: 1000, settleTimeMs: 1000, collectEveryMs: 1000 },
      ...{ reissueBeforeMs: null, reissueSpreadMs: null },
    },
    signal: new AbortController().signal,
    lease: randomUUID(),
    now: () => clock.now,
    monotonic: () => clock.now,
    watch: new PurchaseWatch(),
    createId: randomUUID,
    random: () => 0,
    sleep: () => Promise.resolve(),
    log: { log: (_level, component, text) => log.push(`${component} ${text}`), isEnabled: () => true },
    report: () => Promise.resolve(),
    announce: refuse,
    openAccount: refuse,
    openForTest: () => {
      throw new Error('the notify job opens no account');
    },
    ring: refuse,
  };
}

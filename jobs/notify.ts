import { z } from 'zod';
import { defineJob, done, type JobContext } from '../src/job.js';
import type { Head } from '../src/store/webhooks.js';
import { isAccepted, judgeFailure } from '../src/webhook/judge-failure.js';
import type { Webhook } from '../src/webhook/send.js';

/** An event is on its way within this, ms. */
const EVERY_MS = 5000;

/** Outboxes whose first events are sent side by side. */
const WIDTH = 8;

/** Outlives a batch of deliveries (10 s each, at once) by far; a worker that died holds the others up this long, ms. */
const LOCK_MS = 60_000;

/** Then the worker's turn ends, ms: the next run goes on, here or elsewhere. */
const TURN_MS = 60_000;

interface Notified {
  /** Events taken over from the stream. */
  moved: number;
  delivered: number;
  failed: number;
  /** Given up. */
  dead: number;
}

type Fate = 'delivered' | 'failed' | 'unanswered' | 'dead' | 'interrupted';

/** Sends the first event of an outbox and records what became of it. A crash in between sends it again: at least once. */
async function deliver(context: JobContext, webhook: Webhook, { event, failures }: Head): Promise<Fate> {
  const { webhooks } = context.store;
  const outcome = await webhook.send(event, context.signal);
  const name = `${event.type} ${event.id} of ${event.serviceId ?? 'an account'}`;
  if (isAccepted(outcome)) {
    await webhooks.confirm(event, context.now());
    context.log.log(6, 'notify', `${name} delivered`);
    return 'delivered';
  }
  // The worker is stopping: that says nothing about the receiver.
  if (context.signal.aborted) return 'interrupted';
  const judgement = judgeFailure(
    failures,
    { position: event.position, outcome },
    context.now(),
    context.random(),
  );
  const { count, reason } = judgement.failures;
  if (judgement.isDead) {
    const dropped = await webhooks.giveUp(event, judgement.failures, context.now());
    const loss = dropped > 0 ? `; ${dropped} older dead letters had to go for it` : '';
    context.log.log(3, 'notify', `${name} given up after ${count} tries: ${reason}${loss}`);
    return 'dead';
  }
  await webhooks.postpone(event, judgement.failures, judgement.retryAt, context.now());
  context.log.log(4, 'notify', `${name} not delivered, try ${count}: ${reason}`);
  return outcome.kind === 'failed' ? 'unanswered' : 'failed';
}

/** Sends what is due, until nothing is, the turn ends or the receiver seems to be down. */
async function deliverDue(context: JobContext, webhook: Webhook): Promise<Record<Fate, number>> {
  const counts = { delivered: 0, failed: 0, unanswered: 0, dead: 0, interrupted: 0 };
  const end = context.monotonic() + TURN_MS;
  while (!context.signal.aborted && context.monotonic() < end) {
    // Prolonged before each batch: no other worker may send while ours are under way.
    if (!(await context.store.webhooks.lock(context.lease, LOCK_MS))) break;
    const { heads, unreadable } = await context.store.webhooks.listDue(context.now(), WIDTH);
    for (const one of unreadable) context.log.log(3, 'notify', one);
    if (heads.length + unreadable.length === 0) break;
    const fates = await Promise.all(heads.map((head) => deliver(context, webhook, head)));
    for (const fate of fates) counts[fate]++;
    // Nobody answers: the other outboxes stay due and go out at once when somebody does, instead of each backing off.
    if (heads.length === WIDTH && fates.every((fate) => fate === 'unanswered')) break;
  }
  return counts;
}

/** Sends events to the webhook's receiver: in order per service, at least once. */
export const notify = defineJob<Record<string, never>, Notified>({
  name: 'notify',
  summary: 'send new events to the webhook, and again those that were not taken',
  schema: z.strictObject({}),
  example: {},
  subject: () => 'all',
  options: { concurrency: 1, priority: 20, attempts: 1 },
  schedule: ({ webhook }) => (webhook === null ? null : { everyMs: EVERY_MS }),
  async run(_payload, context) {
    const { webhook, store, lease } = context;
    const nothing = { moved: 0, delivered: 0, failed: 0, dead: 0 };
    if (webhook === null || !(await store.webhooks.lock(lease, LOCK_MS))) return done(nothing);
    try {
      const { moved, unreadable } = await store.webhooks.fill(context.now());
      for (const position of unreadable) {
        context.log.log(3, 'notify', `the stream's entry ${position} is no event and is not sent`);
      }
      const { delivered, failed, unanswered, dead } = await deliverDue(context, webhook);
      return done({ moved, delivered, failed: failed + unanswered, dead });
    } finally {
      await store.webhooks.unlock(lease);
    }
  },
});

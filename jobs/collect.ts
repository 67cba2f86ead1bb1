import { z } from 'zod';
import { describeError } from '../src/certificates/backoff.js';
import { collectPending } from '../src/certificates/collect.js';
import type { DueService, Stored } from '../src/certificates/ports.js';
import { WaitError } from '../src/errors.js';
import { defineJob, done, type JobContext } from '../src/job.js';

/** Records looked at in one run; more stay due and come with the next. */
const BATCH = 500;

/** A rung order gets this long to be taken by a worker before it is rung again, ms. */
const RING_EVERY_MS = 300_000;

interface Collected {
  issued: string[];
  rung: number;
}

interface Due extends Stored {
  seen: DueService;
}

async function loadDue(context: JobContext): Promise<Due[]> {
  const due = await context.certificates.listDue(context.now(), BATCH);
  const loaded = await Promise.all(
    due.map(async (seen) => ({ seen, stored: await context.certificates.load(seen.serviceId) })),
  );
  return loaded.flatMap(({ seen, stored }) => (stored === null ? [] : [{ ...stored, seen }]));
}

/** Rings again for orders that nobody works on any more. Claiming first: an order that moved on meanwhile is left alone. */
async function ringLost(context: JobContext, lost: readonly Due[]): Promise<number> {
  let rung = 0;
  for (const { seen, request } of lost) {
    if (!(await context.certificates.claimDue(seen, context.now() + RING_EVERY_MS))) continue;
    await context.enqueue('order', request);
    rung++;
  }
  return rung;
}

/** All pending certificates of one module. An account that cannot be called now does not hold up the others. */
async function collectModule(
  context: JobContext,
  module: string,
  pending: readonly Stored[],
): Promise<string[]> {
  try {
    const account = await context.openAccount(module);
    if (!(await context.listings.lock(account.id, context.lease, 60_000))) return [];
    try {
      return await collectPending(
        { ...context, account },
        pending.map(({ record }) => record),
      );
    } finally {
      await context.listings.unlock(account.id, context.lease);
    }
  } catch (error) {
    context.log.log(
      error instanceof WaitError ? 6 : 3,
      'collect',
      `module ${module}: ${describeError(error)}`,
    );
    return [];
  }
}

/** Fetches what was issued, and rings again for unfinished orders whose job was lost. Nothing pending → no call. */
export const collect = defineJob<Record<string, never>, Collected>({
  name: 'collect',
  summary: 'fetch issued certificates, and ring again for orders whose job was lost',
  schema: z.strictObject({}),
  example: {},
  subject: () => 'all',
  options: { concurrency: 1, priority: 20, attempts: 1 },
  everyMs: (environment) => environment.collectEveryMs,
  async run(_payload, context) {
    const due = await loadDue(context);
    const pending = due.filter(({ record }) => record.status === 'pending-validation');
    const issued: string[] = [];
    for (const module of new Set(pending.map(({ record }) => record.module))) {
      const ones = pending.filter(({ record }) => record.module === module);
      issued.push(...(await collectModule(context, module, ones)));
    }
    const lost = due.filter(({ record }) => record.status !== 'pending-validation');
    return done({ issued, rung: await ringLost(context, lost) });
  },
});

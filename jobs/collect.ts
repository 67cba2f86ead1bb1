import { z } from 'zod';
import { describeError } from '../src/certificates/backoff.js';
import { collectPending } from '../src/certificates/collect.js';
import type { Stored } from '../src/certificates/ports.js';
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

async function loadDue(context: JobContext): Promise<Stored[]> {
  const ids = await context.certificates.listDue(context.now(), BATCH);
  const stored = await Promise.all(ids.map((id) => context.certificates.load(id)));
  return stored.filter((one) => one !== null);
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
  async run(_payload, context) {
    const due = await loadDue(context);
    const pending = due.filter(({ record }) => record.status === 'pending-validation');
    const issued: string[] = [];
    for (const module of new Set(pending.map(({ record }) => record.module))) {
      const ones = pending.filter(({ record }) => record.module === module);
      issued.push(...(await collectModule(context, module, ones)));
    }
    const lost = due.filter(({ record }) => record.status !== 'pending-validation');
    for (const { record, request } of lost) {
      await context.certificates.postpone(record.serviceId, context.now() + RING_EVERY_MS);
      await context.enqueue('order', request);
    }
    return done({ issued, rung: lost.length });
  },
});

import { z } from 'zod';
import { brake } from '../src/certificates/brake.js';
import { collectPending } from '../src/certificates/collect.js';
import { CutOffError } from '../src/certificates/cut-off.js';
import { dropErrand, findErrand } from '../src/certificates/inbox.js';
import type { OpenService, Stored } from '../src/certificates/ports.js';
import { describeError, FailError, InputError, WaitError } from '../src/errors.js';
import { readStage, type CertificateRecord } from '../src/certificates/record.js';
import { composeRing } from '../src/certificates/ring.js';
import { moveRecord } from '../src/certificates/transitions.js';
import { NamecheapError } from '../src/namecheap/errors.js';
import { defineJob, done, type JobContext } from '../src/job.js';

/** Records looked at in one run; more stay due and come with the next. */
const BATCH = 500;

/** What was rung gets this long to be taken by a worker before it is rung again, ms. */
const RING_EVERY_MS = 300_000;

/** What cannot be read is tried again this much later, ms: by then a newer worker may have finished it. */
const UNREADABLE_EVERY_MS = 600_000;

interface Collected {
  issued: string[];
  rung: number;
}

interface Due extends Stored {
  seen: OpenService;
}

/** What is due. A service that cannot be read is put off and told of: it must not hold up the others. */
async function loadDue(context: JobContext): Promise<Due[]> {
  const due: Due[] = [];
  for (const seen of await context.certificates.listOpen(context.now(), BATCH)) {
    try {
      const stored = await context.certificates.load(seen.serviceId);
      if (stored === null) throw new FailError(`There is no record of ${seen.serviceId}`, 'ERR_NO_RECORD');
      due.push({ ...stored, seen });
    } catch (error) {
      context.log.log(3, 'collect', describeError(error));
      await context.certificates.claimOpen(seen, context.now() + UNREADABLE_EVERY_MS);
    }
  }
  return due;
}

/** Rings again for work that nobody does any more. Claiming first: what moved on meanwhile is left alone. */
async function ringLost(context: JobContext, lost: readonly Due[]): Promise<number> {
  let rung = 0;
  for (const { seen, ...stored } of lost) {
    if (!(await context.certificates.claimOpen(seen, context.now() + RING_EVERY_MS))) continue;
    const ring = composeRing(stored);
    if (ring === null) continue;
    try {
      await context.ring(ring.job, ring.payload);
      rung++;
    } catch (error) {
      context.log.log(3, 'collect', `${seen.serviceId} cannot be rung: ${describeError(error)}`);
      if (error instanceof InputError && ring.job === 'order')
        await parkInvalid(context, stored.record, error);
    }
  }
  return rung;
}

/** Rings again for what was accepted and whose job was lost before it began. */
async function ringErrands(context: JobContext): Promise<number> {
  let rung = 0;
  for (const seen of await context.certificates.listErrands(context.now(), BATCH)) {
    const until = context.now() + RING_EVERY_MS;
    if (!(await context.certificates.claimErrand(seen, until))) continue;
    try {
      const stored = await context.certificates.load(seen.serviceId);
      const errand = stored === null ? undefined : findErrand(stored.record, seen.job, seen.id);
      // What no record knows is left over from one that could not be read.
      if (errand === undefined) {
        await context.certificates.claimErrand({ ...seen, dueAt: until }, null);
        continue;
      }
      await context.ring(errand.job, { ...errand.payload, requestId: errand.id });
      rung++;
    } catch (error) {
      context.log.log(3, 'collect', `${seen.serviceId}: ${describeError(error)}`);
      // Accepted under older rules: no ring will ever be taken.
      if (error instanceof InputError)
        await dropErrand(context.certificates, seen.serviceId, seen, error.message);
    }
  }
  return rung;
}

/** An order that this version would not take any more: a person has to know, ringing for ever helps nobody. */
async function parkInvalid(context: JobContext, record: CertificateRecord, error: InputError): Promise<void> {
  const problem = `${error.message}. It was accepted under older rules: give it up with certificate resolve ${record.serviceId} --release, then order it again as they are now.`;
  const after = moveRecord(record, 'parked', context.now(), { problem, nextActionAt: null });
  const change = { cause: problem, event: 'certificate.parked' as const };
  await context.certificates.save({ before: record, after, change });
}

/** All pending certificates of one module. An account that cannot be called now does not hold up the others. */
async function collectModule(
  context: JobContext,
  module: string,
  pending: readonly Due[],
): Promise<string[]> {
  try {
    const account = await context.openAccount(module);
    if (!(await context.listings.lock(account.id, 'collect', context.lease, 60_000))) return [];
    const work = { ...context, account };
    try {
      return await collectPending(
        work,
        pending.map(({ record }) => record),
      );
    } catch (error) {
      throw error instanceof NamecheapError ? await brake(work, error, RING_EVERY_MS) : error;
    } finally {
      await context.listings.unlock(account.id, 'collect', context.lease);
    }
  } catch (error) {
    if (context.signal.aborted) throw new CutOffError();
    const isWait = error instanceof WaitError;
    context.log.log(isWait ? 6 : 3, 'collect', `module ${module}: ${describeError(error)}`);
    // Put off together, or they would fill every batch and hold up the accounts that work.
    const until = context.now() + (isWait ? (error.delayMs ?? RING_EVERY_MS) : RING_EVERY_MS);
    for (const { seen } of pending) await context.certificates.claimOpen(seen, until);
    return [];
  }
}

/** Fetches what was issued, and rings again for unfinished work whose job was lost. Nothing pending → no call. */
export const collect = defineJob<Record<string, never>, Collected>({
  name: 'collect',
  summary: 'fetch issued certificates, and ring again for work whose job was lost',
  schema: z.strictObject({}),
  example: {},
  subject: () => 'all',
  options: { concurrency: 1, priority: 20, attempts: 1 },
  schedule: (environment) => ({ everyMs: environment.collectEveryMs }),
  async run(_payload, context) {
    const due = await loadDue(context);
    const pending = due.filter(({ record }) => readStage(record) === 'pending-validation');
    const issued: string[] = [];
    for (const module of new Set(pending.map(({ record }) => record.module))) {
      const ones = pending.filter(({ record }) => record.module === module);
      issued.push(...(await collectModule(context, module, ones)));
    }
    const lost = due.filter(({ record }) => readStage(record) !== 'pending-validation');
    return done({ issued, rung: (await ringLost(context, lost)) + (await ringErrands(context)) });
  },
});

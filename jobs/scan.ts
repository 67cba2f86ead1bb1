import { z } from 'zod';
import { computeNextScan, isEmergency, type Task } from '../src/certificates/agenda.js';
import type { OpenService, Stored } from '../src/certificates/ports.js';
import { carryOut, listTasks } from '../src/certificates/scan.js';
import { composeRing } from '../src/certificates/ring.js';
import { describeError } from '../src/errors.js';
import { defineJob, done, type JobContext } from '../src/job.js';

/** Services looked at in one run: all that is due, but for a catastrophe. What is due and not taken stays due for the next. */
const MOST = 100_000;

/** Records that an older version stored, moved to their place in one run at most; the next one goes on. */
const PLACED = 5000;

/** What cannot be read, or whose account does not open, is looked at again this much later, ms: it must not stand before the others. */
const LATER_MS = 600_000;

/** A reissue takes this many calls of the account's quota, besides list pages. */
const CALLS_PER_REISSUE = 2;

/** The part of the calls left in an account that one scan may promise to reissues: orders come first. */
const SHARE = 0.5;

/** BullMQ's most urgent priority: before orders. */
const EMERGENCY_PRIORITY = 1;

interface Scanned {
  /** Services whose reissue was begun. */
  reissues: string[];
  /** Services of which something was announced. */
  announced: string[];
  /** Reissues that are due and wait for the quota. */
  waiting: number;
}

/** A reissue that is due. No more of the record is kept: many may be due at once. */
interface DueReissue {
  seen: OpenService;
  module: string;
  /** ms. */
  endDate: number;
  isEmergency: boolean;
}

interface Look {
  isAnnounced: boolean;
  reissue: DueReissue | null;
}

/** After an upgrade: what an older version placed by another rule is found from now on. */
async function placeOlder(context: JobContext): Promise<void> {
  const { moved, unreadable } = await context.certificates.placeAnew(PLACED);
  if (moved > 0)
    context.log.log(6, 'scan', `${moved} certificates of an older version are looked at from now on`);
  for (const serviceId of unreadable)
    context.log.log(3, 'scan', `${serviceId}: the record cannot be read by this version`);
}

/** Announces what is due of one service but its reissue. */
async function lookAt(context: JobContext, seen: OpenService): Promise<Look> {
  const now = context.now();
  const stored = await context.certificates.load(seen.serviceId);
  const tasks = stored === null ? [] : listTasks(stored.record, now);
  if (stored === null || tasks.length === 0) {
    // An entry that an older version wrote, or whose record is gone: put where it belongs.
    await context.certificates.claimDue(seen, stored && computeNextScan(stored.record));
    return { isAnnounced: false, reissue: null };
  }
  const { module, endDate } = stored.record;
  const reissue = {
    seen,
    module,
    endDate: Date.parse(endDate ?? ''),
    isEmergency: isEmergency(stored.record, now),
  };
  return {
    isAnnounced: await announce(context, stored, tasks),
    reissue: tasks.includes('reissue') ? reissue : null,
  };
}

async function announce(context: JobContext, stored: Stored, tasks: readonly Task[]): Promise<boolean> {
  let current = stored;
  for (const task of tasks.filter((one) => one !== 'reissue')) {
    const saved = await carryOut(context.certificates, current, task, context.now());
    // Somebody else was faster: the next scan looks again.
    if (saved === null) break;
    current = { ...current, record: saved };
    if (task === 'emergency') await hurry(context, current);
  }
  return current !== stored;
}

/** A reissue in flight that is late goes before everything else. */
async function hurry(context: JobContext, stored: Stored): Promise<void> {
  const ring = composeRing(stored);
  if (ring !== null) await context.ring(ring.job, ring.payload, EMERGENCY_PRIORITY);
}

/** Begins the due reissues of one module, as many as its account can serve. */
async function beginReissues(
  context: JobContext,
  module: string,
  due: readonly DueReissue[],
): Promise<{ begun: string[]; waiting: number }> {
  const begun: string[] = [];
  try {
    const account = await context.openAccount(module);
    const left = await account.readCallsLeft();
    const room = Math.floor((left * SHARE) / CALLS_PER_REISSUE);
    // The emergencies may take what is kept for orders.
    const chosen = due.filter((one, place) => place < room || one.isEmergency);
    for (const { seen, isEmergency: isUrgent } of chosen) {
      // Announcing may have changed it meanwhile.
      const stored = await context.certificates.load(seen.serviceId);
      if (stored === null || !listTasks(stored.record, context.now()).includes('reissue')) continue;
      const saved = await carryOut(context.certificates, stored, 'reissue', context.now());
      const ring = saved === null ? null : composeRing({ ...stored, record: saved });
      if (saved === null || ring === null) continue;
      await context.ring(ring.job, ring.payload, isUrgent ? EMERGENCY_PRIORITY : undefined);
      begun.push(saved.serviceId);
    }
    return { begun, waiting: due.length - chosen.length };
  } catch (error) {
    context.log.log(3, 'scan', `module ${module}: ${describeError(error)}`);
    for (const { seen } of due) await context.certificates.claimDue(seen, context.now() + LATER_MS);
    return { begun, waiting: due.length - begun.length };
  }
}

/** Looks at what time demands: reissues that are due, ends, alarms. Reads what is due only, however many there are. */
export const scan = defineJob<Record<string, never>, Scanned>({
  name: 'scan',
  summary: 'begin due reissues, announce what expires or has a gap',
  schema: z.strictObject({}),
  example: {},
  subject: () => 'all',
  options: { concurrency: 1, priority: 20, attempts: 1 },
  schedule: (environment) => ({ cron: environment.scanCron }),
  async run(_payload, context) {
    const announced: string[] = [];
    const due: DueReissue[] = [];
    await placeOlder(context);
    for (const seen of await context.certificates.listDue(context.now(), MOST)) {
      try {
        const { isAnnounced, reissue } = await lookAt(context, seen);
        if (isAnnounced) announced.push(seen.serviceId);
        if (reissue !== null) due.push(reissue);
      } catch (error) {
        context.log.log(3, 'scan', `${seen.serviceId}: ${describeError(error)}`);
        await context.certificates.claimDue(seen, context.now() + LATER_MS);
      }
    }
    // After days without a scan those that end first are served first.
    due.sort((a, b) => a.endDate - b.endDate);
    const reissues: string[] = [];
    let waiting = 0;
    for (const module of new Set(due.map((one) => one.module))) {
      const ones = due.filter((one) => one.module === module);
      const answer = await beginReissues(context, module, ones);
      reissues.push(...answer.begun);
      waiting += answer.waiting;
    }
    return done({ reissues, announced, waiting });
  },
});

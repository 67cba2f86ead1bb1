import { z } from 'zod';
import { computeNextScan, type Task } from '../src/certificates/agenda.js';
import type { OpenService, Stored } from '../src/certificates/ports.js';
import { carryOut, listTasks } from '../src/certificates/scan.js';
import type { CertificateRecord } from '../src/certificates/record.js';
import { composeRing } from '../src/certificates/ring.js';
import { describeError } from '../src/errors.js';
import { defineJob, done, type JobContext } from '../src/job.js';

/** Records looked at in one run; what is due and not taken stays due for the next. */
const BATCH = 1000;

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

interface Due extends Stored {
  seen: OpenService;
  tasks: Task[];
}

/** What is due, earliest End date first: after days without a scan those that end first are served first. */
async function loadDue(context: JobContext): Promise<Due[]> {
  const due: Due[] = [];
  const now = context.now();
  for (const seen of await context.certificates.listDue(now, BATCH)) {
    try {
      const stored = await context.certificates.load(seen.serviceId);
      const tasks = stored === null ? [] : listTasks(stored.record, now);
      if (stored !== null && tasks.length > 0) due.push({ ...stored, seen, tasks });
      // An entry that an older version wrote, or whose record is gone: put where it belongs.
      else
        await context.certificates.claimDue(
          seen,
          (stored && computeNextScan(stored.record)) ?? now + LATER_MS,
        );
    } catch (error) {
      context.log.log(3, 'scan', describeError(error));
      await context.certificates.claimDue(seen, now + LATER_MS);
    }
  }
  return due.sort((a, b) => Date.parse(a.record.endDate ?? '') - Date.parse(b.record.endDate ?? ''));
}

/** Announces everything that is due but reissues. */
async function announceDue(context: JobContext, due: readonly Due[]): Promise<string[]> {
  const announced: string[] = [];
  for (const { tasks, ...stored } of due) {
    let current: Stored = stored;
    for (const task of tasks.filter((one) => one !== 'reissue')) {
      const saved = await carryOut(context.certificates, current, task, context.now());
      if (saved === null) break;
      current = { ...current, record: saved };
      if (!announced.includes(saved.serviceId)) announced.push(saved.serviceId);
      if (task === 'emergency') await hurry(context, current);
    }
  }
  return announced;
}

/** A reissue in flight that is late goes before everything else. */
async function hurry(context: JobContext, stored: Stored): Promise<void> {
  const ring = composeRing(stored);
  if (ring !== null) await context.ring(ring.job, ring.payload, EMERGENCY_PRIORITY);
}

function isLate({ announced, endDate }: CertificateRecord): boolean {
  return endDate !== null && announced.emergency === endDate;
}

/** Begins the due reissues of one module, as many as its account can serve. */
async function beginReissues(
  context: JobContext,
  module: string,
  due: readonly Due[],
): Promise<{ begun: string[]; waiting: number }> {
  const begun: string[] = [];
  try {
    const account = await context.openAccount(module);
    const left = await account.readCallsLeft();
    const room = Math.floor((left * SHARE) / CALLS_PER_REISSUE);
    // The emergencies may take what is kept for orders.
    const chosen = due.filter(({ record }, place) => place < room || isLate(record));
    for (const { seen } of chosen) {
      // Announcing may have changed it meanwhile.
      const stored = await context.certificates.load(seen.serviceId);
      if (stored === null || !listTasks(stored.record, context.now()).includes('reissue')) continue;
      const saved = await carryOut(context.certificates, stored, 'reissue', context.now());
      const ring = saved === null ? null : composeRing({ ...stored, record: saved });
      if (saved === null || ring === null) continue;
      await context.ring(ring.job, ring.payload, isLate(saved) ? EMERGENCY_PRIORITY : undefined);
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
    const due = await loadDue(context);
    const announced = await announceDue(context, due);
    const reissues: string[] = [];
    let waiting = 0;
    const wanted = due.filter(({ tasks }) => tasks.includes('reissue'));
    for (const module of new Set(wanted.map(({ record }) => record.module))) {
      const ones = wanted.filter(({ record }) => record.module === module);
      const answer = await beginReissues(context, module, ones);
      reissues.push(...answer.begun);
      waiting += answer.waiting;
    }
    return done({ reissues, announced, waiting });
  },
});

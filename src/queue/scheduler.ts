import { describeError } from '../errors.js';
import type { JobDefinition, Rhythm } from '../job.js';
import type { Logger } from '../log/logger.js';
import type { Queues } from './queues.js';

/** A job that repeats. */
export interface Schedule {
  definition: JobDefinition;
  /** Null: not at all. */
  rhythm: Rhythm | null;
}

/** How often each worker looks whether the schedulers still exist, ms. */
const WATCH_MS = 30_000;

/** Creates the schedulers that are missing or have another rhythm, removes those that are not wanted. Upserting is idempotent over any number of workers. */
export async function ensureSchedulers(queues: Queues, schedules: readonly Schedule[]): Promise<void> {
  for (const { definition, rhythm } of schedules) {
    const queue = queues.open(definition.name);
    if (rhythm === null) {
      await queue.removeJobScheduler(definition.name);
      continue;
    }
    const known = await queue.getJobScheduler(definition.name);
    const isKnown = 'cron' in rhythm ? known?.pattern === rhythm.cron : known?.every === rhythm.everyMs;
    if (isKnown) continue;
    const template = {
      name: definition.name,
      data: {},
      opts: { priority: definition.options.priority, removeOnComplete: { count: 100 } },
    };
    await queue.upsertJobScheduler(
      definition.name,
      'cron' in rhythm ? { pattern: rhythm.cron, tz: 'UTC' } : { every: rhythm.everyMs },
      template,
    );
  }
}

/** Keeps the schedulers alive even when somebody deletes BullMQ's keys. @returns the function that stops watching. */
export function watchSchedulers(
  queues: Queues,
  schedules: readonly Schedule[],
  log: Logger,
  everyMs = WATCH_MS,
): () => void {
  // A worker with other settings may want what this one does not: it is not taken away again and again.
  const wanted = schedules.filter((schedule) => schedule.rhythm !== null);
  const timer = setInterval(() => {
    ensureSchedulers(queues, wanted).catch((error: unknown) => {
      log.log(3, 'scheduler', describeError(error));
    });
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

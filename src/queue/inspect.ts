import type { Queue } from 'bullmq';
import type { Queues } from './queues.js';

/** How a repeating job stands. */
export interface SchedulerState {
  name: string;
  /** `every 60 s`, or a cron pattern. */
  rhythm: string;
  /** When it runs next, ISO 8601; null when BullMQ does not know. */
  nextAt: string | null;
}

/** One queue as people want to see it. */
export interface QueueState {
  name: string;
  /** `waiting` counts what a free worker would take now, whatever its priority. */
  counts: { waiting: number; active: number; delayed: number; completed: number; failed: number };
  isPaused: boolean;
  /** When the job that waits longest was added, ms; null when nothing waits. */
  oldestWaitingAt: number | null;
  /** Names of the workers that take jobs from this queue, each once, sorted. */
  workers: string[];
  schedulers: SchedulerState[];
}

/** Looks at several queues at once, in the order of `names`. */
export async function inspectQueues(queues: Queues, names: readonly string[]): Promise<QueueState[]> {
  return await Promise.all(names.map((name) => inspectQueue(queues.open(name))));
}

async function inspectQueue(queue: Queue): Promise<QueueState> {
  const [counts, isPaused, oldestWaitingAt, workers, schedulers] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed', 'completed', 'failed'),
    queue.isPaused(),
    readOldest(queue),
    readWorkers(queue),
    readSchedulers(queue),
  ]);
  const count = (state: string) => counts[state] ?? 0;
  return {
    name: queue.name,
    counts: {
      waiting: count('waiting') + count('prioritized'),
      active: count('active'),
      delayed: count('delayed'),
      completed: count('completed'),
      failed: count('failed'),
    },
    isPaused,
    oldestWaitingAt,
    workers,
    schedulers,
  };
}

/** The first job of each list: within one priority the oldest, and a queue of ours has one priority. */
async function readOldest(queue: Queue): Promise<number | null> {
  const first = await Promise.all([queue.getWaiting(0, 0), queue.getPrioritized(0, 0)]);
  const times = first.flat().map((job) => job.timestamp);
  return times.length === 0 ? null : Math.min(...times);
}

/** BullMQ finds workers by their connection's name, which ends in `:w:<the worker's name>`. */
async function readWorkers(queue: Queue): Promise<string[]> {
  const clients = await queue.getWorkers();
  const names = clients.map(({ rawname = '' }) => /:w:(.+)$/.exec(rawname)?.[1] ?? 'unnamed');
  return [...new Set(names)].sort();
}

async function readSchedulers(queue: Queue): Promise<SchedulerState[]> {
  const schedulers = await queue.getJobSchedulers();
  return schedulers.map(({ key, every, pattern, next }) => ({
    name: key,
    rhythm: every === undefined ? (pattern ?? 'unknown') : `every ${every / 1000} s`,
    nextAt: next === undefined ? null : new Date(next).toISOString(),
  }));
}

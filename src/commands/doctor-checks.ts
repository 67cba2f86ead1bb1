import type { Environment } from '../../config/environment.js';
import { jobs } from '../../jobs/index.js';
import type { App } from '../app.js';
import { inspectSeal, type SealState } from '../modules/seal.js';
import { SECRET_KEY_REMEDY } from '../modules/add.js';
import type { ModuleRecord } from '../modules/settings.js';
import type { QueueState } from '../queue/inspect.js';
import { formatNext, formatSpan } from './format.js';

/** One named check; `detail` says what was found and, unless it is ok, what to do. */
export interface Finding {
  check: string;
  state: 'ok' | 'warn' | 'fail';
  detail: string;
}

/** A worker wakes within this, ms; later than that the scheduler stands still. */
const SCHEDULER_LATE_MS = 60_000;

const CLOCK_TOLERANCE_MS = 2000;

const START_WORKER = 'start one with pmnamecheap worker';

/** Whether this environment opens every module's key, as the workers must, and whether the previous secret key is still needed. */
export function checkSecretKey(secretKeys: readonly string[], modules: readonly ModuleRecord[]): Finding {
  const check = 'secret-key';
  if (secretKeys.length === 0) return { check, state: 'fail', detail: SECRET_KEY_REMEDY };
  const list = (...states: SealState[]) =>
    modules
      .filter((module) => states.includes(inspectSeal(module.sealedKey, secretKeys, module)))
      .map(({ name }) => name)
      .join(', ');
  const closed = list('closed');
  if (closed !== '') {
    const detail = `it does not open the API key of ${closed}: set the PMNAMECHEAP_SECRET_KEY that sealed it (or PMNAMECHEAP_PREVIOUS_SECRET_KEY), or run module add again`;
    return { check, state: 'fail', detail };
  }
  const [previous, unbound] = [list('previous'), list('unbound')];
  const faults = [
    ...(previous === '' ? [] : [`${previous}: still sealed with the previous secret key`]),
    ...(unbound === '' ? [] : [`${unbound}: sealed as former versions did, not bound to its account`]),
  ];
  if (faults.length > 0)
    return { check, state: 'warn', detail: `${faults.join('; ')}: run pmnamecheap module reseal` };
  return { check, state: 'ok', detail: modules.length === 0 ? 'set' : "opens every module's API key" };
}

export function checkModules(modules: readonly ModuleRecord[], unreadable: readonly string[]): Finding {
  if (unreadable.length > 0) return { check: 'modules', state: 'fail', detail: unreadable.join('; ') };
  if (modules.length === 0)
    return { check: 'modules', state: 'fail', detail: 'there is none: add one with pmnamecheap module add' };
  return { check: 'modules', state: 'ok', detail: modules.map(({ name }) => name).join(', ') };
}

/** Of the jobs that repeat: schedulers that are missing, or whose next run has passed although workers should have taken it. */
export function checkSchedulers(
  queues: readonly QueueState[],
  now: number,
  environment: Environment,
): Finding[] {
  const repeating = [...jobs.values()].filter((one) => (one.schedule?.(environment) ?? null) !== null);
  return repeating.map(({ name }) => {
    const check = `scheduler:${name}`;
    const scheduler = queues.find((queue) => queue.name === name)?.schedulers[0];
    if (scheduler === undefined)
      return { check, state: 'fail', detail: `there is none; every worker makes it: ${START_WORKER}` };
    const lateMs = scheduler.nextAt === null ? 0 : now - Date.parse(scheduler.nextAt);
    if (lateMs > SCHEDULER_LATE_MS) {
      return {
        check,
        state: 'fail',
        detail: `its run was due ${formatSpan(lateMs)} ago: no worker takes it; ${START_WORKER}`,
      };
    }
    const nextAt = scheduler.nextAt === null ? null : Date.parse(scheduler.nextAt);
    return { check, state: 'ok', detail: `${scheduler.rhythm}, next run ${formatNext(nextAt, now)}` };
  });
}

/** Queues that nobody serves, and queues that somebody paused. */
export function checkQueues(queues: readonly QueueState[], now: number): Finding {
  const check = 'queues';
  const faults = queues.flatMap(({ name, counts, workers, oldestWaitingAt, isPaused }) => {
    if (isPaused) return [`${name} is paused: resume it where it was paused`];
    if (counts.waiting === 0 || workers.length > 0) return [];
    const age = oldestWaitingAt === null ? '' : `, the oldest for ${formatSpan(now - oldestWaitingAt)}`;
    return [`${name}: ${counts.waiting} jobs wait${age}, and no worker takes them`];
  });
  if (faults.length > 0) return { check, state: 'fail', detail: `${faults.join('; ')} (${START_WORKER})` };
  const waiting = queues.reduce((sum, { counts }) => sum + counts.waiting, 0);
  return { check, state: 'ok', detail: `${jobs.size} queues, ${waiting} jobs waiting` };
}

export function checkWorkers(queues: readonly QueueState[]): Finding {
  const unserved = queues.filter(({ workers }) => workers.length === 0).map(({ name }) => name);
  if (unserved.length === 0) return { check: 'workers', state: 'ok', detail: 'every queue has one' };
  const detail = `nobody takes ${unserved.join(', ')}: ${START_WORKER}`;
  return { check: 'workers', state: 'warn', detail };
}

/** This machine's clock beside Redis's. */
export async function checkClock(app: App, readLocal: () => number): Promise<Finding> {
  const before = readLocal();
  const there = await app.store.listings.readClock();
  const after = readLocal();
  // Redis read its clock some time between: only what that cannot explain is a difference.
  const difference = Math.max(before - there, there - after, 0);
  if (difference <= CLOCK_TOLERANCE_MS) return { check: 'clock', state: 'ok', detail: 'agrees with Redis' };
  const detail = `differs from Redis's by ${formatSpan(difference)}: let NTP set both machines' clocks`;
  return { check: 'clock', state: 'warn', detail };
}

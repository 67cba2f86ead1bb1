import { isUnfinished, readStage, type CertificateRecord } from '../../src/certificates/record.js';
import type { World } from './world.js';

const MINUTE_MS = 60_000;
const LONGEST_TICK_MS = 30 * MINUTE_MS;

/** Whether nothing is left to do for a service by itself. */
export function isAtRest(record: CertificateRecord): boolean {
  return !isUnfinished(readStage(record)) && record.errands.length === 0;
}

export interface DriveLimits {
  /** Calls and waits at most. */
  steps: number;
  /** Rounds of the repeating jobs at most. */
  ticks: number;
}

/**
 * Lets the world go on until it is at rest: the next call of whoever can go on, in an order that the seed decides; when nobody
 * can, the clock is turned to whatever comes next.
 * @returns false when it did not come to rest within the limits.
 */
export async function drive(world: World, limits: DriveLimits): Promise<boolean> {
  let tickEvery = MINUTE_MS;
  let nextTick = world.time + tickEvery;
  let ticks = 0;
  for (let step = 0; step < limits.steps; step++) {
    // What follows a violation tells nothing.
    if (world.violations.length > 0) return true;
    if (world.time >= world.idleUntil) beginReady(world);
    await world.stage.becomeStill();
    const ready = world.stage.listReady(world.time);
    const chosen = ready[Math.floor(world.random() * ready.length)];
    if (chosen !== undefined) {
      await world.stage.step(chosen);
      continue;
    }
    const nextJob = countRoom(world) > 0 ? Math.min(Infinity, ...world.queue.map(({ at }) => at)) : Infinity;
    const next = Math.min(world.stage.nextReadyAt(), Math.max(nextJob, world.idleUntil));
    if (next <= nextTick) {
      world.time = Math.ceil(Math.max(world.time, next));
      continue;
    }
    if (await isQuiet(world)) return true;
    if (ticks++ >= limits.ticks) return false;
    world.time = Math.max(world.time, nextTick, world.idleUntil);
    await world.onTick();
    enqueueOnce(world, 'collect');
    if (ticks % 3 === 1) enqueueOnce(world, 'scan');
    nextTick = world.time + tickEvery;
    tickEvery = Math.min(LONGEST_TICK_MS, Math.round(tickEvery * 1.5));
  }
  return false;
}

export function enqueueOnce(world: World, job: string): void {
  if (world.queue.every((one) => one.job !== job)) world.enqueue(job, {});
}

/** Each worker takes two jobs at a time. */
function countRoom(world: World): number {
  return Math.max(0, world.processes.length * 2 - world.stage.actors.size);
}

function beginReady(world: World): void {
  const due = world.queue.filter(({ at }) => at <= world.time).slice(0, countRoom(world));
  for (const one of due) {
    world.queue.splice(world.queue.indexOf(one), 1);
    world.begin(one);
  }
}

async function isQuiet(world: World): Promise<boolean> {
  if (world.stage.actors.size > 0 || world.queue.length > 0 || world.time < world.idleUntil) return false;
  return (await world.listRecords()).every(isAtRest);
}

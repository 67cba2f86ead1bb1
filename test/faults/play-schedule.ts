import { readStage } from '../../src/certificates/record.js';
import type { RedisClient } from '../../src/store/connection.js';
import { copyData, decideAsTold, loseData, watchGate } from './data-loss.js';
import { drive, enqueueOnce } from './drive.js';
import { FaultPlan, nameFault, type Fault } from './fault.js';
import { gatherFacts } from './facts.js';
import {
  composeJobs,
  expectEnd,
  launchFleet,
  prepareFleet,
  repeatUnknown,
  type Launched,
  type ServicePlan,
} from './fleet.js';
import { judge, type Allowance } from './invariants.js';
import { Draw, drawSchedule, type Schedule } from './schedule.js';
import { World, type Control } from './world.js';

const DISTURBED = { steps: 6000, ticks: 40 };
const HEALED = { steps: 8000, ticks: 400 };

/** What came of one schedule. */
export interface Played {
  schedule: Schedule;
  violations: string[];
  /** Faults that struck, by kind, with the call. */
  struck: { fault: string; call: string }[];
  calls: number;
  trace: string[];
  histories: string[];
}

/** Where schedules are played. */
export interface Stand {
  redis: RedisClient;
  createPrefix(): string;
  control: Control;
}

/** How to name it to `npm run faults`. */
export function readPosition({ seed, theme }: Schedule): string {
  return drawSchedule(seed).theme === theme ? String(seed) : `${seed} --theme ${theme}`;
}

/** Plays one schedule from its beginning until the world is at rest, and checks the invariants. */
export async function playSchedule(stand: Stand, schedule: Schedule): Promise<Played> {
  const draw = new Draw(schedule.seed ^ 0x5eed);
  await using world = await World.start({
    ...{ seedRandom: draw.random, redis: stand.redis, prefix: stand.createPrefix(), control: stand.control },
    ...{ sandbox: schedule.sandbox, limits: schedule.limits, workers: schedule.workers },
  });
  try {
    const began = await disturb(world, schedule);
    const facts = await gatherFacts(world);
    const fleet = await Promise.all(
      listPlans(schedule).map(async (plan) => ({ plan, expected: await expectEnd(plan) })),
    );
    const found = judge(facts, fleet, allow(world, schedule, began), world.time);
    return report(
      world,
      schedule,
      [...world.violations, ...found],
      facts.services.flatMap(({ record, history }) => [
        `${record.serviceId}: ${record.status}, ${JSON.stringify(record.operation)}, ${record.problem ?? 'no problem'}`,
        ...history.map(({ at, to, operation, cause }) => `  ${at} ${operation ?? to}: ${cause}`),
      ]),
    );
  } catch (error) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return report(world, schedule, [...world.violations, `the world broke: ${told}`], []);
  }
}

function report(world: World, schedule: Schedule, violations: string[], histories: string[]): Played {
  const struck = world.faults.struck.map(({ fault, call }) => ({ fault: nameFault(fault), call }));
  return { schedule, violations, struck, calls: world.calls.length, trace: world.trace, histories };
}

/** @returns when it began, ms. */
async function disturb(world: World, schedule: Schedule): Promise<number> {
  await prepareFleet(world, schedule.fleet);
  // Where a service was prepared, the account is known: only a fresh list shows these.
  for (const one of schedule.boughtBefore) await world.administer('_purchase', one);
  // The lists that were read so far are too old for what follows.
  world.time += 11 * 60_000;
  const began = world.time;
  world.calls.length = 0;
  world.faults = new FaultPlan(schedule.faults);
  world.isCalm = schedule.faults.every(({ kind }) => !['stall', 'clock', 'idle'].includes(kind));
  world.watch = async (call, answer) => {
    await watchLanes(world, call);
    if (call.startsWith('purchases.begin/')) await watchGate(world, answer);
  };
  if (schedule.isBalanceKnown) world.enqueue('balance', {});
  const launched = await launchFleet(world, schedule.fleet);
  const snapshots = await takeSnapshots(world);
  let copy = await copyData(world);
  if (schedule.theme === 'data-loss') world.onTick = () => decideAsTold(world);
  world.onStruck = async (fault) => {
    if (fault.kind === 'data-copied') copy = await copyData(world);
    else if (fault.kind === 'data-loss') await loseData(world, fault, copy);
    else await strikeOutside(world, fault, snapshots);
  };
  await drive(world, DISTURBED);
  await heal(world, schedule, launched);
  return began;
}

/** The records as they are stored, by key. */
async function takeSnapshots(world: World): Promise<Map<string, Record<string, string>>> {
  const { store } = world;
  const snapshots = new Map<string, Record<string, string>>();
  for (const { serviceId } of await world.listRecords()) {
    const key = store.keys.certificate(serviceId);
    snapshots.set(key, await store.redis.hgetall(key));
  }
  return snapshots;
}

/** What people do. */
async function strikeOutside(
  world: World,
  fault: Fault,
  snapshots: ReadonlyMap<string, Record<string, string>>,
): Promise<void> {
  if (fault.kind === 'by-hand') await world.administer('_purchase', { type: fault.type, years: fault.years });
  if (fault.kind !== 'record-restored') return;
  for (const [key, before] of snapshots) {
    await world.store.redis.del(key);
    await world.store.redis.hset(key, before);
  }
}

/** Everything works again; what was asked for is asked for once more, late. Then nothing may change any more. */
async function heal(world: World, schedule: Schedule, launched: Launched): Promise<void> {
  world.faults.end();
  world.idleUntil = 0;
  for (const process of world.processes) Object.assign(process, { refusedLeft: 0, redisDownLeft: 0 });
  await repeatUnknown(world, schedule.fleet);
  const sentinel = await composeJobs(world, listPlans(schedule).slice(schedule.fleet.length));
  for (const jobs of [[], launched, sentinel]) {
    // What a scan could not read it looks at ten minutes later.
    world.time += 20 * 60_000;
    for (const { job, payload } of jobs) world.enqueue(job, payload);
    enqueueOnce(world, 'scan');
    enqueueOnce(world, 'collect');
    if (!(await drive(world, HEALED))) world.violations.push('I5 the world does not come to rest');
  }
  // An order that found stock has listed nothing: the audit does.
  if (sentinel.length > 0) world.enqueue('audit', { module: world.module.name });
  if (!(await drive(world, HEALED))) world.violations.push('I5 the world does not come to rest');
}

/** In a window something may appear that nobody has listed yet: a last order lists it. */
const SENTINEL: ServicePlan = {
  id: 's9',
  kind: 'order',
  type: 'PositiveSSL',
  years: 1,
  copies: 1,
  isAccepted: false,
};

function listPlans({ fleet, theme }: Schedule): ServicePlan[] {
  return theme === 'late' || theme === 'by-hand' ? [...fleet, SENTINEL] : fleet;
}

/** I9, after every call that may change the books: no two purchases of one lane are unsettled at the same time. */
async function watchLanes(world: World, call: string): Promise<void> {
  if (!call.endsWith('/script')) return;
  const lanes = new Map<string, string>();
  for (const record of await world.listRecords()) {
    if (!['purchasing', 'purchase-unclear'].includes(readStage(record)) || record.purchase === null) continue;
    const other = lanes.get(record.purchase.lane);
    const told = `I9 ${other ?? ''} and ${record.serviceId} are unsettled in ${record.purchase.lane}`;
    if (other !== undefined && world.violations.every((one) => !one.startsWith(told)))
      world.violations.push(`${told}, after ${call}`);
    lanes.set(record.purchase.lane, record.serviceId);
  }
}

/** What docs/data-loss.md leaves to a person. */
const LOSS_PROBLEMS = [/Namecheap has a live certificate for/, /is known \(certificate/];

/** HTTP faults after which a charged call has done nothing, and nobody can tell. */
const LOST = ['drop-before', 'http-500', 'html', 'hang', 'error', 'throttle', 'throttle-500000'];
const DAY_MS = 86_400_000;

/** What the faults of a schedule excuse. */
function allow(world: World, { theme }: Schedule, began: number): Allowance {
  const struck = world.faults.struck.map(({ fault }) => fault);
  const unclear = struck.filter(({ kind }) => kind !== 'clock' && kind !== 'by-hand').length;
  const hasLost = struck.some(({ kind }) => kind === 'data-loss');
  const lost = struck.filter((fault) => fault.kind !== 'http' || LOST.includes(fault.rule.fault)).length;
  const problems = [
    ...(lost >= 3 ? [/purchases in a row were not answered and came to nothing/] : []),
    // By another purchase that is unclear at the same time, or by somebody's: a person has to tell.
    ...(unclear >= 2 || struck.some(({ kind }) => kind === 'by-hand') ? [/The balance fell by/] : []),
    ...(world.time - began > 7 * DAY_MS ? [/within 7 days/] : []),
    ...(theme === 'restored' ? [/is known \(certificate .* although its record has none/] : []),
    ...(theme === 'by-hand' ? [/Somebody seems to work in this account by hand/, /The balance fell by/] : []),
    ...(hasLost ? LOSS_PROBLEMS : []),
    ...(theme === 'late' ? [/The balance fell by/] : []),
  ];
  return {
    problems,
    hasLost,
    isHandWindow: theme === 'by-hand',
    lateCharges: theme === 'late' ? struck.length : 0,
    isQuotaBlind: struck.some((fault) => fault.kind === 'clock' && fault.whose === 'redis'),
  };
}

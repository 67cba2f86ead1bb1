import { jobs } from '../../jobs/index.js';
import { makeCsr } from '../csr-fixtures.js';
import { drive } from './drive.js';
import type { World } from './world.js';

const DAY_MS = 86_400_000;

export const SERVICE_KINDS = ['order', 'renew', 'reissue', 'names', 'rekey'] as const;
export type ServiceKind = (typeof SERVICE_KINDS)[number];

/** One service of a schedule: what happens to it, and in how many copies its job is added at the same time. */
export interface ServicePlan {
  id: string;
  kind: ServiceKind;
  type: string;
  years: number;
  copies: number;
  /** Whether our producer made it durable before the job was added; other BullMQ clients just add the job. */
  isAccepted: boolean;
}

/** What must have been bought in the end, and how long its chain of certificates is then. */
export interface Expectation {
  renews: number;
  names: number;
  chain: number;
  /** The CSR in force, PEM. */
  csr: string;
}

const csrs = new Map<string, Promise<string>>();

/** Making a key takes longer than most calls: one for each name and purpose. */
async function getCsr(commonName: string, sans: readonly string[] = [], purpose = ''): Promise<string> {
  const key = [commonName, purpose, ...sans].join();
  const csr = csrs.get(key) ?? makeCsr({ commonName, sans }).then((made) => made.csr);
  csrs.set(key, csr);
  return await csr;
}

function nameDomain({ id, type }: ServicePlan): string {
  return `${type.includes('Wildcard') ? '*.' : ''}${id}.example.com`;
}

function listSans(plan: ServicePlan): string[] {
  return plan.type.includes('Multi') ? ['a', 'b'].map((name) => `${name}.${plan.id}.example.com`) : [];
}

async function composePayload(plan: ServicePlan) {
  const sans = listSans(plan);
  return {
    ...{ serviceId: plan.id, type: plan.type, years: plan.years, dcv: { method: 'dns' } },
    csr: await getCsr(nameDomain(plan)),
    ...(sans.length === 0 ? {} : { sans }),
  };
}

export async function expectEnd(plan: ServicePlan): Promise<Expectation> {
  const csr = await getCsr(nameDomain(plan), [], plan.kind === 'rekey' ? 'second' : '');
  const renews = plan.kind === 'renew' ? 1 : 0;
  const names = plan.kind === 'names' ? 1 : 0;
  return { renews, names, chain: plan.kind === 'order' ? 1 : 2, csr };
}

/** Brings a service to where its story begins, with nothing going wrong. Renewals go first: they take most of a year. */
export async function prepareFleet(world: World, fleet: readonly ServicePlan[]): Promise<void> {
  const renewals = fleet.filter(({ kind }) => kind === 'renew');
  if (renewals.length > 0) {
    await orderAll(world, renewals);
    world.time += 310 * DAY_MS;
  }
  const rest = fleet.filter(({ kind }) => kind !== 'renew' && kind !== 'order');
  for (const plan of rest) {
    // Due at once: the lead is longer than its life.
    if (plan.kind === 'reissue') await world.administer('_first-leaf', { days: 20 });
    await orderAll(world, [plan]);
  }
}

async function orderAll(world: World, plans: readonly ServicePlan[]): Promise<void> {
  for (const plan of plans) world.enqueue('order', await composePayload(plan));
  const isDone = await drive(world, { steps: 20_000, ticks: 20 });
  if (!isDone) throw new Error(`${plans.map(({ id }) => id).join()} could not be prepared`);
}

/** The job of a plan, with what makes it durable. */
async function composeJob(world: World, plan: ServicePlan): Promise<{ job: string; payload: object }> {
  const { id: serviceId } = plan;
  const requestId = `op-${serviceId}`;
  switch (plan.kind) {
    case 'order':
      return { job: 'order', payload: await composePayload(plan) };
    case 'renew': {
      const stored = await world.store.certificates.load(serviceId);
      const paidTill = stored?.record.termEnd ?? undefined;
      return { job: 'renew', payload: { serviceId, years: 1, paidTill, requestId } };
    }
    case 'names': {
      const sans = [...listSans(plan), ...['c', 'd'].map((name) => `${name}.${serviceId}.example.com`)];
      return { job: 'reissue', payload: { serviceId, sans, allowCharge: true, requestId } };
    }
    case 'rekey': {
      const csr = await getCsr(nameDomain(plan), [], 'second');
      return { job: 'reissue', payload: { serviceId, csr, reason: 'rekey', requestId } };
    }
    case 'reissue':
      return { job: 'scan', payload: {} };
  }
}

export type Launched = { job: string; payload: object }[];

/** Adds the jobs of the fleet, each in its copies. @returns them, to be added once more much later. */
export async function launchFleet(world: World, fleet: readonly ServicePlan[]): Promise<Launched> {
  const launched: Launched = [];
  for (const plan of fleet) {
    const { job, payload } = await composeJob(world, plan);
    const definition = jobs.get(job);
    if (plan.isAccepted)
      await definition?.accept?.(
        definition.schema.parse(payload),
        world.store,
        world.time,
        `enqueued-${plan.id}`,
      );
    for (let copy = 0; copy < plan.copies; copy++)
      world.enqueue(job, payload, world.time + Math.floor(world.random() * 1500));
    launched.push({ job, payload });
  }
  return launched;
}

/** The jobs of some plans, not added yet. */
export async function composeJobs(world: World, fleet: readonly ServicePlan[]): Promise<Launched> {
  return await Promise.all(fleet.map((plan) => composeJob(world, plan)));
}

/** What another BullMQ client does with an order that is not known yet: it adds the job again. */
export async function repeatUnknown(world: World, fleet: readonly ServicePlan[]): Promise<void> {
  for (const plan of fleet) {
    if (plan.isAccepted) continue;
    const { job, payload } = await composeJob(world, plan);
    world.enqueue(job, payload);
  }
}

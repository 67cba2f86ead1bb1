import { describe, expect, it } from 'vitest';
import { findViolations, listLeases, readQueues } from '../helpers/books.js';
import { composeOrder } from '../helpers/orders.js';
import { RedisGate } from '../helpers/redis-gate.js';
import { System, until } from '../helpers/system.js';
import { spawnCommand, spawnWorker, stop, untilSaid } from '../helpers/worker-processes.js';

const READY = 'listens for';
const unlimited = { limits: [0, 0, 0] as [number, number, number], balance: '100000' };

async function startCommand(system: System, changes: Readonly<Record<string, string>> = {}) {
  const child = spawnCommand(system, changes);
  await untilSaid(child, READY);
  return child;
}

async function untilCharged(system: System, count: number): Promise<void> {
  await until(
    async () => ((await system.readLedger()).charges.length >= count ? true : null),
    async () => `${(await system.readLedger()).charges.length} charges`,
  );
}

async function untilIssued(system: System, ids: readonly string[]): Promise<void> {
  for (const id of ids) await system.untilRecord(id, ({ status }) => status === 'issued', 60_000);
}

/** Every job of the queue with the attempts that it has spent: one for its end, none for being handed over. */
async function listAttempts(system: System, name: string): Promise<number[]> {
  const done = await system.app.queues.open(name).getJobs(['completed']);
  return done.map(({ attemptsMade }) => attemptsMade);
}

async function orderMany(system: System, count: number, types: readonly string[]): Promise<string[]> {
  const orders = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      composeOrder(`load-${index}.example.com`, { type: types[index % types.length] }),
    ),
  );
  await Promise.all(orders.map((order) => system.app.enqueue('order', order)));
  return orders.map(({ serviceId }) => serviceId);
}

describe('SIGTERM under load', () => {
  it(
    'two workers with 24 orders before them end with code 0; what they left is done by the next ones at once, nothing twice',
    { timeout: 120_000 },
    async () => {
      await using system = await System.start({ sandbox: unlimited, worker: false });
      await system.control('_fault', { command: '*', fault: 'slow', delayMs: 100 });
      const first = await Promise.all([startCommand(system), startCommand(system)]);
      const ids = await orderMany(system, 24, ['PositiveSSL', 'EssentialSSL']);
      await untilCharged(system, 5);
      expect(await Promise.all(first.map((child) => stop(child, 'SIGTERM')))).toEqual([0, 0]);
      const { charges } = await system.readLedger();
      expect(charges.length).toBeLessThan(24);
      // Nothing is left for a stall check or a lease's end to free.
      expect((await readQueues(system)).active).toEqual([]);
      expect(await listLeases(system)).toEqual([]);

      const next = await Promise.all([startCommand(system), startCommand(system)]);
      await untilIssued(system, ids);
      await until(
        async () => ((await readQueues(system)).waiting.length === 0 ? true : null),
        async () => JSON.stringify(await readQueues(system)),
      );
      expect(await Promise.all(next.map((child) => stop(child, 'SIGTERM')))).toEqual([0, 0]);
      expect(await findViolations(system)).toEqual([]);
      expect(await system.countCalls()).toMatchObject({ 'ssl.create': 24, 'ssl.activate': 24 });
      expect(await readQueues(system)).toMatchObject({ active: [], stalled: 0 });
      expect(await listAttempts(system, 'order')).toEqual(Array.from({ length: 24 }, () => 1));
    },
  );

  it('waits for a charged call and settles it', { timeout: 60_000 }, async () => {
    await using system = await System.start({ sandbox: unlimited, worker: false });
    await system.control('_fault', { command: 'ssl.create', fault: 'slow', delayMs: 1500, count: 1 });
    const child = await startCommand(system);
    const [id = ''] = await orderMany(system, 1, ['PositiveSSL']);
    await untilCharged(system, 1);
    expect(await stop(child, 'SIGTERM')).toBe(0);
    const { charges } = await system.readLedger();
    const record = await system.readRecord(id);
    // With the transaction that only this answer told: nobody had to look the purchase up.
    expect(record?.certificateId).toBe(charges[0]?.certificateId);
    expect(record?.transactionId).not.toBeNull();
    const next = await startCommand(system);
    await untilIssued(system, [id]);
    expect(await stop(next, 'SIGTERM')).toBe(0);
    expect(await findViolations(system)).toEqual([]);
    expect((await system.countCalls())['ssl.create']).toBe(1);
  });

  it.each([
    {
      command: 'ssl.create',
      what: 'it had been made',
      fault: { fault: 'hang' },
      creates: 1,
      stage: 'purchasing',
    },
    {
      command: 'ssl.create',
      what: 'it had not been made',
      fault: { fault: 'hang', before: true },
      creates: 2,
      stage: 'purchasing',
    },
    {
      command: 'ssl.activate',
      what: 'it had been made',
      fault: { fault: 'hang' },
      creates: 1,
      stage: 'purchased',
    },
    {
      command: 'ssl.getList',
      what: 'it only looked',
      fault: { fault: 'hang' },
      creates: 1,
      stage: 'accepted',
    },
  ])(
    'does not wait longer than the grace for an answer to $command: the next worker finds out that $what',
    { timeout: 90_000 },
    async ({ command, fault, creates, stage }) => {
      const environment = {
        PMNAMECHEAP_HTTP_TIMEOUT: '60s',
        PMNAMECHEAP_SETTLE_TIME: '120s',
        PMNAMECHEAP_SHUTDOWN_GRACE: '500ms',
      };
      await using system = await System.start({ sandbox: unlimited, worker: false, environment });
      await system.control('_fault', { command, ...fault, count: 1 });
      const child = await startCommand(system);
      const [id = ''] = await orderMany(system, 1, ['PositiveSSL']);
      await until(
        async () => (await system.readLedger()).calls.some(({ outcome }) => outcome === 'hang') || null,
        () => Promise.resolve(`${command} was not called`),
      );
      expect(await stop(child, 'SIGTERM')).toBe(0);
      const before = await system.readRecord(id);
      expect(before).toMatchObject({ attempts: 0, problem: null });
      expect(before?.status).toBe(stage);
      expect(await listLeases(system)).toEqual([]);
      expect((await readQueues(system)).active).toEqual([]);
      // Shorter than the first worker's, or the settle time would be minutes.
      const short = { PMNAMECHEAP_HTTP_TIMEOUT: '1s', PMNAMECHEAP_SETTLE_TIME: '3s' };
      const next = await startCommand(system, short);
      await untilIssued(system, [id]);
      expect(await stop(next, 'SIGTERM')).toBe(0);
      expect(await findViolations(system)).toEqual([]);
      expect(await system.countCalls()).toMatchObject({ 'ssl.create': creates, 'ssl.activate': 1 });
      expect((await readQueues(system)).stalled).toBe(0);
    },
  );
});

describe('the end of a worker', () => {
  it('is immediate at the second signal, whatever runs', { timeout: 60_000 }, async () => {
    const environment = { PMNAMECHEAP_HTTP_TIMEOUT: '5m', PMNAMECHEAP_SHUTDOWN_GRACE: '1h' };
    await using system = await System.start({
      sandbox: unlimited,
      worker: false,
      environment: { ...environment, PMNAMECHEAP_SETTLE_TIME: '10m' },
    });
    await system.control('_fault', { command: 'ssl.create', fault: 'hang', count: 1 });
    const child = await startCommand(system);
    await orderMany(system, 1, ['PositiveSSL']);
    await untilCharged(system, 1);
    const stopping = untilSaid(child, 'interrupt again');
    child.kill('SIGINT');
    await stopping;
    expect(await stop(child, 'SIGTERM')).toBe(130);
  });

  it.each([
    { when: 'it connects', connections: 1 },
    { when: 'its workers connect', connections: 4 },
  ])('is clean when the signal comes while $when', { timeout: 60_000 }, async ({ connections }) => {
    await using system = await System.start({ sandbox: unlimited, worker: false });
    await using gate = await RedisGate.start(system.redis.url);
    const child = spawnCommand(system, { REDIS_URL: gate.url });
    let seen = 0;
    const ended = new Promise<number | string | null>((resolve, reject) => {
      gate.onConnection = () => {
        if (++seen === connections) stop(child, 'SIGINT').then(resolve, reject);
      };
    });
    expect(await ended).toBe(0);
    expect(await readQueues(system)).toMatchObject({ active: [] });
  });

  it('comes also when Redis goes away before its workers have connected', { timeout: 60_000 }, async () => {
    await using system = await System.start({ sandbox: unlimited, worker: false });
    await using gate = await RedisGate.start(system.redis.url);
    const child = spawnCommand(system, { REDIS_URL: gate.url });
    let seen = 0;
    const ended = new Promise<number | string | null>((resolve, reject) => {
      gate.onConnection = () => {
        if (++seen < 4) return;
        gate.onConnection = () => undefined;
        gate.setAway(true);
        stop(child, 'SIGTERM').then(resolve, reject);
      };
    });
    // Without Redis the start itself may have failed by then; it ends in any case.
    expect([0, 1]).toContain(await ended);
  });

  it.each([
    { what: 'nothing runs', orders: 0 },
    { what: 'a purchase is under way', orders: 1 },
  ])(
    'comes within the grace although Redis is away, when $what; nothing is bought twice',
    { timeout: 60_000 },
    async ({ orders }) => {
      await using system = await System.start({
        sandbox: unlimited,
        worker: false,
        environment: { PMNAMECHEAP_SHUTDOWN_GRACE: '1s' },
      });
      await using gate = await RedisGate.start(system.redis.url);
      await system.control('_fault', { command: 'ssl.create', fault: 'slow', delayMs: 1000, count: 1 });
      const short = { leaseMarginMs: 500, lockTimes: { lockMs: 1000, stalledCheckMs: 500 } };
      const child = await spawnWorker(system, { REDIS_URL: gate.url });
      const ids = await orderMany(system, orders, ['PositiveSSL']);
      await untilCharged(system, orders);
      gate.setAway(true);
      expect(await stop(child, 'SIGTERM')).toBe(0);
      await system.startWorker(short);
      await untilIssued(system, ids);
      expect(await findViolations(system)).toEqual([]);
      expect((await system.countCalls())['ssl.create'] ?? 0).toBe(orders);
    },
  );
});

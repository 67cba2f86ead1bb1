import { describe, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { createProducer } from '../../src/producer.js';
import { findViolations, readQueues } from '../helpers/books.js';
import { SHORT_LOCKS } from '../helpers/kill-rounds.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';
import { spawnWorker, stop } from '../helpers/worker-processes.js';

const sandbox = { limits: [0, 0, 0] as [number, number, number], balance: '100000' };
const start = () => System.start({ sandbox, worker: false });
const spawn = (system: System) => spawnWorker(system, SHORT_LOCKS);

async function untilIssued(system: System, ids: readonly string[]): Promise<void> {
  for (const id of ids) await system.untilRecord(id, ({ status }) => status === 'issued', 90_000);
}

async function untilInOrder(system: System): Promise<void> {
  const look = async () => {
    const { active, waiting } = await readQueues(system);
    const left = [...active, ...waiting].filter((job) => !/^(collect|scan|notify)\//.test(job));
    return [...left, ...(await findViolations(system))];
  };
  await until(
    async () => ((await look()).length === 0 ? true : null),
    async () => (await look()).join('\n'),
  );
}

describe('two worker processes', () => {
  it(
    'given one order by three producers and by plain BullMQ, and again by hand as Bull Board does it, buy it once',
    { timeout: 120_000 },
    async () => {
      await using system = await start();
      const workers = await Promise.all([spawn(system), spawn(system)]);
      await system.control('_fault', { command: '*', fault: 'slow', delayMs: 100 });
      const payload = await composeOrder('often.example.com');
      const producers = await Promise.all(
        Array.from({ length: 3 }, () => createProducer({ redisUrl: system.redis.url })),
      );
      const queue = system.app.queues.open('order');
      const plain = Array.from({ length: 10 }, () => queue.add('order', payload));
      const ours = producers.flatMap((producer) =>
        Array.from({ length: 10 }, () => producer.order({ ...payload, dcv: { method: 'dns' } })),
      );
      // Another order under the same id: refused, whatever is done to its job.
      const other = queue.add('order', { ...payload, type: 'EssentialSSL' });
      await Promise.all([...plain, ...ours, other]);
      // While they wait for each other: moved to the front by hand.
      for (const job of await queue.getJobs(['delayed'])) await job.promote().catch(() => undefined);
      await untilIssued(system, [payload.serviceId]);
      await untilInOrder(system);
      const [completed, failed] = await Promise.all([
        queue.getJobs(['completed']),
        queue.getJobs(['failed']),
      ]);
      expect(completed.length).toBe(40);
      expect(failed.length).toBe(1);
      for (const job of completed) await job.retry('completed');
      for (const job of failed) await job.retry('failed');
      await until(
        async () => ((await queue.getFailedCount()) + (await queue.getCompletedCount()) === 41 ? true : null),
        async () => JSON.stringify(await queue.getJobCounts()),
      );
      await untilInOrder(system);
      expect(await queue.getFailedCount()).toBe(1);
      expect(await system.countCalls()).toMatchObject({ 'ssl.create': 1, 'ssl.activate': 1 });
      expect(await Promise.all(workers.map((worker) => stop(worker, 'SIGTERM')))).toEqual([0, 0]);
      await Promise.all(producers.map((producer) => producer.close()));
    },
  );

  it(
    'lose nothing when every BullMQ key is deleted, and a queue obliterated, while calls are under way; the schedulers come back',
    { timeout: 180_000 },
    async () => {
      await using system = await start();
      const workers = await Promise.all([spawn(system), spawn(system)]);
      await system.control('_fault', { command: '*', fault: 'slow', delayMs: 100 });
      const orders = await Promise.all(
        Array.from({ length: 8 }, (_, index) => composeOrder(`gone-${index}.example.com`)),
      );
      for (const order of orders) await system.app.enqueue('order', order);
      await untilCharges(system, 2);
      const { redis, certificates } = system.app.store;
      const keys = await Promise.all([...jobs.keys()].map((name) => redis.keys(`{pmnamecheap}:${name}:*`)));
      await system.app.queues.open('order').obliterate({ force: true });
      await redis.del(...keys.flat());
      // The worker looks every half minute; nobody starts another.
      const collect = system.app.queues.open('collect');
      await until(
        async () => ((await collect.getJobSchedulersCount()) > 0 ? true : null),
        () => Promise.resolve('the schedulers stayed away'),
        90_000,
      );
      // Due now, instead of a minute after they were last looked at.
      for (const { serviceId } of orders) await certificates.postpone(serviceId, Date.now());
      await untilIssued(
        system,
        orders.map(({ serviceId }) => serviceId),
      );
      await untilInOrder(system);
      expect((await system.readLedger()).charges).toHaveLength(8);
      expect(await Promise.all(workers.map((worker) => stop(worker, 'SIGTERM')))).toEqual([0, 0]);
    },
  );

  it(
    'are replaced one after the other while orders come in: each is bought once, none waits for a stall check',
    { timeout: 120_000 },
    async () => {
      await using system = await start();
      // Locks of production: what a worker does not hand over would be stuck for half a minute.
      const locks = { TEST_LOCK_MS: '30000', TEST_STALLED_CHECK_MS: '15000' };
      const workers = [await spawnWorker(system, locks), await spawnWorker(system, locks)];
      await system.control('_fault', { command: '*', fault: 'slow', delayMs: 100 });
      const ids: string[] = [];
      const exits: (number | string | null)[] = [];
      for (let turn = 0; turn < 4; turn++) {
        const orders = await Promise.all(
          Array.from({ length: 4 }, (_, index) => composeOrder(`roll-${turn}-${index}.example.com`)),
        );
        for (const order of orders) await system.app.enqueue('order', order);
        ids.push(...orders.map(({ serviceId }) => serviceId));
        await untilCharges(system, turn * 2 + 1);
        const oldest = workers.shift();
        const [exit, fresh] = await Promise.all([
          oldest === undefined ? null : stop(oldest, 'SIGTERM'),
          spawnWorker(system, locks),
        ]);
        exits.push(exit);
        workers.push(fresh);
      }
      await untilIssued(system, ids);
      await untilInOrder(system);
      expect(exits).toEqual([0, 0, 0, 0]);
      expect(await system.countCalls()).toMatchObject({ 'ssl.create': 16, 'ssl.activate': 16 });
      expect((await readQueues(system)).stalled).toBe(0);
      await Promise.all(workers.map((worker) => stop(worker, 'SIGTERM')));
    },
  );
});

async function untilCharges(system: System, count: number): Promise<void> {
  await until(
    async () => ((await system.readLedger()).charges.length >= count ? true : null),
    async () => `${(await system.readLedger()).charges.length} charges`,
  );
}

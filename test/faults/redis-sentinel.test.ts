import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { serverBinary } from '../helpers/redis-server.js';
import { SentinelSet } from '../helpers/sentinel.js';
import { System, until } from '../helpers/system.js';

async function startOn(set: SentinelSet): Promise<System> {
  return await System.start({
    redisUrl: set.primary.url,
    environment: set.environment,
    sandbox: { limits: [0, 0, 0] },
    worker: { leaseMarginMs: 500, lockTimes: { lockMs: 2000, stalledCheckMs: 1000 } },
  });
}

async function untilIssued(system: System, serviceId: string): Promise<void> {
  await until(
    async () => {
      const record = await system.readRecord(serviceId).catch(() => null);
      return record?.status === 'issued' ? record : null;
    },
    async () => JSON.stringify(await system.readRecord(serviceId)),
    90_000,
  );
}

describe.skipIf(serverBinary === null)(
  'Sentinel failover (needs redis-server or valkey-server on PATH)',
  () => {
    it(
      'under orders, with a replica that has everything: all end, bought once',
      { timeout: 120_000 },
      async () => {
        await using set = await SentinelSet.start();
        await using system = await startOn(set);
        const orders = await Promise.all([1, 2, 3].map((n) => composeOrder(`failover-${n}.example.com`)));
        for (const payload of orders) await system.app.enqueue('order', payload);
        await until(
          async () => ((await system.readLedger()).charges.length > 0 ? true : null),
          () => Promise.resolve('nothing was bought'),
        );
        await set.failOver();
        // The billing system did not hear of any end: it sends them again.
        for (const payload of orders) {
          await until(
            async () => await system.app.enqueue('order', payload).catch(() => null),
            () => Promise.resolve('the order was not taken'),
          );
        }
        for (const { serviceId } of orders) await untilIssued(system, serviceId);
        expect((await system.readLedger()).charges).toHaveLength(3);
      },
    );

    it(
      'to a replica that was left behind while a purchase was under way: it is found again, bought once',
      { timeout: 120_000 },
      async () => {
        await using set = await SentinelSet.start();
        await using system = await startOn(set);
        const payload = await composeOrder('behind.example.com');
        await system.run('order', await composeOrder('before.example.com'));
        await system.control('_fault', { command: 'ssl.create', fault: 'slow', count: 1, delayMs: 1000 });
        await system.app.enqueue('order', payload);
        await until(
          async () => ((await system.readLedger()).charges.length === 2 ? true : null),
          () => Promise.resolve('nothing was bought'),
        );
        // The replica has the intent; it misses how the purchase ended.
        await set.leaveBehind();
        const known = await system.untilRecord(
          payload.serviceId,
          ({ certificateId }) => certificateId !== null,
        );
        await set.failOver();
        const { serviceId } = payload;
        const { status, problem } = await until(
          async () => {
            const record = await system.readRecord(serviceId).catch(() => null);
            return record !== null && ['issued', 'parked'].includes(record.status) ? record : null;
          },
          async () => JSON.stringify(await system.readRecord(serviceId)),
          90_000,
        );
        // Activated before the primary died, it cannot be told from somebody else's: a person says that it is ours.
        if (status === 'parked') {
          expect(problem).toContain(`--adopt ${String(known.certificateId)}`);
          await system.run('resolve', { serviceId, decision: { adopt: known.certificateId } });
        }
        await untilIssued(system, serviceId);
        expect((await system.readLedger()).charges).toHaveLength(2);
        const history = await system.app.store.certificates.readHistory(payload.serviceId);
        expect(history.map(({ cause }) => cause)).toContainEqual(
          expect.stringMatching(/adopted|decided by a person/),
        );
        expect(await system.readRecord(payload.serviceId)).toMatchObject({
          certificateId: known.certificateId,
        });
      },
    );

    it(
      'to a replica that never heard of the order: sent again, it does not buy a second certificate',
      { timeout: 120_000 },
      async () => {
        await using set = await SentinelSet.start();
        await using system = await startOn(set);
        await system.run('order', await composeOrder('before.example.com'));
        await set.leaveBehind();
        const payload = await composeOrder('unheard.example.com');
        await system.app.enqueue('order', payload);
        // Without its replica the primary has nobody to wait for: see docs/durability.md, min-replicas-to-write.
        await untilIssued(system, payload.serviceId);
        await set.failOver();
        await until(
          async () => await system.app.enqueue('order', payload).catch(() => null),
          () => Promise.resolve('the order was not taken'),
        );
        const { problem } = await system.untilRecord(payload.serviceId, ({ status }) => status === 'parked');
        expect(problem).toContain('live certificate');
        expect((await system.readLedger()).charges).toHaveLength(2);
      },
    );
  },
);

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
  },
);

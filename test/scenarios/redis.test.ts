import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { RedisServer, serverBinary } from '../helpers/redis-server.js';
import { System, until } from '../helpers/system.js';

const unlimited = { limits: [0, 0, 0] as [number, number, number] };

describe.skipIf(serverBinary === null)(
  'Redis killed with kill -9 (needs redis-server or valkey-server on PATH)',
  () => {
    it(
      'and started again: workers come back by themselves, what was accepted is bought',
      { timeout: 90_000 },
      async () => {
        await using redis = await RedisServer.start();
        await using system = await System.start({
          redisUrl: redis.url,
          sandbox: unlimited,
          worker: { lockTimes: { lockMs: 2000, stalledCheckMs: 1000 } },
        });
        const before = await composeOrder('before.example.com');
        await system.run('order', before);
        await redis.kill();
        await expect(
          system.app.enqueue('order', await composeOrder('meanwhile.example.com')),
        ).rejects.toThrow();
        await redis.start();
        const after = await composeOrder('after.example.com');
        await until(
          async () => await system.app.enqueue('order', after).catch(() => null),
          () => Promise.resolve('no order was taken after the restart'),
        );
        for (const { serviceId } of [before, after]) {
          await system.untilRecord(serviceId, ({ status }) => status === 'issued', 60_000);
        }
        expect((await system.readLedger()).charges).toHaveLength(2);
      },
    );

    it(
      'while a purchase is under way: one charge, and the certificate is ours',
      { timeout: 90_000 },
      async () => {
        await using redis = await RedisServer.start();
        await using system = await System.start({
          redisUrl: redis.url,
          sandbox: unlimited,
          worker: { leaseMarginMs: 500, lockTimes: { lockMs: 2000, stalledCheckMs: 1000 } },
        });
        await system.control('_fault', { command: 'ssl.create', fault: 'slow', count: 1, delayMs: 1500 });
        const payload = await composeOrder('under-way.example.com');
        await system.app.enqueue('order', payload);
        await until(
          async () => ((await system.readLedger()).charges.length === 1 ? true : null),
          () => Promise.resolve('nothing was bought'),
        );
        await redis.kill();
        await redis.start();
        const record = await until(
          async () => {
            const seen = await system.readRecord(payload.serviceId).catch(() => null);
            return seen?.status === 'issued' ? seen : null;
          },
          async () => JSON.stringify(await system.readRecord(payload.serviceId)),
          80_000,
        );
        const { charges } = await system.readLedger();
        expect(charges).toHaveLength(1);
        expect(record.certificateId).toBe(charges[0]?.certificateId);
      },
    );
  },
);

import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { countRounds, seedRandom } from '../helpers/redis-points.js';
import { RedisServer, serverBinary } from '../helpers/redis-server.js';
import { System, until } from '../helpers/system.js';

const SEED = 20_261_124;
/** Each kill comes at one of this many API calls after the orders of its round. */
const CALLS_BETWEEN = 6;
const KILLS = countRounds(2);

describe.skipIf(serverBinary === null)(
  'BullMQ workers whose Redis is killed with kill -9 (needs redis-server or valkey-server on PATH)',
  () => {
    it(
      `again and again under orders (${KILLS} kills, seed ${SEED}): all end, bought once; schedulers live`,
      { timeout: 120_000 + KILLS * 20_000 },
      async () => {
        const random = seedRandom(SEED);
        await using redis = await RedisServer.start();
        await using system = await System.start({
          redisUrl: redis.url,
          sandbox: { limits: [0, 0, 0], balance: '1000000' },
          worker: { leaseMarginMs: 500, lockTimes: { lockMs: 2000, stalledCheckMs: 1000 } },
        });
        const orders: string[] = [];
        for (let kill = 0; kill < KILLS; kill++) {
          const { calls } = await system.readLedger();
          const target = calls.length + 1 + Math.floor(random() * CALLS_BETWEEN);
          for (let i = 0; i < 2; i++) {
            const payload = await composeOrder(`workers-${kill}-${i}.example.com`);
            orders.push(payload.serviceId);
            await until(
              // As a billing system would: the same order again until it was taken.
              async () => await system.app.enqueue('order', payload).catch(() => null),
              () => Promise.resolve('the order was not taken'),
            );
          }
          await until(
            async () => ((await system.readLedger()).calls.length >= target ? true : null),
            () => Promise.resolve('nothing was called'),
          );
          await redis.kill();
          await redis.start();
        }
        for (const serviceId of orders) {
          await until(
            async () => {
              const record = await system.readRecord(serviceId).catch(() => null);
              return record?.status === 'issued' ? record : null;
            },
            async () => JSON.stringify(await system.readRecord(serviceId)),
            90_000,
          );
        }
        const { charges, certificates } = await system.readLedger();
        expect(charges).toHaveLength(orders.length);
        expect(certificates.every(({ status }) => status === 'active')).toBe(true);
        for (const name of ['collect', 'scan']) {
          const [scheduler] = await system.app.queues.open(name).getJobSchedulers();
          expect(scheduler?.next).toBeGreaterThan(Date.now() - 60_000);
        }
      },
    );
  },
);

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WaitError } from '../../src/errors.js';
import { connectStore, type RedisClient } from '../../src/store/connection.js';
import { composeOrder } from '../helpers/orders.js';
import { PrivateRedis } from '../helpers/private-redis.js';
import { serverBinary } from '../helpers/redis-server.js';
import { override } from '../helpers/override.js';
import { startBench, withApi, type Bench } from '../helpers/work.js';

const PATIENT = { timeout: 10_000 };

/** A lifecycle on this Redis, through a connection of its own. */
async function startReplicated(primary: PrivateRedis): Promise<Bench & { client: RedisClient }> {
  const client = await connectStore({ kind: 'url', url: primary.url });
  const bench = await startBench({ client, createPrefix: () => `{test-${randomUUID()}}` });
  const close = async () => {
    await bench[Symbol.asyncDispose]();
    client.disconnect();
  };
  return { ...bench, client, [Symbol.asyncDispose]: close };
}

async function acceptOn(bench: Bench): Promise<string> {
  const payload = await composeOrder('replicas.example.com');
  await bench.accept(payload);
  return payload.serviceId;
}

/** How often WAIT was sent to this server. */
async function countWaits(server: PrivateRedis): Promise<number> {
  const stats = await server.client.info('commandstats');
  return Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe.skipIf(serverBinary === null)(
  'replicas confirm an intent (needs redis-server or valkey-server on PATH)',
  () => {
    it('before each call that must not be forgotten: both know of it when it is made', async () => {
      await using primary = await PrivateRedis.start();
      await using replica = await primary.startReplica();
      await using bench = await startReplicated(primary);
      const serviceId = await acceptOn(bench);
      const seen: string[] = [];
      const look = async (call: string) => {
        const record = await replica.client.hget(bench.store.keys.certificate(serviceId), 'record');
        const { status, activationBegunAt } = JSON.parse(record ?? '{}') as Record<string, string | null>;
        seen.push(`${call}: ${String(status)}${activationBegunAt == null ? '' : ', submitted'}`);
      };
      withApi(bench, {
        create: async (...args) => {
          await look('create');
          return await bench.api.create(...args);
        },
        activate: async (...args) => {
          await look('activate');
          return await bench.api.activate(...args);
        },
      });
      await bench.advance(serviceId, 3);
      expect((await bench.read(serviceId)).status).toBe('pending-validation');
      expect(seen).toEqual(['create: purchasing', 'activate: purchased, submitted']);
      expect(await countWaits(primary)).toBe(2);
    });

    it('with a replica that is stopped nothing is bought, and it goes on by itself', async () => {
      await using primary = await PrivateRedis.start();
      await using replica = await primary.startReplica();
      await using bench = await startReplicated(primary);
      const serviceId = await acceptOn(bench);
      replica.signal('SIGSTOP');
      const end = await bench.advance(serviceId);
      expect(end).toBeInstanceOf(WaitError);
      const held = await bench.read(serviceId);
      expect(held).toMatchObject({ status: 'accepted', purchase: null, attempts: 0 });
      expect(held.problem).toMatch(/Nothing was bought: 1 replica of Redis has not confirmed the intent/);
      expect(await bench.countCalls('ssl.create')).toBe(0);
      const { keys } = bench.store;
      const { account } = bench.work;
      for (const what of ['lanes', 'purchases', 'begun'])
        expect(await bench.client.exists(keys.account(account.id, what))).toBe(0);
      replica.signal('SIGCONT');
      await expect
        .poll(async () => {
          await bench.advance(serviceId);
          return (await bench.read(serviceId)).status;
        }, PATIENT)
        .toBe('pending-validation');
      expect(await bench.countCalls('ssl.create')).toBe(1);
      expect((await bench.read(serviceId)).problem).toBeNull();
    });

    it('with a replica that stops after the purchase no CSR is submitted, and it goes on by itself', async () => {
      await using primary = await PrivateRedis.start();
      await using replica = await primary.startReplica();
      await using bench = await startReplicated(primary);
      const serviceId = await acceptOn(bench);
      const { purchases } = bench.work;
      bench.work.purchases = override(purchases, {
        settleMade: async (...args) => {
          const answer = await purchases.settleMade(...args);
          replica.signal('SIGSTOP');
          return answer;
        },
      });
      await bench.advance(serviceId);
      const held = await bench.read(serviceId);
      expect(held).toMatchObject({ status: 'purchased', activationBegunAt: null, attempts: 0 });
      expect(held.problem).toMatch(/The CSR was not submitted: 1 replica of Redis/);
      expect(await bench.countCalls('ssl.activate')).toBe(0);
      replica.signal('SIGCONT');
      await expect
        .poll(async () => {
          await bench.advance(serviceId);
          return (await bench.read(serviceId)).status;
        }, PATIENT)
        .toBe('pending-validation');
      // Nothing had been submitted, so nothing was looked up.
      expect(await bench.countCalls('ssl.activate')).toBe(1);
      expect(await bench.countCalls('ssl.getInfo')).toBe(0);
    });

    it('without replicas nobody waits', async () => {
      await using primary = await PrivateRedis.start();
      await using bench = await startReplicated(primary);
      const serviceId = await acceptOn(bench);
      await bench.advance(serviceId, 3);
      expect((await bench.read(serviceId)).status).toBe('pending-validation');
      expect(await countWaits(primary)).toBe(0);
      expect(await bench.client.exists(bench.store.keys.barrier)).toBe(0);
    });
  },
);

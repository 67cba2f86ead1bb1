import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { RedisServer, serverBinary } from '../helpers/redis-server.js';
import { System } from '../helpers/system.js';
import { kill, spawnWorker } from '../helpers/worker-processes.js';

const sandbox = { limits: [0, 0, 0] as [number, number, number] };

/** Orders, and waits until it is issued. */
async function orderIssued(system: System, commonName: string) {
  const payload = await composeOrder(commonName);
  await system.run('order', payload);
  const { certificateId } = await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
  return { payload, certificateId };
}

/** Everything is gone; somebody adds the module again. */
async function flush(system: System, redis: RedisServer): Promise<void> {
  await redis.ask((client) => client.flushall());
  await system.addModule('default');
}

async function countCharges(system: System): Promise<number> {
  return (await system.readLedger()).charges.length;
}

describe.skipIf(serverBinary === null)(
  'FLUSHALL under workers (needs redis-server or valkey-server on PATH)',
  () => {
    it.each(['1', ''])(
      'with PMNAMECHEAP_EXPECT_DATA="%s" nothing is bought before somebody reconciles, and what was bought is mapped back',
      { timeout: 120_000 },
      async (expectData) => {
        await using redis = await RedisServer.start();
        await using system = await System.start({
          ...{ redisUrl: redis.url, sandbox },
          environment: { PMNAMECHEAP_EXPECT_DATA: expectData },
        });
        // A new installation says so once.
        await system.run('import', { module: 'default' });
        const { payload, certificateId } = await orderIssued(system, 'flushed.example.com');
        const { serviceId } = payload;
        await flush(system, redis);

        await system.app.enqueue('order', payload);
        await system.untilRecord(serviceId, ({ problem }) => problem?.includes('module reconcile') === true);
        await system.untilEvent('account.audit-failed');
        expect(await countCharges(system)).toBe(1);

        expect(await system.run('import', { module: 'default' })).toMatchObject({ kind: 'completed' });
        await system.app.enqueue('order', payload);
        const parked = await system.untilRecord(serviceId, ({ status }) => status === 'parked');
        expect(parked.problem).toContain(String(certificateId));
        await system.run('resolve', { serviceId, decision: 'release' });
        await system.run('import', { module: 'default', map: [{ serviceId, certificateId }] });
        expect(await system.readRecord(serviceId)).toMatchObject({ status: 'issued', certificateId });
        expect(await countCharges(system)).toBe(1);

        expect(await system.run('order', await composeOrder('new.example.com'))).toMatchObject({
          kind: 'completed',
        });
        expect(await countCharges(system)).toBe(2);
      },
    );

    it(
      'and a worker that has never seen the data: an order for a name that has a certificate parks, and adopts it at a word',
      { timeout: 120_000 },
      async () => {
        await using redis = await RedisServer.start();
        await using system = await System.start({ redisUrl: redis.url, sandbox, worker: false });
        const first = await spawnWorker(system);
        const { payload, certificateId } = await orderIssued(system, 'flushed.example.com');
        const { serviceId } = payload;
        await kill(first, 'SIGKILL');
        await flush(system, redis);
        const second = await spawnWorker(system);
        try {
          await system.app.enqueue('order', payload);
          await system.untilRecord(serviceId, ({ status }) => status === 'parked');
          await system.run('resolve', { serviceId, decision: { adopt: certificateId } });
          await system.untilRecord(serviceId, ({ status }) => status === 'issued');
          expect(await countCharges(system)).toBe(1);
        } finally {
          await kill(second, 'SIGKILL');
        }
      },
    );
  },
);

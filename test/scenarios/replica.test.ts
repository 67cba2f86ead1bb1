import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { PrivateRedis } from '../helpers/private-redis.js';
import { serverBinary } from '../helpers/redis-server.js';
import { System } from '../helpers/system.js';

describe.skipIf(serverBinary === null)('Redis with a replica (needs redis-server or valkey-server)', () => {
  it('an order goes through; while the replica is stopped the next one waits, then it goes through too', async () => {
    await using redis = await PrivateRedis.start();
    await using replica = await redis.startReplica();
    await using system = await System.start({ redisUrl: redis.url, sandbox: { limits: [0, 0, 0] } });
    const first = await composeOrder('first.example.com');
    await system.run('order', first);
    await system.untilRecord(first.serviceId, ({ status }) => status === 'issued');
    expect(await replica.client.hget('{pmnamecheap}:certificate:' + first.serviceId, 'status')).toBe(
      'issued',
    );

    replica.signal('SIGSTOP');
    const second = await composeOrder('second.example.com');
    await system.app.enqueue('order', second);
    const held = await system.untilRecord(second.serviceId, ({ problem }) => problem !== null);
    expect(held.problem).toMatch(/has not confirmed the intent/);
    expect((await system.readLedger()).charges).toHaveLength(1);
    replica.signal('SIGCONT');
    await system.untilRecord(second.serviceId, ({ status }) => status === 'issued');
    expect((await system.readLedger()).charges).toHaveLength(2);
  }, 60_000);
});

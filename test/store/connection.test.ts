import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { connectStore, type RedisClient } from '../../src/store/connection.js';
import { settle } from '../helpers/crash.js';
import { findFreePort } from '../helpers/free-port.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { PrivateRedis } from '../helpers/private-redis.js';
import { serverBinary } from '../helpers/redis-server.js';
import { TcpProxy } from '../helpers/tcp-proxy.js';

/** Waits until the connection takes commands again. */
async function untilBack(redis: RedisClient): Promise<void> {
  await expect.poll(() => redis.ping().catch(() => 'away'), { timeout: 10_000 }).toBe('PONG');
}

async function connectThrough(proxy: TcpProxy, answerMs?: number): Promise<RedisClient> {
  return await connectStore({ kind: 'url', url: `redis://127.0.0.1:${proxy.port}` }, 5000, answerMs);
}

describe.skipIf(serverBinary === null)(
  'the money connection (needs redis-server or valkey-server on PATH)',
  () => {
    it('never sends a command again whose reply was lost: not alone, not in a pipeline', async () => {
      await using server = await PrivateRedis.start();
      await using proxy = await TcpProxy.start(server.port);
      const redis = await connectThrough(proxy);
      try {
        proxy.fault = { loseReplyTo: 'lost-alone' };
        await expect(redis.incr('lost-alone')).rejects.toThrow();
        await untilBack(redis);
        proxy.fault = { loseReplyTo: 'lost-in-pipeline' };
        const answers = await redis.pipeline().incr('lost-in-pipeline').ping().exec();
        expect(answers?.map(([error]) => error)).toEqual([expect.any(Error), expect.any(Error)]);
        await untilBack(redis);
        expect(proxy.countSent('lost-alone')).toBe(1);
        expect(proxy.countSent('lost-in-pipeline')).toBe(1);
        expect(await server.client.mget('lost-alone', 'lost-in-pipeline')).toEqual(['1', '1']);
      } finally {
        redis.disconnect();
      }
    });

    it('never does so in a Cluster either', { timeout: 30_000 }, async () => {
      // Two nodes: a client that has lost its last one does not send anything again anyway.
      const [port, announced] = [await findFreePort(), await findFreePort()];
      await using server = await PrivateRedis.start({
        ...{ port: String(port), 'cluster-enabled': 'yes', 'cluster-announce-ip': '127.0.0.1' },
        ...{ 'cluster-announce-port': String(announced), 'cluster-announce-bus-port': String(port + 10_000) },
      });
      await using other = await PrivateRedis.start({ 'cluster-enabled': 'yes' });
      await using proxy = await TcpProxy.start(port, announced);
      await server.client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16382');
      await server.client.call('CLUSTER', 'SET-CONFIG-EPOCH', '1');
      await other.client.call('CLUSTER', 'ADDSLOTS', '16383');
      await other.client.call('CLUSTER', 'SET-CONFIG-EPOCH', '2');
      await server.client.call('CLUSTER', 'MEET', '127.0.0.1', String(other.port));
      for (const { client } of [server, other]) {
        const readState = async () => String(await client.call('CLUSTER', 'INFO'));
        await expect.poll(readState, { timeout: 10_000 }).toContain('cluster_state:ok');
      }
      const redis = await connectStore({ kind: 'cluster', nodes: [{ host: '127.0.0.1', port: announced }] });
      try {
        proxy.fault = { loseReplyTo: 'lost-alone' };
        await expect(redis.incr('lost-alone')).rejects.toThrow();
        await untilBack(redis);
        proxy.fault = { loseReplyTo: 'lost-in-pipeline' };
        const answers = await redis.pipeline().incr('lost-in-pipeline').exec();
        expect(answers?.map(([error]) => error)).toEqual([expect.any(Error)]);
        await untilBack(redis);
        expect([await redis.get('lost-alone'), await redis.get('lost-in-pipeline')]).toEqual(['1', '1']);
      } finally {
        redis.disconnect();
      }
    });

    it('queues nothing while Redis is away', async () => {
      await using server = await PrivateRedis.start();
      const proxy = await TcpProxy.start(server.port);
      const redis = await connectThrough(proxy);
      try {
        await proxy[Symbol.asyncDispose]();
        await expect(redis.set('meanwhile', '1')).rejects.toThrow();
        await expect(redis.set('meanwhile', '2')).rejects.toThrow();
        const again = await TcpProxy.start(server.port, proxy.port);
        await untilBack(redis);
        expect(await redis.get('meanwhile')).toBeNull();
        expect(again.countSent('meanwhile')).toBe(1);
        await again[Symbol.asyncDispose]();
      } finally {
        redis.disconnect();
      }
    });

    it('ends with an error when Redis hangs, and comes back by itself', async () => {
      await using server = await PrivateRedis.start();
      await using proxy = await TcpProxy.start(server.port);
      const redis = await connectThrough(proxy, 200);
      try {
        proxy.fault = { isHanging: true };
        await expect(redis.get('key')).rejects.toThrow();
        // At once while the connection is made anew.
        await expect(redis.get('key')).rejects.toThrow();
        proxy.fault = {};
        await untilBack(redis);
      } finally {
        redis.disconnect();
      }
    });
  },
);

describe.skipIf(serverBinary === null)(
  'a purchase whose reply was lost by Redis (needs redis-server or valkey-server on PATH)',
  () => {
    /** Runs an order while the reply to the script with this text is lost. @returns what is true afterwards. */
    async function orderThrough(script: string) {
      await using server = await PrivateRedis.start();
      await using proxy = await TcpProxy.start(server.port);
      const client = await connectThrough(proxy);
      try {
        await using play = await Play.start({ client, createPrefix: () => `{test-${randomUUID()}}` });
        play.wrap = (context) => ({ ...context, sleep: () => untilBack(client) });
        // The account's list is fresh from now on, so that the next purchase begins at the first attempt.
        await play.order('first.example.com');
        const payload = await composeOrder('lost.example.com');
        const { serviceId } = payload;
        proxy.fault = { loseReplyTo: script };
        await play.run('order', payload).catch(() => undefined);
        expect(proxy.fault).toEqual({});
        await untilBack(client);
        const between = (await play.bench.read(serviceId)).status;
        await settle(play, serviceId);
        const { work } = play.bench;
        return {
          between,
          status: (await play.bench.read(serviceId)).status,
          created: await play.bench.countCalls('ssl.create'),
          ledger: await client.hlen(play.bench.store.keys.account(work.account.id, 'ledger')),
        };
      } finally {
        client.disconnect();
      }
    }

    it(
      'when it began: it is found by reading, and one certificate is bought',
      { timeout: 60_000 },
      async () => {
        // Only the script that begins a purchase ends with this.
        expect(await orderThrough("return {'begun'}")).toMatchObject({
          ...{ between: 'purchasing', status: 'issued', created: 2, ledger: 2 },
        });
      },
    );

    it('when it was settled: it is settled once', { timeout: 60_000 }, async () => {
      // Only the script that settles what was made has that many arguments.
      expect(await orderThrough("if ARGV[11] == ''")).toMatchObject({
        ...{ status: 'issued', created: 2, ledger: 2 },
      });
    });
  },
);

import { Cluster } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { connectStore } from '../../src/store/connection.js';
import { inspectDurability } from '../../src/store/durability.js';
import { readReplicas } from '../../src/store/info.js';
import { awaitReplicas, countReady, countReplicas } from '../../src/store/replicas.js';
import { PrivateRedis } from '../helpers/private-redis.js';
import { serverBinary } from '../helpers/redis-server.js';
import { until } from '../helpers/system.js';

const KEY = '{replicas}:barrier';

it('counts the replicas that are online and were heard of within ten seconds', () => {
  const info = [
    'role:master',
    'slave0:ip=10.0.0.2,port=6379,state=online,offset=100,lag=0',
    'slave1:ip=::1,port=6380,state=online,offset=100,lag=10',
    'slave2:ip=10.0.0.4,port=6379,state=online,offset=10,lag=11',
    'slave3:ip=10.0.0.5,port=6379,state=send_bulk,offset=0,lag=0',
    'slave4:ip=10.0.0.6,port=6379,state=online,offset=7',
    '',
  ].join('\r\n');
  expect(countReady(info)).toBe(2);
  expect(readReplicas(info)[1]).toEqual({ name: '::1:6380', isOnline: true, lag: 10 });
  expect(countReady('role:master\r\nconnected_slaves:0\r\n')).toBe(0);
});

describe.skipIf(serverBinary === null)(
  'the barrier on real servers (needs redis-server or valkey-server on PATH)',
  () => {
    it('without replicas writes nothing and does not wait', async () => {
      await using primary = await PrivateRedis.start();
      const redis = await connectStore({ kind: 'url', url: primary.url });
      const count = await countReplicas(redis, KEY);
      expect(await awaitReplicas(redis, KEY, count)).toBe(0);
      const stats = await primary.client.info('commandstats');
      redis.disconnect();
      expect(stats).not.toMatch(/cmdstat_(wait|set):/);
    });

    it('confirms with healthy replicas, tells of one that is stopped, confirms once it goes on', async () => {
      await using primary = await PrivateRedis.start();
      await using first = await primary.startReplica();
      await using second = await primary.startReplica();
      const redis = await connectStore({ kind: 'url', url: primary.url });
      try {
        expect(await countReplicas(redis, KEY)).toBe(2);
        await redis.set('{replicas}:intent', 'a');
        expect(await awaitReplicas(redis, KEY, 2)).toBe(0);
        // Not only received: applied, on both.
        for (const { client } of [first, second]) expect(await client.get('{replicas}:intent')).toBe('a');
        second.signal('SIGSTOP');
        expect(await awaitReplicas(redis, KEY, 2)).toBe(1);
        second.signal('SIGCONT');
        await expect.poll(() => awaitReplicas(redis, KEY, 2), { timeout: 10_000 }).toBe(0);
      } finally {
        redis.disconnect();
      }
    });

    it('covers what was written on another connection', async () => {
      await using primary = await PrivateRedis.start();
      await using replica = await primary.startReplica();
      replica.signal('SIGSTOP');
      await primary.client.set('{replicas}:intent', 'a');
      const redis = await connectStore({ kind: 'url', url: primary.url });
      try {
        expect(await awaitReplicas(redis, KEY, 1)).toBe(1);
        replica.signal('SIGCONT');
        await expect.poll(() => awaitReplicas(redis, KEY, 1), { timeout: 10_000 }).toBe(0);
        expect(await replica.client.get('{replicas}:intent')).toBe('a');
      } finally {
        redis.disconnect();
      }
    });

    it('asks the primary of our slot in a Cluster, whichever node that is', { timeout: 60_000 }, async () => {
      const own = { 'cluster-enabled': 'yes', 'cluster-node-timeout': '2000' };
      await using ours = await PrivateRedis.start(own);
      await using other = await PrivateRedis.start(own);
      await using replica = await PrivateRedis.start(own);
      const slot = await ours.client.cluster('KEYSLOT', KEY);
      const ranges = [
        [0, slot - 1],
        [slot + 1, 16383],
      ].flatMap(([from = 0, to = 0]) => (from > to ? [] : [String(from), String(to)]));
      await ours.client.call('CLUSTER', 'ADDSLOTS', String(slot));
      await other.client.call('CLUSTER', 'ADDSLOTSRANGE', ...ranges);
      await other.client.call('CLUSTER', 'SET-CONFIG-EPOCH', '2');
      await ours.client.call('CLUSTER', 'SET-CONFIG-EPOCH', '1');
      for (const node of [other, replica])
        await node.client.call('CLUSTER', 'MEET', '127.0.0.1', String(ours.port));
      const id = String(await ours.client.call('CLUSTER', 'MYID'));
      const follow = () => replica.client.call('CLUSTER', 'REPLICATE', id).catch(() => null);
      await until(follow, () => replica.client.info('replication'));
      const isOnline = async () =>
        (await ours.client.info('replication')).includes('state=online') ? 1 : null;
      await until(isOnline, () => ours.client.info('replication'));
      const isWhole = async () =>
        String(await other.client.call('CLUSTER', 'INFO')).includes('cluster_state:ok') ? 1 : null;
      await until(isWhole, async () => String(await other.client.call('CLUSTER', 'INFO')));

      const redis = await connectStore({ kind: 'cluster', nodes: [{ host: '127.0.0.1', port: other.port }] });
      try {
        expect(redis).toBeInstanceOf(Cluster);
        await other.client.config('SET', 'appendfsync', 'no');
        for (let round = 0; round < 20; round++) {
          expect(await countReplicas(redis, KEY)).toBe(1);
          expect((await inspectDurability(redis, KEY)).faults).toEqual([]);
        }
        await expect.poll(() => awaitReplicas(redis, KEY, 1), { timeout: 10_000 }).toBe(0);
        replica.signal('SIGSTOP');
        expect(await awaitReplicas(redis, KEY, 1)).toBe(1);
      } finally {
        redis.disconnect();
      }
    });
  },
);

import { describe, expect, it } from 'vitest';
import { connectStore } from '../../src/store/connection.js';
import { judgeDurability, type Settings } from '../../src/store/durability-rules.js';
import { inspectDurability, readVolatility } from '../../src/store/durability.js';
import { PrivateRedis } from '../helpers/private-redis.js';
import { serverBinary } from '../helpers/redis-server.js';

const GOOD = {
  redis_version: '7.0.15',
  role: 'master',
  loading: '0',
  maxmemory_policy: 'noeviction',
  aof_enabled: '1',
  aof_base_size: '88',
  aof_rewrite_in_progress: '0',
  aof_last_bgrewrite_status: 'ok',
  aof_last_write_status: 'ok',
  rdb_last_bgsave_status: 'ok',
};

const SETTINGS: Settings = {
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'stop-writes-on-bgsave-error': 'yes',
  save: '3600 1',
  'min-replicas-to-write': '0',
};

function judge(info: Readonly<Record<string, string>>, settings: Partial<Settings> = {}) {
  const lines = Object.entries({ ...GOOD, ...info }).map(([name, value]) => `${name}:${value}\r\n`);
  return judgeDurability(lines.join(''), { ...SETTINGS, ...settings });
}

describe('purchases are refused', () => {
  it('not by a good Redis', () => {
    expect(judge({})).toMatchObject({ faults: [], advice: [], version: '7.0.15', isSupported: true });
  });

  it.each<[string, Record<string, string>, Partial<Settings>, RegExp]>([
    ['is too old', { redis_version: '6.0.16' }, {}, /6\.0\.16 is too old: upgrade to 6\.2/],
    ['tells no version', { redis_version: '' }, {}, /unknown is too old/],
    ['is a replica', { role: 'slave' }, {}, /is a replica/],
    ['is loading', { loading: '1' }, {}, /still loading/],
    ['throws keys out', { maxmemory_policy: 'allkeys-lru' }, {}, /maxmemory-policy is "allkeys-lru"/],
    ['keeps no log', { aof_enabled: '0' }, {}, /appendonly is off/],
    ['flushes once a second', {}, { appendfsync: 'everysec' }, /appendfsync is "everysec"/],
    ['does not tell', {}, { appendfsync: 'unknown' }, /appendfsync is "unknown"/],
    ['stops flushing meanwhile', {}, { 'no-appendfsync-on-rewrite': 'yes' }, /on-rewrite is on/],
    ['has no log yet', { aof_base_size: '0', aof_rewrite_in_progress: '1' }, {}, /not written yet/],
    ['failed to begin one', { aof_base_size: '0', aof_last_bgrewrite_status: 'err' }, {}, /BGREWRITEAOF/],
    ['cannot write its log', { aof_last_write_status: 'err' }, {}, /cannot be written: free space/],
    ['stopped writing', { rdb_last_bgsave_status: 'err' }, {}, /MISCONF/],
    ['lost replicas', { min_slaves_good_slaves: '0' }, { 'min-replicas-to-write': '1' }, /NOREPLICAS/],
  ])('when it %s', (_, info, settings, fault) => {
    expect(judge(info, settings).faults).toEqual([expect.stringMatching(fault)]);
  });

  it('with every reason at once', () => {
    expect(judge({ role: 'slave', maxmemory_policy: 'x' }, { appendfsync: 'no' }).faults).toHaveLength(3);
  });
});

describe('advice is given, and purchases go on', () => {
  const replica = (changes: string) => ({ slave0: `ip=10.0.0.2,port=6379,${changes}` });
  const guarded = { 'min-replicas-to-write': '1' };
  it.each<[string, Record<string, string>, Partial<Settings>, RegExp]>([
    ['a failed snapshot', { rdb_last_bgsave_status: 'err' }, { save: '' }, /last snapshot failed/],
    ['a failed rewrite', { aof_last_bgrewrite_status: 'err' }, {}, /rewrite of the append-only file/],
    ['no minimum of replicas', replica('state=online,offset=5,lag=1'), {}, /min-replicas-to-write is 0/],
    ['a silent replica', replica('state=online,offset=5,lag=11'), guarded, /10\.0\.0\.2:6379 is behind/],
    ['one being filled', replica('state=wait_bgsave,offset=0,lag=0'), guarded, /10\.0\.0\.2:6379 is behind/],
  ])('for %s', (_, info, settings, advice) => {
    expect(judge(info, settings)).toMatchObject({ faults: [], advice: [expect.stringMatching(advice)] });
  });
});

const KEY = '{durability}:barrier';

describe.skipIf(serverBinary === null)('a real server (needs redis-server or valkey-server on PATH)', () => {
  it('is seen as it is now: changed at runtime, and mended again', async () => {
    await using server = await PrivateRedis.start();
    const redis = await connectStore({ kind: 'url', url: server.url });
    try {
      const read = () => readVolatility(redis, KEY);
      expect(await read()).toBeNull();
      for (const [name, bad, good] of [
        ['appendfsync', 'no', 'always'],
        ['appendfsync', 'everysec', 'always'],
        ['maxmemory-policy', 'volatile-ttl', 'noeviction'],
        ['no-appendfsync-on-rewrite', 'yes', 'no'],
      ] as const) {
        await server.client.config('SET', name, bad);
        expect(await read()).toContain(name);
        await server.client.config('SET', name, good);
        expect(await read()).toBeNull();
      }
      await server.client.config('SET', 'appendonly', 'no');
      expect(await read()).toContain('appendonly is off');
      await server.client.config('SET', 'appendonly', 'yes');
      await expect.poll(read, { timeout: 10_000 }).toBeNull();
    } finally {
      redis.disconnect();
    }
  });

  it('promises nothing where CONFIG is forbidden', async () => {
    await using server = await PrivateRedis.start();
    await server.client.call('ACL', 'SETUSER', 'worker', 'on', '>pw', '~*', '+@all', '-config');
    const redis = await connectStore({ kind: 'url', url: `redis://worker:pw@127.0.0.1:${server.port}` });
    const { faults } = await inspectDurability(redis, KEY);
    redis.disconnect();
    expect(faults).toEqual([expect.stringContaining('appendfsync is "unknown"')]);
  });

  it('that refuses writes for want of replicas, or of space for its snapshot, is found out', async () => {
    await using server = await PrivateRedis.start({
      'min-replicas-to-write': '1',
      dbfilename: 'appendonlydir',
    });
    const redis = await connectStore({ kind: 'url', url: server.url });
    try {
      expect((await inspectDurability(redis, KEY)).faults).toEqual([expect.stringContaining('NOREPLICAS')]);
      await expect(redis.set(KEY, '1')).rejects.toThrow('NOREPLICAS');
      await server.client.config('SET', 'min-replicas-to-write', '0');
      // A file cannot take the name of a folder that is there: the snapshot fails as on a full disk.
      await server.client.config('SET', 'save', '3600 1');
      await server.client.bgsave();
      const readFaults = async () => (await inspectDurability(redis, KEY)).faults.join();
      await expect.poll(readFaults, { timeout: 10_000 }).toContain('MISCONF');
      await expect(redis.set(KEY, '1')).rejects.toThrow('MISCONF');
    } finally {
      redis.disconnect();
    }
  });

  it('after a failover to a volatile replica: no purchase until that is mended', async () => {
    await using primary = await PrivateRedis.start();
    await using replica = await primary.startReplica({ appendonly: 'no' });
    const redis = await connectStore({ kind: 'url', url: replica.url });
    try {
      expect(await readVolatility(redis, KEY)).toMatch(/this is a replica.*appendonly is off/);
      await replica.client.replicaof('NO', 'ONE');
      expect(await readVolatility(redis, KEY)).toMatch(/: appendonly is off/);
      await replica.client.config('SET', 'appendonly', 'yes');
      await expect.poll(() => readVolatility(redis, KEY), { timeout: 10_000 }).toBeNull();
    } finally {
      redis.disconnect();
    }
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { createProducer } from '../../src/producer.js';
import { connectStore } from '../../src/store/connection.js';
import { run } from '../commands/command-line.js';
import { composeOrder } from '../helpers/orders.js';
import { serverBinary } from '../helpers/redis-server.js';
import { PASSWORDS, SecureRedis, type User } from '../helpers/secure-redis.js';
import { System } from '../helpers/system.js';
import { createTlsAuthority } from '../helpers/tls-authority.js';

/** The user's own rights, what no user may (DEBUG, MODULE), and a script's commands, which run with the user's rights. */
const REFUSED = /NOPERM|command (is )?not allowed|user executing the script/;
const WHY = serverBinary === null ? ' (SKIPPED: neither redis-server nor valkey-server on PATH)' : '';

describe.skipIf(serverBinary === null)(`Redis with TLS and the users of config/redis-acl.conf${WHY}`, () => {
  let redis: SecureRedis;
  let system: System;

  beforeAll(async () => {
    redis = await SecureRedis.start(serverBinary ?? '');
    system = await System.start({
      redisUrl: redis.url('pm-worker'),
      environment: { REDIS_CA_FILE: redis.caFile, PMNAMECHEAP_REISSUE_BEFORE: '30d' },
      sandbox: { limits: [0, 0, 0] },
    });
  });
  afterAll(async () => {
    await system[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  const envOf = (user: User) => ({ ...system.environment, REDIS_URL: redis.url(user) });

  it('the worker needs nothing more: an order, its reissue, and every command that looks', async () => {
    await system.control('_first-leaf', { days: 20 });
    const payload = await composeOrder('acl.example.com', { years: 2 });
    const { serviceId } = payload;
    await system.run('order', payload);
    await system.untilRecord(serviceId, ({ status }) => status === 'issued');
    await run(['scan'], { env: envOf('pm-worker') });
    await system.untilRecord(
      serviceId,
      ({ certificateIds, operation }) => certificateIds.length === 2 && operation === null,
    );
    for (const argv of [
      ['module', 'list'],
      ['module', 'test', 'default'],
      ['module', 'reseal'],
      ['module', 'pause', 'default'],
      ['module', 'resume', 'default'],
      ['module', 'reconcile', 'default'],
      ['status'],
      ['doctor'],
      ['stock', 'list'],
      ['product', 'list'],
      ['rehearse', '--days', '30'],
      ['certificate', 'list'],
      ['certificate', 'show', serviceId],
      ['certificate', 'export'],
      ['events'],
      ['enqueue', 'sync', '--serviceId', serviceId, '--wait'],
      ['enqueue', 'balance', '--wait'],
    ]) {
      const { code, stderr } = await run(argv, { env: envOf('pm-worker') });
      expect({ argv, code, stderr: code === 0 ? '' : stderr }).toEqual({ argv, code: 0, stderr: '' });
    }
    expect(await redis.takeRefusals()).toEqual([]);
  });

  it('the billing system orders with the producer, and reads what became of it', async () => {
    const producer = await createProducer({ redisUrl: redis.url('pm-producer'), redisCaFile: redis.caFile });
    try {
      const order = await composeOrder('acl-producer.example.com');
      const id = await producer.order({ ...order, dcv: { method: 'dns' } });
      expect(await producer.waitFor('order', id, 20_000)).toMatchObject({ kind: 'completed' });
      expect(await producer.readCertificate(order.serviceId)).toMatchObject({ serviceId: order.serviceId });
      await system.untilRecord(order.serviceId, ({ status }) => status === 'issued');
      const closed = await producer.enqueue('close', { serviceId: order.serviceId });
      expect(await producer.waitFor('close', closed, 20_000)).toMatchObject({ kind: 'completed' });
    } finally {
      await producer.close();
    }
    expect(await redis.takeRefusals()).toEqual([]);
  });

  it('any BullMQ client adds jobs and waits for them with the keys of those queues alone', async () => {
    const connection = redis.connect('pm-client');
    const queue = new Queue('order', { connection, prefix: '{pmnamecheap}' });
    try {
      const order = await composeOrder('acl-client.example.com');
      const job = await queue.add('order', order);
      await system.untilRecord(order.serviceId, ({ status }) => status === 'issued');
      expect(await queue.getJobState(job.id ?? '')).toBe('completed');
    } finally {
      await queue.close();
      connection.disconnect();
    }
    expect(await redis.takeRefusals()).toEqual([]);
  });

  it('the monitor sees all and changes nothing', async () => {
    for (const argv of [
      ['status'],
      ['module', 'list'],
      ['certificate', 'list'],
      ['stock', 'list'],
      ['events'],
    ]) {
      const { code, stderr } = await run(argv, { env: envOf('pm-monitor') });
      expect({ argv, code, stderr }).toMatchObject({ argv, code: 0 });
      expect(stderr).not.toContain('NOPERM');
    }
    const before = await system.app.store.modules.list();
    const { code, stderr } = await run(['module', 'pause', 'default'], { env: envOf('pm-monitor') });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(REFUSED) as string });
    expect((await run(['module', 'remove', 'default', '--force'], { env: envOf('pm-monitor') })).code).toBe(
      1,
    );
    expect(await system.app.store.modules.list()).toEqual(before);
    await redis.takeRefusals();
  });

  const OURS = '{pmnamecheap}:certificate:1';
  const MONEY = '{pmnamecheap}:account:1:ledger';
  /** Nobody but the admin: what stops, empties, copies or reconfigures the server, or looks beyond the prefix. */
  const FORBIDDEN = [
    ...['FLUSHALL', 'FLUSHDB', 'KEYS *', 'SCAN 0', 'RANDOMKEY', 'DBSIZE', 'SWAPDB 0 1', 'SHUTDOWN NOSAVE'],
    ...['CONFIG SET appendonly no', 'CONFIG REWRITE', 'CONFIG RESETSTAT', 'DEBUG SLEEP 0', 'MONITOR', 'SAVE'],
    ...['REPLICAOF NO ONE', 'SLAVEOF NO ONE', 'FAILOVER', 'PSYNC ? -1', 'SYNC', 'BGSAVE', 'BGREWRITEAOF'],
    ...[
      'ACL LIST',
      'ACL SETUSER x on',
      'ACL GETUSER pm-admin',
      'ACL LOG',
      'CLIENT KILL ID 1',
      'CLIENT PAUSE 1',
    ],
    ...['SCRIPT FLUSH', 'SCRIPT KILL', 'FUNCTION FLUSH', 'FUNCTION DUMP', 'MODULE LIST', 'MODULE LOAD /x.so'],
    ...['MIGRATE 127.0.0.1 1 x 0 1', 'LATENCY RESET', 'SLOWLOG GET', 'MEMORY DOCTOR', 'CLUSTER RESET'],
    ...['PUBLISH a b', 'SUBSCRIBE a', 'PSUBSCRIBE *', `DUMP ${OURS}`, `RESTORE ${OURS} 0 x`, `SORT ${OURS}`],
    ...[
      `MOVE ${OURS} 1`,
      `COPY ${OURS} {pmnamecheap}:copy`,
      'GET other:key',
      'SET other:key 1',
      'DEL other:key',
    ],
    ...['HGETALL {pmnamecheap}other', 'XREAD STREAMS other 0', 'ZADD bull:order:wait 1 x', 'EXISTS other'],
  ].map((line) => line.split(' '));
  const SCRIPTS = [
    ['EVAL', "return redis.call('FLUSHALL')", '0'],
    ['EVAL', "return redis.call('GET', 'other:key')", '0'],
    ['EVAL', "return redis.call('SET', KEYS[1], '1')", '1', 'other:key'],
    ['EVAL', "return redis.pcall('CONFIG', 'SET', 'appendonly', 'no')", '0'],
  ];
  const REWRITES = [['RENAME', OURS, 'other:key']];
  const NOT_MONEY = [
    ['HSET', MONEY, 'a', '1'],
    ['HGETALL', MONEY],
    ['DEL', MONEY],
    ['SET', '{pmnamecheap}:module:default', '{}'],
    ['EVAL', "return redis.call('SET', '{pmnamecheap}:module:default', '{}')", '0'],
    ['CONFIG', 'GET', 'requirepass'],
    ['CLIENT', 'LIST'],
    ['ZADD', '{pmnamecheap}:import:wait', '1', 'x'],
    ['SET', '{pmnamecheap}:webhook:cursor', '0'],
  ];
  const NOT_READ = [
    ...[
      ['GET', '{pmnamecheap}:module:default'],
      ['HGETALL', OURS],
      ['XRANGE', '{pmnamecheap}:events', '-', '+'],
    ],
    ...[['SMEMBERS', '{pmnamecheap}:services']],
  ];
  const WRITES = [
    ['SET', '{pmnamecheap}:module:default', '{}'],
    ['HSET', OURS, 'a', '1'],
    ['DEL', MONEY],
    ['XADD', '{pmnamecheap}:events', '*', 'a', 'b'],
    ['EVAL', "return redis.call('DEL', KEYS[1])", '1', MONEY],
  ];
  const BY_USER: [User, string[][]][] = [
    // A worker has the log written anew after a restart.
    ['pm-worker', [...FORBIDDEN.filter(([name]) => name !== 'BGREWRITEAOF'), ...SCRIPTS, ...REWRITES]],
    ['pm-producer', [...FORBIDDEN, ...SCRIPTS, ...REWRITES, ...NOT_MONEY]],
    ['pm-client', [...FORBIDDEN, ...SCRIPTS, ...REWRITES, ...NOT_MONEY, ...NOT_READ]],
    ['pm-monitor', [...FORBIDDEN, ...SCRIPTS, ...REWRITES, ...WRITES]],
  ];

  it.each(BY_USER)('%s is refused each of them', async (user, commands) => {
    await redis.admin.set('other:key', 'kept');
    const client = redis.connect(user);
    try {
      const ends = await Promise.all(
        commands.map(async ([command = '', ...args]) => {
          const end = await client.call(command, ...args).catch((error: unknown) => String(error));
          return { line: [command, ...args].join(' '), isRefused: REFUSED.test(String(end)) };
        }),
      );
      expect(ends.filter(({ isRefused }) => !isRefused)).toEqual([]);
    } finally {
      client.disconnect();
    }
    expect(await redis.admin.get('other:key')).toBe('kept');
    expect((await redis.takeRefusals()).length).toBeGreaterThan(0);
  });

  it('the user without a name is off', async () => {
    const REDIS_URL = `rediss://127.0.0.1:${redis.port}`;
    const { code, stderr } = await run(['status'], { env: { ...system.environment, REDIS_URL } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('check user and password in REDIS_URL') as string,
    });
  });

  describe('what is wrong is told, with a remedy and without the password', () => {
    const AT = '127.0.0.1';
    it.each([
      [
        'a wrong password',
        () => `rediss://pm-worker:not-the-password@${AT}:${redis.port}`,
        true,
        /check user and password/,
      ],
      ['an authority that nobody knows', () => redis.url('pm-worker'), false, /REDIS_CA_FILE/],
      [
        'a name that is not in the certificate',
        () => redis.url('pm-worker').replace(AT, '127.0.0.2'),
        true,
        /for another name|ECONNREFUSED/,
      ],
      [
        'no TLS where it is spoken',
        () => redis.url('pm-worker').replace('rediss:', 'redis:'),
        false,
        /give rediss:\/\//,
      ],
    ])('%s', async (_name, url, hasCa, remedy) => {
      const REDIS_CA_FILE = hasCa ? redis.caFile : undefined;
      const { code, stdout, stderr } = await run(['status'], {
        env: { ...system.environment, REDIS_URL: url(), REDIS_CA_FILE },
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/ERR_REDIS_UNAVAILABLE/);
      expect(stderr).toMatch(remedy);
      expect(stderr).not.toMatch(/not-the-password|worker-password/);
    });

    it('TLS where none is spoken: no answer, and a hint', async () => {
      const url = `rediss://pm-worker:x@${AT}:${redis.plainPort}`;
      await expect(connectStore({ kind: 'url', url }, 300)).rejects.toThrow(/whether it speaks TLS/);
    });

    it('NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the check off', async () => {
      const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
      const env = {
        ...{ PATH: process.env['PATH'], REDIS_URL: redis.url('pm-worker') },
        NODE_TLS_REJECT_UNAUTHORIZED: '0',
      };
      const end = await promisify(execFile)(process.execPath, [cli, 'module', 'list'], { env }).catch(
        (error: unknown) => String(error),
      );
      expect(end).toMatch(/REDIS_CA_FILE/);
      expect(end).not.toContain(PASSWORDS['pm-worker']);
    });
  });
});

describe('REDIS_CA_FILE', () => {
  it('is refused without rediss://, and where it holds no certificate or a private key', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-ca-'));
    try {
      const { ca, key } = await createTlsAuthority();
      const files = { good: ca, key: `${ca}${key}`, bare: key, text: 'no certificate' };
      for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
      const parse = (name: string, REDIS_URL = 'rediss://h:1') =>
        parseEnvironment({ REDIS_URL, REDIS_CA_FILE: path.join(folder, name) });
      expect(parse('good').redis).toEqual({ kind: 'url', url: 'rediss://h:1', ca });
      expect(() => parse('good', 'redis://h:1')).toThrow(/needs a REDIS_URL that starts with rediss/);
      for (const name of ['key', 'bare', 'text', 'missing'])
        expect(() => parse(name)).toThrow(/readable PEM file/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

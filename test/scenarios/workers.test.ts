import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { sealKey } from '../../src/modules/seal.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';
import { kill, spawnWorker } from '../helpers/worker-processes.js';

const unlimited = { limits: [0, 0, 0] as [number, number, number] };

describe('a worker killed with kill -9', () => {
  it(
    'between the call and its answer costs one charge and one certificate',
    { timeout: 90_000 },
    async () => {
      await using system = await System.start({
        sandbox: unlimited,
        worker: false,
        environment: { PMNAMECHEAP_HTTP_TIMEOUT: '5s', PMNAMECHEAP_SETTLE_TIME: '10s' },
      });
      await system.control('_fault', { command: 'ssl.create', fault: 'hang', count: 1 });
      const victim = await spawnWorker(system);
      const payload = await composeOrder('killed.example.com');
      await system.app.enqueue('order', payload);
      await until(
        async () => ((await system.readLedger()).charges.length === 1 ? true : null),
        () => Promise.resolve('nothing was bought'),
      );
      await kill(victim, 'SIGKILL');
      expect((await system.readRecord(payload.serviceId))?.status).toBe('purchasing');
      const heir = await spawnWorker(system);
      try {
        const record = await system.untilRecord(
          payload.serviceId,
          ({ status }) => status === 'issued',
          80_000,
        );
        const { charges } = await system.readLedger();
        expect(charges).toHaveLength(1);
        expect(record.certificateId).toBe(charges[0]?.certificateId);
      } finally {
        await kill(heir, 'SIGTERM');
      }
    },
  );

  it(
    'between purchase and activation: the next one activates what was bought',
    { timeout: 90_000 },
    async () => {
      await using system = await System.start({
        sandbox: unlimited,
        worker: false,
        environment: { PMNAMECHEAP_HTTP_TIMEOUT: '5s', PMNAMECHEAP_SETTLE_TIME: '10s' },
      });
      await system.control('_fault', { command: 'ssl.activate', fault: 'hang', count: 1, before: true });
      const victim = await spawnWorker(system);
      const payload = await composeOrder('killed-2.example.com');
      await system.app.enqueue('order', payload);
      await system.untilRecord(payload.serviceId, ({ activationBegunAt }) => activationBegunAt !== null);
      await kill(victim, 'SIGKILL');
      const heir = await spawnWorker(system);
      try {
        await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued', 80_000);
        expect((await system.readLedger()).charges).toHaveLength(1);
        expect((await system.countCalls())['ssl.create']).toBe(1);
      } finally {
        await kill(heir, 'SIGTERM');
      }
    },
  );
});

describe('several workers', () => {
  it('race for one order and buy it once', async () => {
    await using system = await System.start({ sandbox: unlimited });
    await system.startWorker();
    await system.startWorker();
    const payload = await composeOrder('race.example.com');
    await Promise.all(Array.from({ length: 12 }, () => system.app.enqueue('order', payload)));
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    expect((await system.readLedger()).charges).toHaveLength(1);
    expect((await system.countCalls())['ssl.activate']).toBe(1);
  });

  it(
    'share many orders of one product: one charge each, every certificate owned by one service',
    { timeout: 90_000 },
    async () => {
      await using system = await System.start({ sandbox: { ...unlimited, balance: '100000' } });
      await system.startWorker();
      const orders = await Promise.all(
        Array.from({ length: 8 }, (_, index) => composeOrder(`many-${index}.example.com`)),
      );
      await Promise.all(orders.map((order) => system.app.enqueue('order', order)));
      const records = await Promise.all(
        orders.map(({ serviceId }) =>
          system.untilRecord(serviceId, ({ status }) => status === 'issued', 80_000),
        ),
      );
      const owned = new Set(records.map(({ certificateId }) => certificateId));
      const { charges } = await system.readLedger();
      expect(charges).toHaveLength(orders.length);
      expect(owned).toEqual(new Set(charges.map(({ certificateId }) => certificateId)));
    },
  );

  it('lose nothing when every BullMQ key is deleted', { timeout: 90_000 }, async () => {
    await using system = await System.start({ sandbox: unlimited, worker: false });
    const payload = await composeOrder('lost.example.com');
    await system.app.enqueue('order', payload);
    await deleteQueueKeys(system);
    await system.app.store.certificates.postpone(payload.serviceId, Date.now());
    await system.startWorker();
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued', 60_000);
    expect((await system.readLedger()).charges).toHaveLength(1);
  });
});

async function deleteQueueKeys(system: System): Promise<void> {
  const { redis } = system.app.store;
  const keys = (
    await Promise.all([...jobs.keys()].map((queue) => redis.keys(`{pmnamecheap}:${queue}:*`)))
  ).flat();
  if (keys.length > 0) await redis.del(...keys);
}

describe('an account that is paused', () => {
  it('has its pending certificates put off, so that they do not fill every batch of the collector', async () => {
    await using system = await System.start({ sandbox: unlimited });
    await system.control('_validation', { mode: 'never' });
    const payload = await composeOrder('paused.example.com');
    await system.run('order', payload);
    const { account } = (await system.readRecord(payload.serviceId)) ?? { account: '' };
    await system.app.store.accounts.pause(account, { scope: 'all', reason: 'by hand', until: null });
    const { redis, keys } = system.app.store;
    const readDelay = async () => Number(await redis.zscore(keys.open, payload.serviceId)) - Date.now();
    await until(
      async () => ((await readDelay()) > 5000 ? true : null),
      async () => `it is due in ${await readDelay()} ms`,
    );
  });
});

describe('a record that cannot be read', () => {
  it('is left alone and told of, and holds up nobody else', async () => {
    await using system = await System.start({ sandbox: unlimited, worker: false });
    const [strange, fine] = [
      await composeOrder('strange.example.com'),
      await composeOrder('fine.example.com'),
    ];
    for (const order of [strange, fine]) {
      await system.app.enqueue('order', order);
      await system.app.store.certificates.postpone(order.serviceId, Date.now());
    }
    const { redis, keys } = system.app.store;
    const written = await redis.hget(keys.certificate(strange.serviceId), 'record');
    const newer = JSON.stringify({
      ...(JSON.parse(written ?? '') as object),
      status: 'a-status-of-a-newer-version',
    });
    await redis.hset(keys.certificate(strange.serviceId), 'record', newer);
    await deleteQueueKeys(system);
    await system.startWorker();
    await system.untilRecord(fine.serviceId, ({ status }) => status === 'issued');
    expect(await redis.hget(keys.certificate(strange.serviceId), 'record')).toBe(newer);
    expect(await readFile(system.environment['PMNAMECHEAP_LOG_FILE'] ?? '', 'utf8')).toContain(
      `The record of ${strange.serviceId} cannot be read`,
    );
  });
});

describe('the API key', () => {
  it('is nowhere in Redis, in a job or in the log, not even in a verbose one', async () => {
    const apiKey = 'canary-key-5f2b9c0d7e1a4836';
    await using system = await System.start({ sandbox: { ...unlimited, apiKey } });
    await writeFile(system.environment['PMNAMECHEAP_DEBUG_CONF'] ?? '', 'pmnamecheap.* 9\n');
    await until(
      () => Promise.resolve(system.logger.isEnabled(9, 'namecheap') || null),
      () => Promise.resolve('level 9 stayed off'),
    );
    await system.control('_fault', { command: 'ssl.create', fault: 'drop-before', count: 1 });
    const payload = await composeOrder('canary.example.com');
    await system.run('test', { module: 'default' });
    const { sealedKey } = (await system.app.store.modules.load('default')) ?? { sealedKey: '' };
    const { user, clientIp } = system.sandbox.account;
    const settings = {
      username: user,
      apiUser: user,
      sealedKey,
      clientIp,
      sandbox: true,
      endpoint: system.sandbox.url,
    };
    expect(await system.run('test', { settings })).toMatchObject({ kind: 'completed', result: { ok: true } });
    // Sealed with a key that no worker has: the job fails, and leaves nothing behind either.
    const strange = sealKey(apiKey, randomBytes(32).toString('base64'), settings);
    expect(await system.run('test', { settings: { ...settings, sealedKey: strange } })).toMatchObject({
      kind: 'failed',
    });
    await system.run('order', payload);
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');

    const { redis } = system.app.store;
    // A dump compresses long strings otherwise, and would hide what is looked for.
    await redis.config('SET', 'rdbcompression', 'no');
    const keys = await redis.keys('*');
    const dumps = new Map(
      await Promise.all(keys.map(async (key) => [key, await redis.dumpBuffer(key)] as const)),
    );
    const holders = (text: string) => keys.filter((key) => dumps.get(key)?.includes(text));
    expect(holders('canary.example.com').length).toBeGreaterThan(2);
    expect(holders(apiKey)).toEqual([]);
    // Sealed, it is in the module alone: not in any job, however it ended.
    expect(holders(sealedKey)).toEqual(['{pmnamecheap}:module:default']);

    expect(holders(strange)).toEqual([]);

    // A private key pasted into a job by hand is refused, and not kept either.
    const queue = system.app.queues.open('order');
    const leaked = '-----BEGIN PRIVATE KEY-----\nleaked-private-key-bytes\n-----END PRIVATE KEY-----';
    const job = await queue.add('order', { ...payload, serviceId: 'leak', csr: leaked });
    expect(await system.app.queues.waitFor('order', job.id ?? '', 15_000)).toMatchObject({ kind: 'failed' });
    expect((await queue.getJob(job.id ?? ''))?.data).toEqual({ removed: 'the payload held a private key' });

    const log = await readFile(system.environment['PMNAMECHEAP_LOG_FILE'] ?? '', 'utf8');
    expect(log).toContain('SSLActivateResult');
    expect(log).toContain(`service ${payload.serviceId} `);
    expect(log).not.toContain('leaked-private-key-bytes');
    expect(log).not.toContain(apiKey);
    expect(log).not.toContain(sealedKey);
  });
});

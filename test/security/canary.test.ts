import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { readWholeRedis, run, type RunOptions } from '../commands/command-line.js';
import { findLeaks, type Canaries } from '../helpers/canary.js';
import { ECHOES, EchoProxy } from '../helpers/echo-proxy.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';
import { WebhookReceiver } from '../helpers/webhook-receiver.js';

const KEY = 'Zk7q+Wv2/Lm9x&Tb4RyN8c~Hs3Gd6Pf';
const OTHER_KEY = 'Qx5w-Not2The9Key4Of7This6Account1';
const SECRET_KEY = randomBytes(32).toString('base64');
const PREVIOUS = randomBytes(32).toString('base64');
const WEBHOOK = 'Vb8nWebhook3Signs5With0This2Jh7';

const CANARIES: Canaries = {
  ...{ 'API key': KEY, 'refused API key': OTHER_KEY, 'secret key': SECRET_KEY },
  ...{ 'previous secret key': PREVIOUS, 'webhook secret': WEBHOOK },
};

const DEEP = new Set(['http-500', 'an unlisted error', 'wrong credentials']);

let system: System;
let proxy: EchoProxy;
let receiver: WebhookReceiver;
/** Everything that was printed, answered and thrown. */
const said: string[] = [];

beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  // A receiver that shows what it was sent, as badly written ones do.
  receiver.answer = (request) => (response) => {
    response.writeHead(500).end(JSON.stringify(request.headers));
  };
  system = await System.start({
    sandbox: { apiKey: KEY, limits: [0, 0, 0] },
    environment: {
      PMNAMECHEAP_SECRET_KEY: SECRET_KEY,
      PMNAMECHEAP_PREVIOUS_SECRET_KEY: PREVIOUS,
      PMNAMECHEAP_WEBHOOK_URL: receiver.url,
      PMNAMECHEAP_WEBHOOK_SECRET: WEBHOOK,
      PMNAMECHEAP_HTTP_TIMEOUT: '300ms',
      PMNAMECHEAP_SETTLE_TIME: '700ms',
      PMNAMECHEAP_THROTTLE_PAUSE: '100ms',
    },
  });
  proxy = await EchoProxy.start(system.sandbox.url);
  await system.addModule('default', { limits: [0, 0, 0] }, { endpoint: proxy.url });
  await writeFile(system.environment['PMNAMECHEAP_DEBUG_CONF'] ?? '', 'pmnamecheap.* 9\n');
  await until(
    () => Promise.resolve(system.logger.isEnabled(9, 'namecheap') || null),
    () => Promise.resolve('level 9 stayed off'),
  );
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

async function pm(argv: readonly string[], options: Partial<RunOptions> = {}): Promise<number> {
  const { code, stdout, stderr } = await run(argv, { env: system.environment, ...options });
  said.push(stdout, stderr);
  return code;
}

/** Adds a job and keeps what it ended with, or what it waits for: nobody waits for its end. */
async function runJob(job: string, payload: unknown): Promise<void> {
  said.push(JSON.stringify(await system.run(job, payload, 600).catch((error: unknown) => String(error))));
}

async function readPlaces(): Promise<Record<string, string>> {
  const places: Record<string, string> = {
    Redis: await readWholeRedis(system.app.store.redis),
    log: await readFile(system.environment['PMNAMECHEAP_LOG_FILE'] ?? '', 'utf8'),
    output: said.join('\n'),
    webhooks: JSON.stringify(receiver.received),
  };
  for (const name of jobs.keys()) {
    const queue = system.app.queues.open(name);
    const found = await queue.getJobs();
    const logs = await Promise.all(found.map(async ({ id }) => await queue.getJobLogs(id ?? '')));
    places[`jobs of ${name}`] = JSON.stringify([found.map((job) => job.toJSON()), logs]);
  }
  return places;
}

async function resume(): Promise<void> {
  proxy.disarm();
  await pm(['module', 'resume', 'default']);
}

describe.each(Object.keys(ECHOES))('Namecheap answers with %s, and shows the key', (echo) => {
  it('every kind of job', { timeout: 60_000 }, async () => {
    const payload = await composeOrder(`${echo.replace(/\W/g, '-').toLowerCase()}.example.com`);
    const { serviceId } = payload;
    proxy.arm(echo, '*', 7);
    await Promise.all([
      runJob('test', { module: 'default' }),
      runJob('balance', {}),
      runJob('prices', {}),
      runJob('approvers', { domain: 'example.com', type: 'PositiveSSL' }),
      runJob('order', payload),
      pm(['module', 'test', 'default', '--json']),
    ]);
    await resume();
    let struck = proxy.struck[echo] ?? 0;
    expect(struck).toBeGreaterThan(1);
    // Each command of an order: what a client makes of each echo is tested command by command beside the client.
    for (const command of DEEP.has(echo) ? ['ssl.create', 'ssl.activate', 'ssl.getInfo'] : []) {
      proxy.arm(echo, command);
      await system.app.enqueue('order', await composeOrder('echoed.example.com'));
      await until(
        () => Promise.resolve((proxy.struck[echo] ?? 0) > struck || null),
        () => Promise.resolve(`${command} was not called`),
      );
      struck = proxy.struck[echo] ?? 0;
      await resume();
    }
    await pm(['certificate', 'show', serviceId, '--json']);
  });
});

async function untilStruck(echo: string, before: number, what: string): Promise<void> {
  await until(
    () => Promise.resolve((proxy.struck[echo] ?? 0) > before || null),
    () => Promise.resolve(`${what} was not called, so ${echo} did not strike`),
    15_000,
  );
}

const NAME = 'there.example.com';

async function reissue(serviceId: string) {
  await system.run('reissue', { serviceId, reason: 'rekey', csr: (await composeOrder(NAME)).csr });
  return await system.untilRecord(
    serviceId,
    ({ status, operation, certificateIds }) =>
      status === 'issued' && operation === null && certificateIds.length === 2,
  );
}

describe('a certificate that is there', () => {
  it('everything that is done with it, refused with the key in the answer', { timeout: 60_000 }, async () => {
    await resume();
    const payload = await composeOrder(NAME, { years: 2 });
    const { serviceId } = payload;
    await system.run('order', payload);
    await system.untilRecord(serviceId, ({ status }) => status === 'issued');
    const [first] = (await reissue(serviceId)).certificateIds;
    const acts: [string, string, unknown][] = [
      ['ssl.reissue', 'reissue', { serviceId, reason: 'rekey', csr: (await composeOrder(NAME)).csr }],
      ['ssl.getInfo', 'sync', { serviceId }],
      ['ssl.getList', 'import', {}],
      ['ssl.getList', 'audit', { module: 'default' }],
      ['users.getBalances', 'audit', { module: 'default' }],
      ['ssl.revokecertificate', 'revoke', { serviceId, certificateId: first }],
    ];
    for (const [command, job, body] of acts) {
      for (const echo of ['http-500', 'an unlisted error', 'wrong credentials']) {
        const struck = proxy.struck[echo] ?? 0;
        proxy.arm(echo, command);
        await runJob(job, body);
        await untilStruck(echo, struck, `${job}: ${command}`);
        await resume();
      }
    }
  });
});

describe('the command line', () => {
  it(
    'wrong keys, bad input, settings that are not stored, pages and documents',
    { timeout: 60_000 },
    async () => {
      const { account, url } = system.sandbox;
      const flags = ['--username', account.user, '--api-user', account.user, '--client-ip', account.clientIp];
      const add = ['module', 'add', 'more', ...flags, '--api-key-stdin', '--sandbox', '--endpoint'];
      expect(await pm([...add, url], { stdin: OTHER_KEY })).toBe(1);
      expect(await pm([...add, url, '--json'], { stdin: OTHER_KEY })).toBe(1);
      expect(await pm([...add, `http://user:${OTHER_KEY}@example.com/`], { stdin: OTHER_KEY })).toBe(2);
      expect(await pm([...add, url], { stdin: `${OTHER_KEY} ${KEY}` })).toBe(2);
      expect(await pm(['module', 'add', '--api-key', OTHER_KEY])).toBe(2);
      expect(await pm([...add, url], { stdin: KEY })).toBe(0);
      for (const argv of [
        ['module', 'list'],
        ['module', 'list', '--json'],
        ['module', 'show', 'more'],
        ['module', 'show', 'more', '--json'],
        ['module', 'test', 'more'],
        ['module', 'reseal', '--json'],
        ['status'],
        ['status', '--json'],
        ['doctor'],
        ['doctor', '--json'],
        ['events'],
        ['events', '--dead'],
        ['certificate', 'list'],
        ['certificate', 'export'],
      ])
        await pm(argv);
      // A key in a field of a job, by mistake.
      await pm(['enqueue', 'test', '--module', OTHER_KEY.slice(0, 30) + '!']);
      const bad = {
        PMNAMECHEAP_WEBHOOK_URL: `https://user:${WEBHOOK}@h/`,
        PMNAMECHEAP_SECRET_KEY: `${SECRET_KEY}x`,
      };
      expect(await pm(['status'], { env: { ...system.environment, ...bad } })).toBe(2);
      const away = { REDIS_URL: `redis://user:${encodeURIComponent(OTHER_KEY)}@127.0.0.1:1` };
      expect(await pm(['status'], { env: { ...system.environment, ...away } })).toBe(1);
      expect(findLeaks(CANARIES, await readPlaces())).toEqual([]);
    },
  );
});

describe('the search itself', () => {
  const shapes: [string, string][] = [
    ['plain', KEY],
    ['in the URL', encodeURIComponent(KEY)],
    ['in base64', Buffer.from(`ApiKey=${KEY}&x`).toString('base64')],
    ['in hex', Buffer.from(KEY).toString('hex')],
    ['eight characters of it', `…${KEY.slice(11, 19)}…`],
    ['in JSON', JSON.stringify({ a: `"${KEY}` })],
  ];
  it.each(shapes)('finds a planted leak: %s', async (_name, leak) => {
    const { redis } = system.app.store;
    const at = (type: string) => `planted-${type}`;
    await redis.set(at('string'), leak);
    await redis.hset(at('hash'), leak, '1');
    await redis.zadd(at('zset'), 1, leak);
    await redis.xadd(at('stream'), '*', 'a', leak);
    await redis.rpush(at('list'), leak);
    await redis.sadd(at('set'), leak);
    await redis.set(`planted-key-${leak}`, '1');
    const whole = JSON.parse(await readWholeRedis(redis)) as [string, unknown][];
    const planted = whole.filter(([key]) => key.startsWith('planted-'));
    expect(planted).toHaveLength(7);
    for (const entry of planted) {
      expect(findLeaks(CANARIES, { Redis: JSON.stringify(entry) })).toHaveLength(1);
      await redis.del(entry[0]);
    }
    expect(findLeaks(CANARIES, { log: leak })).toHaveLength(1);
  });

  it('looked at something: requests with masked keys, failures and their reasons', async () => {
    const places = await readPlaces();
    expect(places['log']).toMatch(/"ApiKey":"\*{5}"/);
    expect(places['Redis']).toContain('1011102');
    expect(places['output']).toContain('Cannot connect to the processing module');
    expect(receiver.received.length).toBeGreaterThan(0);
    expect(Object.keys(proxy.struck).sort()).toEqual(Object.keys(ECHOES).sort());
  });
});

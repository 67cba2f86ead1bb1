import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runConnectionTest } from '../../src/commands/connection-test.js';
import { sealModule } from '../../src/modules/add.js';
import { accountId } from '../../src/modules/settings.js';
import { TEST_CSR } from '../helpers/test-csr.js';
import { System } from '../helpers/system.js';
import { readWholeRedis, run } from './command-line.js';

const KEY = 'k7-held-by-the-tests-of-module-add';
let system: System;

/** The flags that ask for nothing, against the sandbox; later ones win. */
function flags(...more: string[]): string[] {
  const { url, account } = system.sandbox;
  const settings = ['--username', account.user, '--api-user', account.user, '--client-ip', account.clientIp];
  return [...settings, '--api-key-stdin', '--sandbox', '--endpoint', url, ...more];
}

beforeAll(async () => {
  system = await System.start({ sandbox: { apiKey: KEY, limits: [0, 0, 0] } });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

describe('module add without questions', () => {
  it('tests the connection through the worker, seals the key and stores the module', async () => {
    const more = ['--limits', '10,300,4000', '--max-purchases-per-hour', '5', '--max-spend-per-day', '99.5'];
    const argv = ['module', 'add', 'shop', ...flags(...more)];
    const { code, stdout, stderr } = await run(argv, { env: system.environment, stdin: `${KEY}\n` });
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/ok in \d+ ms, balance 1000\.0000 USD/) as string,
    });
    expect(await system.app.store.modules.load('shop')).toMatchObject({
      username: 'sandbox',
      endpoint: system.sandbox.url,
      parameters: {
        limits: [10, 300, 4000],
        maxPurchasesPerHour: 5,
        maxSpendPerDay: '99.5',
        lowBalance: null,
      },
    });
    expect(stdout + stderr).not.toContain(KEY);
    const stored = await readWholeRedis(system.app.store.redis);
    expect(stored).toContain('"shop"');
    expect(stored).not.toContain(KEY);
  });

  it('prints one document with --json, without key and sealed key', async () => {
    const { code, stdout } = await run(['module', 'add', 'json', ...flags('--json')], {
      env: system.environment,
      stdin: KEY,
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      stored: true,
      module: { name: 'json', apiKey: 'sealed' },
      test: { ok: true },
    });
    const sealedKey = (await system.app.store.modules.load('json'))?.sealedKey ?? '';
    expect(sealedKey).not.toBe('');
    expect(stdout).not.toContain(sealedKey);
  });

  it.each([
    ['a wrong key', [], 'not-the-key-of-this-account', /-> +credentials: .*1011102/],
    ['an address that is not allow-listed', ['--client-ip', '192.0.2.7'], KEY, /-> +client-ip: .*1011150/],
    [
      'an endpoint where nobody listens',
      ['--endpoint', 'http://127.0.0.1:1/xml.response'],
      KEY,
      /-> +endpoint: /,
    ],
  ])(
    'stores nothing after %s, and says what Namecheap said of the three checks',
    async (_what, more, key, said) => {
      const { code, stdout, stderr } = await run(['module', 'add', 'refused', ...flags(...more)], {
        env: system.environment,
        stdin: key,
      });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('Cannot connect to the processing module');
      expect(stderr).toMatch(said);
      for (const check of ['credentials', 'endpoint', 'client-ip']) expect(stderr).toContain(`${check}: `);
      expect(stderr).not.toContain(key);
      expect(await system.app.store.modules.load('refused')).toBeNull();
    },
  );

  it('tells programs of a failed test with --json', async () => {
    const argv = ['module', 'add', 'refused', ...flags('--json')];
    const { code, stdout } = await run(argv, {
      env: system.environment,
      stdin: 'not-the-key-of-this-account',
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      stored: false,
      module: null,
      test: { ok: false, checks: { length: 3 } },
    });
  });

  it('stores it untested with --no-test', async () => {
    const argv = ['module', 'add', 'untested', ...flags('--no-test', '--client-ip', '192.0.2.7')];
    expect(await run(argv, { env: system.environment, stdin: KEY })).toMatchObject({ code: 0 });
    expect(await system.app.store.modules.load('untested')).toMatchObject({ clientIp: '192.0.2.7' });
  });
});

describe('bad input to module add', () => {
  it('lists every missing flag instead of asking where there is no terminal', async () => {
    const { code, stderr } = await run(['module', 'add', '--sandbox'], { env: system.environment });
    expect(code).toBe(2);
    for (const flag of ['--username', '--api-user', '--api-key-stdin', '--client-ip'])
      expect(stderr).toContain(`${flag} is missing`);
  });

  it('names all faults at once, by their flags', async () => {
    const more = [
      '--client-ip',
      '10.0.0',
      '--endpoint',
      'http://example.com/x',
      '--limits',
      '1,2',
      '--low-balance',
      '-3',
    ];
    const { code, stderr } = await run(['module', 'add', 'a b', ...flags(...more)], {
      env: system.environment,
    });
    expect(code).toBe(2);
    const faults = stderr.split('\n').filter((line) => line.startsWith('  - '));
    expect(faults.map((line) => line.slice(4).split(':')[0])).toEqual(
      expect.arrayContaining([
        'name',
        '--client-ip',
        '--endpoint',
        '--limits',
        '--low-balance',
        '--api-key-stdin',
      ]),
    );
  });

  it('refuses a key in the command line without repeating it', async () => {
    const { code, stdout, stderr } = await run(['module', 'add', '--api-key', 'typed-into-the-shell'], {
      env: system.environment,
    });
    expect(code).toBe(2);
    expect(stderr).toContain('--api-key-stdin');
    expect(stdout + stderr).not.toContain('typed-into-the-shell');
  });

  it('tells how to make the secret key that is not set', async () => {
    const env = { ...system.environment, PMNAMECHEAP_SECRET_KEY: undefined };
    const { code, stderr } = await run(['module', 'add', ...flags()], { env, stdin: KEY });
    expect(code).toBe(2);
    expect(stderr).toContain('openssl rand -base64 32');
  });
});

describe('replacing a module', () => {
  it('keeps when it was added, changes the rest, and ends the automatic pauses of its account, not those of a person', async () => {
    const { store } = system.app;
    await system.addModule('old', {}, { createdAt: '2025-02-03T04:05:06.000Z' });
    const module = await store.modules.load('old');
    if (module === null) throw new Error('the module was not stored');
    const account = accountId(module);
    const until = Date.now() + 600_000;
    await store.accounts.pause(account, { scope: 'all', reason: 'wrong credentials', until });
    await store.accounts.pause(account, { scope: 'purchases', reason: 'inventory day', until: null });
    const { code } = await run(
      ['module', 'add', 'old', ...flags('--low-balance', '20', '--shared-balance')],
      {
        env: system.environment,
        stdin: KEY,
      },
    );
    expect(code).toBe(0);
    expect(await store.modules.load('old')).toMatchObject({
      createdAt: '2025-02-03T04:05:06.000Z',
      parameters: { lowBalance: '20', sharedBalance: true },
    });
    const left = await store.accounts.listPauses(account, Date.now());
    expect(left.map(({ reason }) => reason)).toEqual(['inventory day']);
  });

  it('is refused when its services would come to another account, and allowed within the account', async () => {
    await system.addModule('used');
    await system.app.enqueue('order', {
      ...{ module: 'used', serviceId: 'of-used', type: 'PositiveSSL', years: 1 },
      ...{ csr: TEST_CSR, dcv: { method: 'dns' } },
    });
    const moved = await run(['module', 'add', 'used', ...flags('--username', 'another')], {
      env: system.environment,
      stdin: KEY,
    });
    expect(moved.code).toBe(2);
    expect(moved.stderr).toContain('1 service was ordered through "used"');
    expect(await system.app.store.modules.load('used')).toMatchObject({ username: 'sandbox' });
    expect(
      await run(['module', 'add', 'used', ...flags()], { env: system.environment, stdin: KEY }),
    ).toMatchObject({ code: 0 });
  });
});

describe('a connection test that no worker takes', () => {
  it('says so, and leaves no job behind that carries a sealed key', async () => {
    await using idle = await System.start({ worker: false });
    const { user, clientIp } = idle.sandbox.account;
    const draft = {
      name: 'waiting',
      username: user,
      apiUser: user,
      apiKey: KEY,
      clientIp,
      endpoint: idle.sandbox.url,
    };
    const { sealedKey } = sealModule(draft, randomBytes(32).toString('base64'), '2026-01-01T00:00:00.000Z');
    const settings = { username: user, apiUser: user, sealedKey, clientIp, endpoint: idle.sandbox.url };
    const outcome = await runConnectionTest(idle.app, { settings }, new AbortController().signal, 200);
    expect(outcome).toMatchObject({
      kind: 'not-tested',
      reason: expect.stringContaining('start one with pmnamecheap worker') as string,
    });
    expect(await readWholeRedis(idle.app.store.redis)).not.toContain(sealedKey);
  });
});

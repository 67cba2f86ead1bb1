import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountId } from '../../src/modules/settings.js';
import { TEST_CSR } from '../helpers/test-csr.js';
import { System } from '../helpers/system.js';
import { run, type CommandRun } from './command-line.js';

let system: System;
const pm = (...argv: string[]): Promise<CommandRun> => run(argv, { env: system.environment });

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0] } });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

async function readSealedKey(name: string): Promise<string> {
  const module = await system.app.store.modules.load(name);
  if (module === null) throw new Error(`${name} is not stored`);
  return module.sealedKey;
}

it('module list and show print the settings, never the key nor its sealed form', async () => {
  const runs = await Promise.all([
    pm('module', 'list'),
    pm('module', 'show', 'default'),
    pm('module', 'list', '--json'),
  ]);
  const sealedKey = await readSealedKey('default');
  for (const { code, stdout, stderr } of runs) {
    expect(code).toBe(0);
    expect(stdout).toContain(system.sandbox.account.clientIp);
    expect(stdout + stderr).not.toContain(system.sandbox.account.apiKey);
    expect(stdout + stderr).not.toContain(sealedKey);
  }
  const { stdout } = await pm('module', 'show', 'default', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'default',
    apiKey: 'sealed',
    endpoint: system.sandbox.url,
    sandbox: true,
  });
  expect(stdout).not.toContain(sealedKey);
});

it('module test prints balance and latency, and exits 1 with the three checks when it fails', async () => {
  const passed = await pm('module', 'test', 'default');
  expect(passed).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/ok in \d+ ms, balance 1000\.0000 USD, sandbox/) as string,
  });

  await system.addModule('strange', {}, { clientIp: '192.0.2.99' });
  const failed = await pm('module', 'test', 'strange', '--json');
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject({
    ok: false,
    message: 'Cannot connect to the processing module',
    checks: [{ check: 'credentials' }, { check: 'endpoint', ok: true }, { check: 'client-ip', ok: false }],
  });
});

it.each(['show', 'test', 'remove', 'pause', 'resume', 'reconcile', 'audit'])(
  'module %s names the known modules when it does not know one',
  async (verb) => {
    const { code, stderr } = await pm('module', verb, 'nobody');
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no module "nobody" \(known: .*default/);
    expect(stderr).not.toContain('Waiting');
  },
);

it('module pause holds the account until module resume', async () => {
  const account = accountId({
    username: system.sandbox.account.user,
    sandbox: true,
    endpoint: system.sandbox.url,
  });
  expect(await pm('module', 'pause', 'default', '--reason', 'stocktaking')).toMatchObject({ code: 0 });
  expect(await system.app.store.accounts.listPauses(account, Date.now())).toEqual([
    { scope: 'all', reason: 'stocktaking', until: null },
  ]);
  expect((await pm('module', 'list')).stdout).toContain('paused (all)');
  expect(await pm('module', 'resume', 'default')).toMatchObject({ code: 0 });
  expect(await system.app.store.accounts.listPauses(account, Date.now())).toEqual([]);
});

it('module remove is refused while services use it, unless it is forced', async () => {
  await system.addModule('leaving');
  await system.app.enqueue('order', {
    ...{ module: 'leaving', serviceId: 'of-leaving', type: 'PositiveSSL', years: 1 },
    ...{ csr: TEST_CSR, dcv: { method: 'dns' } },
  });
  const refused = await pm('module', 'remove', 'leaving');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('--force');
  expect(await system.app.store.modules.load('leaving')).not.toBeNull();
  expect(await pm('module', 'remove', 'leaving', '--force')).toMatchObject({ code: 0 });
  expect(await system.app.store.modules.load('leaving')).toBeNull();
});

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { resealModules } from '../../src/modules/reseal.js';
import { inspectSeal, sealKey } from '../../src/modules/seal.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

const createKey = () => randomBytes(32).toString('base64');

/** A system whose workers have the new secret key and the old one, as during a change of keys; its modules have the old seal. */
async function startRotation(names: readonly string[], options: { worker?: false } = {}) {
  const [former, present] = [createKey(), createKey()];
  const environment = { PMNAMECHEAP_SECRET_KEY: present, PMNAMECHEAP_PREVIOUS_SECRET_KEY: former };
  const system = await System.start({ environment, sandbox: { limits: [0, 0, 0] }, ...options });
  const { url, account } = system.sandbox;
  const sealedKey = sealKey(account.apiKey, former, { username: account.user, sandbox: true, endpoint: url });
  for (const name of names) await system.addModule(name, { limits: [0, 0, 0] }, { sealedKey });
  const states = async (keys: readonly string[]) => {
    const modules = await system.app.store.modules.list();
    return Object.fromEntries(
      modules.map((module) => [module.name, inspectSeal(module.sealedKey, keys, module)]),
    );
  };
  return { system, former, present, states, [Symbol.asyncDispose]: () => system[Symbol.asyncDispose]() };
}

it('seals every module with the present secret key, once; the previous one is then not needed', async () => {
  await using rotation = await startRotation(['default', 'shop']);
  const { system, present, states } = rotation;
  expect(await states([present])).toEqual({ default: 'closed', shop: 'closed' });
  const before = await system.app.store.modules.load('shop');
  const reseal = () => run(['module', 'reseal'], { env: system.environment });
  const first = await reseal();
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('Sealed anew: default, shop');
  expect(first.stdout).toContain('remove it wherever it is set');
  expect(await states([present])).toEqual({ default: 'present', shop: 'present' });
  const after = await system.app.store.modules.load('shop');
  expect({ ...after, sealedKey: '' }).toEqual({ ...before, sealedKey: '' });

  expect((await reseal()).stdout).toContain('Sealed with the present secret key already: default, shop');
  expect(await system.app.store.modules.load('shop')).toEqual(after);

  const env = { ...system.environment, PMNAMECHEAP_PREVIOUS_SECRET_KEY: undefined };
  expect(await run(['module', 'test', 'shop'], { env })).toMatchObject({ code: 0 });
});

it('doctor tells which modules still need the previous secret key, and which are not bound to their account', async () => {
  const former = Buffer.alloc(32, 7).toString('base64');
  await using rotation = await startRotation(['default'], { worker: false });
  const { system, present } = rotation;
  const diagnose = async (environment: Readonly<Record<string, string | undefined>>) => {
    const { stdout } = await run(['doctor', '--json'], { env: { ...system.environment, ...environment } });
    const { checks } = JSON.parse(stdout) as { checks: { check: string }[] };
    return checks.find(({ check }) => check === 'secret-key');
  };
  const matching = (text: string) => expect.stringContaining(text) as string;
  const old = 'default: still sealed with the previous secret key: run pmnamecheap module reseal';
  expect(await diagnose({})).toMatchObject({ state: 'warn', detail: matching(old) });
  expect(await diagnose({ PMNAMECHEAP_PREVIOUS_SECRET_KEY: undefined })).toMatchObject({
    state: 'fail',
    detail: matching('does not open the API key of default'),
  });
  // No worker starts with the previous one alone.
  expect(await diagnose({ PMNAMECHEAP_SECRET_KEY: undefined })).toMatchObject({ state: 'fail' });

  const sealedKey = 'v1.2ab02d1f.CQkJCQkJCQkJCQkJJIHX12WYbrjYW-G-QPhmK0brqfXOmewKxRvmCNfYkOvhhlTLDY-VowvLIA';
  await system.addModule('default', {}, { sealedKey });
  expect(await diagnose({ PMNAMECHEAP_SECRET_KEY: former })).toMatchObject({
    state: 'warn',
    detail: matching('not bound to its account: run pmnamecheap module reseal'),
  });
  await run(['module', 'reseal'], {
    env: { ...system.environment, PMNAMECHEAP_PREVIOUS_SECRET_KEY: former },
  });
  expect(await diagnose({})).toMatchObject({ state: 'ok' });
  expect(present).not.toBe(former);
});

it('names what does not open, leaves it, does the rest, and exits 1', async () => {
  await using rotation = await startRotation(['default'], { worker: false });
  const { system, states, present } = rotation;
  const { url, account } = system.sandbox;
  const settings = { username: account.user, sandbox: true, endpoint: url };
  await system.addModule('lost', {}, { sealedKey: sealKey('lost-key-lost-key', createKey(), settings) });
  await system.addModule('new');
  const before = await system.app.store.modules.load('lost');
  const { code, stdout } = await run(['module', 'reseal', '--json'], { env: system.environment });
  expect({ code, ...(JSON.parse(stdout) as object) }).toEqual({
    ...{ code: 1, resealed: ['default'], unchanged: ['new'], closed: ['lost'] },
  });
  expect(await system.app.store.modules.load('lost')).toEqual(before);
  expect(await states([present])).toEqual({ default: 'present', new: 'present', lost: 'closed' });
  const told = await run(['module', 'reseal'], { env: system.environment });
  expect(told.stderr).toMatch(/left as it is: lost\. Give the key that sealed it as PMNAMECHEAP_PREVIOUS/);
  expect(told.stdout).not.toContain('remove it');
});

describe('bad usage', () => {
  it('no secret key: exit 2, nothing changed', async () => {
    await using rotation = await startRotation(['default'], { worker: false });
    const { system } = rotation;
    const before = await system.app.store.modules.load('default');
    const env = { ...system.environment, PMNAMECHEAP_SECRET_KEY: undefined };
    const { code, stderr } = await run(['module', 'reseal'], { env });
    expect(code).toBe(2);
    expect(stderr).toContain('PMNAMECHEAP_SECRET_KEY is not set');
    expect(await system.app.store.modules.load('default')).toEqual(before);
  });
});

describe('while others are at work', () => {
  it('a module that is added anew meanwhile keeps what was added; one that is removed stays away', async () => {
    await using rotation = await startRotation(['changed', 'removed'], {
      worker: false,
    });
    const { system, former, present, states } = rotation;
    const { modules } = system.app.store;
    // Whatever happens between the look and the write: only the compare-and-set stands in between.
    const replaceKey = modules.replaceKey.bind(modules);
    let disturbed = 0;
    modules.replaceKey = async (module, sealedKey) => {
      if (disturbed++ < 2) {
        if (module.name === 'removed') await modules.remove('removed');
        if (module.name === 'changed') await modules.save({ ...module, clientIp: '192.0.2.77' });
      }
      return await replaceKey(module, sealedKey);
    };
    const report = await resealModules(modules, [present, former]);
    expect(report).toEqual({ resealed: ['changed'], unchanged: ['default'], closed: [] });
    expect(await modules.load('changed')).toMatchObject({ clientIp: '192.0.2.77' });
    expect(await modules.load('removed')).toBeNull();
    expect(await states([present])).toEqual({ changed: 'present', default: 'present' });
  });

  it('a change between read and write of the script is not overwritten', async () => {
    await using rotation = await startRotation(['default'], { worker: false });
    const { system, former, present } = rotation;
    const { modules, redis } = system.app.store;
    const seen = await modules.load('default');
    if (seen === null) throw new Error('the module was not stored');
    const get = redis.get.bind(redis);
    redis.get = async (key: string) => {
      const raw = await get(key);
      await modules.save({ ...seen, clientIp: '192.0.2.78' });
      return raw;
    };
    expect(await modules.replaceKey(seen, sealKey('other-key-other-key', present, seen))).toBe(false);
    redis.get = get;
    expect(await modules.load('default')).toEqual({ ...seen, clientIp: '192.0.2.78' });
    expect(former).not.toBe(present);
  });

  it('four at once, with connection tests running in a worker all the time: none fails', async () => {
    const names = ['default', ...Array.from({ length: 8 }, (_unused, index) => `m${index}`)];
    await using rotation = await startRotation(names);
    const { system, present, states } = rotation;
    const reseal = () => run(['module', 'reseal', '--json'], { env: system.environment });
    const tests = names.map((module) => system.run('test', { module }));
    const reports = (await Promise.all([reseal(), reseal(), reseal(), reseal()])).map(
      ({ stdout }) => JSON.parse(stdout) as { resealed: string[]; closed: string[] },
    );
    expect(reports.flatMap(({ resealed }) => resealed).sort()).toEqual([...names].sort());
    expect(reports.flatMap(({ closed }) => closed)).toEqual([]);
    for (const end of await Promise.all(tests))
      expect(end).toMatchObject({ kind: 'completed', result: { ok: true } });
    expect(Object.values(await states([present]))).toEqual(names.map(() => 'present'));
  });
});

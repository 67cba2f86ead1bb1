import { readFile, stat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { App } from '../../src/app.js';
import { startWorker } from '../../src/run-worker.js';
import { run } from '../commands/command-line.js';
import { bodyOf, dumpKeys } from '../helpers/archives.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';

const RESTORED = '{restored}';

it('a restored system is the exported one: buys nothing again and finishes what was under way', async () => {
  await using system = await System.start({
    sandbox: { limits: [0, 0, 0], balance: '100000' },
    environment: { PMNAMECHEAP_SETTLE_TIME: '5m' },
    worker: false,
  });
  const worker = await system.startWorker();
  const orders = {
    issued: await composeOrder('issued.example.com', { years: 2 }),
    failed: await composeOrder('failed.example.com'),
    parked: await composeOrder('parked.example.com'),
    pending: await composeOrder('pending.example.com'),
    unclear: await composeOrder('unclear.example.com'),
  };
  const reach = (name: keyof typeof orders, status: string) =>
    system.untilRecord(orders[name].serviceId, (record) => record.status === status);
  await system.run('order', orders.issued);
  await reach('issued', 'issued');
  const refusal = { number: 2011295, text: 'ApproverEmail is not valid' };
  await system.control('_fault', { command: 'ssl.activate', fault: 'error', count: 1, error: refusal });
  await system.run('order', orders.failed);
  await system.control('_fault', { command: 'ssl.activate', fault: 'purchaseerror', count: 1 });
  await system.run('order', orders.parked);
  await reach('parked', 'parked');
  await system.control('_validation', { mode: 'never' });
  await system.run('order', orders.pending);
  await system.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
  await system.control('_fault', { command: 'ssl.getlist', fault: 'http-500' });
  await system.app.enqueue('order', orders.unclear);
  await reach('unclear', 'purchase-unclear');
  await worker.close();

  const [first, second] = [path.join(system.folder, 'first.jsonl'), path.join(system.folder, 'second.jsonl')];
  const there = { ...system.environment, PMNAMECHEAP_PREFIX: RESTORED };
  const before = await dumpKeys(system.app.store.redis, '{pmnamecheap}');
  const exported = await run(['certificate', 'export', first], { env: system.environment });
  expect(exported).toMatchObject({ code: 0, stderr: `Exported 5 services and 1 accounts to ${first}.\n` });
  expect((await stat(first)).mode & 0o777).toBe(0o600);
  expect((await readdir(system.folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  const text = await readFile(first, 'utf8');
  expect(text).not.toContain(system.sandbox.account.apiKey);
  expect(text).not.toContain('sealedKey');
  expect(
    (await run(['certificate', 'export'], { env: system.environment })).stdout.split('\n').slice(1),
  ).toEqual(
    text
      .split('\n')
      .slice(1, -2)
      .concat(expect.any(String) as string, ''),
  );

  const restored = await run(['certificate', 'restore', first], { env: there });
  expect(restored).toMatchObject({ code: 0, stderr: '' });
  expect(restored.stdout).toContain('Restored 5 services');
  expect(Object.keys(before)).toContain(':due');
  expect(await dumpKeys(system.app.store.redis, RESTORED)).toEqual(before);
  expect((await run(['certificate', 'export', second], { env: there })).code).toBe(0);
  const lines = (file: string) => file.trimEnd().split('\n');
  expect(bodyOf(lines(await readFile(second, 'utf8')))).toEqual(bodyOf(lines(text)));
  const again = await run(['certificate', 'restore', first], { env: there });
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/Restored 0 services.*5 were there already.* 0 entries/);
  expect(await dumpKeys(system.app.store.redis, RESTORED)).toEqual(before);

  const bought = (await system.readLedger()).charges.length;
  expect(bought).toBe(5);
  await fetch(`http://127.0.0.1:${system.sandbox.port}/_fault`, { method: 'DELETE' });
  await using app = await App.open(parseEnvironment(there), system.logger);
  for (const module of await system.app.store.modules.list()) await app.store.modules.save(module);
  const successor = await startWorker(app, {});
  try {
    await app.queues.listen('order');
    await app.enqueue('order', orders.unclear);
    for (const name of ['issued', 'parked', 'pending'] as const)
      await app.queues.waitFor('order', await app.enqueue('order', orders[name]), 20_000);
    const { certificateId } = (await system.readRecord(orders.pending.serviceId)) ?? {};
    await system.control('_validation', { mode: 'now', certificateId });
    for (const [name, status] of [
      ['pending', 'issued'],
      ['unclear', 'pending-validation'],
    ] as const)
      await until(
        async () => {
          const stored = await app.store.certificates.load(orders[name].serviceId);
          return stored?.record.status === status ? true : null;
        },
        async () =>
          `${name} is ${JSON.stringify((await app.store.certificates.load(orders[name].serviceId))?.record)}`,
      );
    expect(
      (await app.queues.waitFor('order', await app.enqueue('order', { ...orders.failed }), 20_000)).kind,
    ).toBe('completed');
  } finally {
    await successor.close();
  }
  expect((await system.readLedger()).charges).toHaveLength(bought);
}, 90_000);

import { expect, it } from 'vitest';
import { accountId } from '../../src/modules/settings.js';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

it('module audit prints what adds up, exits 1 on a difference, and module resume accepts it', async () => {
  await using system = await System.start({ sandbox: { limits: [0, 0, 0] } });
  const pm = (argv: string[], stdin = '') => run(argv, { env: system.environment, stdin });
  const order = JSON.stringify(await composeOrder('audit.example.com'));
  expect(await pm(['enqueue', 'order', '-', '--wait', '30'], order)).toMatchObject({ code: 0 });
  const clean = await pm(['module', 'audit', 'default']);
  expect(clean).toMatchObject({ code: 0 });
  for (const part of ['1 purchases (0 under way), 1 ledger entries', '0 open, 0 accepted', 'balance is'])
    expect(clean.stdout).toContain(part);

  const module = await system.app.store.modules.load('default');
  if (module === null) throw new Error('no module');
  const { redis, keys } = system.app.store;
  await redis.del(keys.account(accountId(module), 'ledger'));
  const failed = await pm(['module', 'audit', 'default', '--json']);
  expect(failed.code).toBe(1);
  const audit = JSON.parse(failed.stdout) as { differences: { text: string }[] };
  expect(audit).toMatchObject({ module: 'default', isFailed: true, differences: [{ part: 'books' }] });
  const text = audit.differences[0]?.text ?? '-';
  expect((await pm(['module', 'audit', 'default'])).stdout).toContain('pmnamecheap module resume default');
  expect((await pm(['status'])).stdout).toContain('the audit found 1 difference');
  expect((await pm(['module', 'list'])).stdout).toContain('paused (purchases)');

  expect((await pm(['module', 'resume', 'default'])).stdout).toContain(text);
  const accepted = await pm(['module', 'audit', 'default']);
  expect(accepted).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('0 open, 1 accepted') as string,
  });
  expect((await pm(['module', 'list'])).stdout).not.toContain('paused');
});

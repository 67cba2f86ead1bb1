import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { describePrice, type PriceOptions } from '../../src/commands/price-check.js';
import { accountId, type ModuleRecord } from '../../src/modules/settings.js';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;
let told: string[] = [];

let system: System;
let module: ModuleRecord;

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0] }, worker: false });
  const stored = await system.app.store.modules.load('default');
  if (stored === null) throw new Error('the module was not stored');
  module = stored;
});
beforeEach(() => {
  told = [];
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

const describeEv = (years: number, options: Omit<PriceOptions, 'tell'>) =>
  describePrice(system.app, module, 'EV SSL', 'RENEW', years, {
    ...options,
    tell: (text) => told.push(text),
  });

/** Keeps a list with one renewal, read so long ago. */
async function keepList(ageMs: number): Promise<void> {
  const at = (await system.app.store.listings.readClock()) - ageMs;
  const entry = { product: 'ev-single', name: 'EV SSL', action: 'RENEW', years: 1 } as const;
  const entries = [{ ...entry, amount: '118.9000', currency: 'USD' }];
  await system.app.store.prices.save(accountId(module), { at, entries });
}

it('without a list and without a worker says so, is ok all the same and leaves no job behind', async () => {
  const check = await describeEv(1, { stop: NEVER, timeoutMs: 300 });
  expect(check).toMatchObject({ check: 'price', ok: true, price: null });
  expect(check.detail).toMatch(
    /^not known: No worker took the reading of the price list within 0\.3 s: start/,
  );
  expect(told).toEqual(['asking a worker for the price list (up to 0.3 s)']);
  expect(await system.app.queues.open('prices').getJobCountByTypes()).toBe(0);
});

it('uses a kept list while it is younger than a day, without a worker or a call', async () => {
  await keepList(DAY_MS - 600_000);
  const check = await describeEv(1, { stop: NEVER, timeoutMs: 300 });
  expect(check.detail).toBe('118.9000 USD for 1 year as EV SSL (price list read 24 h ago)');
  expect(check.price).toMatchObject({ amount: '118.9000', currency: 'USD' });
  expect(told).toEqual([]);
  expect((await system.readLedger()).calls).toEqual([]);
});

it('says for which years a product is listed when it is not for these', async () => {
  await keepList(0);
  const check = await describeEv(5, { stop: NEVER, timeoutMs: 300 });
  expect(check).toMatchObject({ ok: true, price: null });
  expect(check.detail).toMatch(/^EV SSL is not listed for 5 years, only for 1: Namecheap would probably/);
});

it('an old list is told as what was known before, when no worker can read a new one', async () => {
  await keepList(3 * DAY_MS);
  const check = await describeEv(1, { stop: AbortSignal.abort() });
  expect(check.price).toBeNull();
  expect(check.detail).toBe(
    'not known now: The reading of the price list was interrupted. Before: 118.9000 USD for 1 year as EV SSL (price list read 3 d ago)',
  );
});

it('a worker reads a new list; then the dry run tells what the list does not include', async () => {
  await keepList(DAY_MS);
  const worker = await system.startWorker({ jobs: ['prices'] });
  const check = await describeEv(2, { stop: NEVER });
  expect(check.price).toMatchObject({ amount: '159.7600' });
  await worker.close();

  const names = ['b.example.com', 'c.example.com', 'd.example.com'];
  const order = await composeOrder('a.example.com', {
    ...{ type: 'PositiveSSL Multi Domain', sans: names, promotionCode: 'SAVE' },
  });
  const argv = ['enqueue', 'order', '-', '--dry-run', '--json'];
  const { code, stdout } = await run(argv, { env: system.environment, stdin: JSON.stringify(order) });
  expect(code).toBe(0);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { check: string; detail: string }[] };
  expect(ok).toBe(true);
  const price = checks.find((one) => one.check === 'price');
  expect(price).toMatchObject({ price: { amount: '24.8800', currency: 'USD' } });
  expect(price?.detail).toMatch(
    /; 1 added name and the promotion code not included \(the list does not tell\)$/,
  );
  expect(await system.readRecord(order.serviceId)).toBeNull();
  const calls = (await system.readLedger()).calls.map(({ command }) => command);
  expect(calls).toEqual(['namecheap.users.getPricing']);
});

import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { override } from '../helpers/override.js';
import { useRedis } from '../helpers/redis.js';
import { startBench, withApi, type Bench } from '../helpers/work.js';

const redis = useRedis();

async function acceptOn(bench: Bench, commonName = 'purchase.example.com'): Promise<string> {
  const payload = await composeOrder(commonName);
  await bench.accept(payload);
  return payload.serviceId;
}

describe('between intent and call', () => {
  it('too much time means no call: the purchase begins again', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    // Before the intent, and at the fence.
    const ticks = [0, 6000];
    bench.work.monotonic = () => ticks.shift() ?? 6000;
    await bench.advance(serviceId);
    expect(await bench.countCalls('ssl.create')).toBe(0);
    expect(await bench.read(serviceId)).toMatchObject({ status: 'accepted', purchase: null });
    bench.work.monotonic = () => 0;
    expect(await bench.advance(serviceId)).toMatchObject({ status: 'pending-validation' });
    expect(await bench.countCalls('ssl.create')).toBe(1);
  });

  it('less is too much where the settle time is short: others conclude that soon that nothing was bought', async () => {
    await using bench = await startBench(redis);
    bench.work.settings = { ...bench.work.settings, settleTimeMs: 4000 };
    const serviceId = await acceptOn(bench);
    const ticks = [0, 1001];
    bench.work.monotonic = () => ticks.shift() ?? 1001;
    await bench.advance(serviceId);
    expect(await bench.countCalls('ssl.create')).toBe(0);
    bench.work.monotonic = () => 0;
    expect(await bench.advance(serviceId)).toMatchObject({ status: 'pending-validation' });
  });

  it('nothing is waited for after the fence: reports and quota come before it', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    const seen: string[] = [];
    const { purchases, account } = bench.work;
    bench.work.report = (step) => {
      seen.push(`report ${step.split(' ')[0] ?? ''}`);
      return Promise.resolve();
    };
    bench.work.purchases = override(purchases, {
      begin: (...args) => {
        seen.push('begin');
        return purchases.begin(...args);
      },
      check: (...args) => {
        seen.push('fence');
        return purchases.check(...args);
      },
    });
    bench.work.account = {
      ...account,
      admitPurchase: () => {
        seen.push('quota');
        return Promise.resolve();
      },
      api: override(bench.api, {
        create: (input) => {
          seen.push('call');
          return bench.api.create(input);
        },
      }),
    };
    await bench.advance(serviceId);
    // The first contact with the account comes before everything.
    expect(seen.slice(0, 6)).toEqual([
      'report comparing',
      ...['report buying', 'begin', 'quota', 'fence', 'call'],
    ]);
  });

  it('a lane that was taken from us means no call', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    const { purchases } = bench.work;
    bench.work.purchases = override(purchases, {
      check: async (...args: Parameters<typeof purchases.check>) => {
        await redis.client.del(bench.store.keys.account(bench.work.account.id, 'lanes'));
        return await purchases.check(...args);
      },
    });
    await bench.advance(serviceId).catch(() => undefined);
    expect(await bench.countCalls('ssl.create')).toBe(0);
  });
});

describe('after the call', () => {
  it('the outcome is written until Redis takes it: what was paid is not lost', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    const { purchases } = bench.work;
    let failures = 3;
    bench.work.purchases = override(purchases, {
      settleMade: async (...args: Parameters<typeof purchases.settleMade>) => {
        // The third time the write arrives and only its reply is lost.
        if (failures-- > 1) throw new Error('Connection is closed.');
        const answer = await purchases.settleMade(...args);
        if (failures >= 0) throw new Error('the reply was lost');
        return answer;
      },
    });
    expect(await bench.advance(serviceId, 3)).toMatchObject({ status: 'pending-validation' });
    expect(await bench.countCalls('ssl.create')).toBe(1);
    expect(await redis.client.hlen(bench.store.keys.account(bench.work.account.id, 'ledger'))).toBe(1);
  });
});

describe('an unclear purchase', () => {
  async function startUnclear(bench: Bench): Promise<string> {
    const serviceId = await acceptOn(bench);
    await bench.control('_fault', { command: 'ssl.create', fault: 'drop-before', count: 1 });
    await bench.advance(serviceId);
    expect(await bench.read(serviceId)).toMatchObject({ status: 'purchase-unclear' });
    return serviceId;
  }

  it('is not concluded before the settle time, however often it is looked up', async () => {
    await using bench = await startBench(redis);
    const serviceId = await startUnclear(bench);
    await bench.advance(serviceId, 10);
    expect(await bench.read(serviceId)).toMatchObject({
      status: 'purchase-unclear',
      purchase: { cleanLooks: 0 },
    });
    expect(await bench.countCalls('ssl.create')).toBe(1);
  });

  it('needs two complete looks after the settle time before it is bought again', async () => {
    await using bench = await startBench(redis);
    const serviceId = await startUnclear(bench);
    bench.shiftClocks(61_000);
    await bench.advance(serviceId);
    expect(await bench.read(serviceId)).toMatchObject({
      status: 'purchase-unclear',
      purchase: { cleanLooks: 1 },
    });
    expect(await bench.advance(serviceId)).toMatchObject({ status: 'pending-validation' });
    expect(await bench.countCalls('ssl.create')).toBe(2);
  });

  it('parks when the balance fell without a certificate that explains it', async () => {
    await using bench = await startBench(redis);
    const { listings, account } = bench.work;
    await listings.saveBalance(account.id, '1000.0000', await listings.readClock());
    const serviceId = await startUnclear(bench);
    await bench.control('_balance', { balance: '991.12' });
    bench.shiftClocks(61_000);
    await bench.advance(serviceId, 3);
    const record = await bench.read(serviceId);
    expect(record).toMatchObject({ status: 'parked' });
    expect(record.problem).toMatch(/8\.8800/);
    expect(await bench.countCalls('ssl.create')).toBe(1);
  });

  it('parks after three purchases that came to nothing', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    await bench.control('_fault', { command: 'ssl.create', fault: 'drop-before' });
    for (let lost = 1; lost <= 3; lost++) {
      bench.shiftClocks(0);
      await bench.advance(serviceId);
      bench.shiftClocks(61_000 * lost);
      await bench.advance(serviceId, 3);
    }
    expect(await bench.read(serviceId)).toMatchObject({ status: 'parked', lostTries: 3 });
    expect(await bench.countCalls('ssl.create')).toBe(3);
  });

  it('parks and keeps its lane when Namecheap lists a product that nobody knows', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    await bench.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
    await bench.advance(serviceId);
    withApi(bench, {
      getList: async (input) => {
        const page = await bench.api.getList(input);
        return { ...page, rows: page.rows.map((row) => ({ ...row, type: 'Quantum SSL' })) };
      },
    });
    await bench.advance(serviceId);
    const record = await bench.read(serviceId);
    expect(record.problem).toMatch(/Quantum SSL/);
    const other = await acceptOn(bench, 'other.example.com');
    await bench.advance(other);
    expect(await bench.read(other)).toMatchObject({ status: 'accepted' });
    expect(await bench.countCalls('ssl.create')).toBe(1);
  });

  it('waits while the list changes under the reader: only a complete one proves absence', async () => {
    await using bench = await startBench(redis);
    const serviceId = await startUnclear(bench);
    bench.shiftClocks(61_000);
    withApi(bench, { getList: async (input) => ({ ...(await bench.api.getList(input)), totalItems: 7 }) });
    await bench.advance(serviceId, 5);
    expect(await bench.read(serviceId)).toMatchObject({
      status: 'purchase-unclear',
      purchase: { cleanLooks: 0 },
    });
  });
});

describe('what cannot be bought here', () => {
  it('waits with the reason when Redis could lose the record of a purchase', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    bench.work.account = {
      ...bench.work.account,
      readRefusal: () => Promise.resolve('This Redis could lose it'),
    };
    await bench.advance(serviceId, 2);
    expect(await bench.read(serviceId)).toMatchObject({
      status: 'accepted',
      problem: 'This Redis could lose it',
    });
    expect(await bench.countCalls('ssl.create')).toBe(0);
  });

  it('is not bought in another account than the one it was ordered for', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench);
    bench.work.account = { ...bench.work.account, id: 'another' };
    expect(await bench.advance(serviceId)).toMatchObject({ verdict: 'wait' });
    expect((await bench.read(serviceId)).problem).toMatch(/another Namecheap account/);
    expect(await bench.countCalls('ssl.create')).toBe(0);
  });
});

it('a spending guard that is reached is announced once, however many orders wait behind it', async () => {
  await using bench = await startBench(redis);
  bench.work.account = { ...bench.work.account, guard: { maxPurchasesPerHour: 1, maxSpendPerDay: null } };
  await bench.advance(await acceptOn(bench));
  for (let i = 0; i < 3; i++) await bench.advance(await acceptOn(bench));
  expect(await bench.countCalls('ssl.create')).toBe(1);
  const events = await bench.store.events.readAfter('0', 1000);
  const told = events
    .map(({ json }) => JSON.parse(json) as { type: string })
    .filter(({ type }) => type === 'account.spending-limit');
  expect(told).toHaveLength(1);
});

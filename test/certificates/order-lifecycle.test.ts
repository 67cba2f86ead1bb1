import { describe, expect, it } from 'vitest';
import { collectPending } from '../../src/certificates/collect.js';
import { WaitError } from '../../src/errors.js';
import { NamecheapError } from '../../src/namecheap/errors.js';
import { makeCsr } from '../csr-fixtures.js';
import { composeOrder } from '../helpers/orders.js';
import { override } from '../helpers/override.js';
import { useRedis } from '../helpers/redis.js';
import { startBench, withApi, type Bench } from '../helpers/work.js';

const redis = useRedis();

async function acceptOn(
  bench: Bench,
  commonName: string,
  changes: Record<string, unknown> = {},
): Promise<string> {
  const payload = await composeOrder(commonName, changes);
  await bench.accept(payload);
  return payload.serviceId;
}

async function makeUnclear(bench: Bench, serviceId: string, fault = 'drop-after'): Promise<void> {
  await bench.control('_fault', { command: 'ssl.create', fault, count: 1 });
  await bench.advance(serviceId);
  expect((await bench.read(serviceId)).status).toBe('purchase-unclear');
}

describe('an unanswered purchase', () => {
  it('is adopted also when Namecheap tells no years, which are undocumented: not explained is not absent', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'no-years.example.com');
    await makeUnclear(bench, serviceId);
    withApi(bench, {
      getList: async (input) => {
        const page = await bench.api.getList(input);
        return { ...page, rows: page.rows.map((row) => ({ ...row, years: null })) };
      },
      getInfo: async (input) => ({ ...(await bench.api.getInfo(input)), years: null }),
    });
    expect(await bench.advance(serviceId)).toMatchObject({ status: 'pending-validation' });
    expect(await bench.countCalls('ssl.create')).toBe(1);
  });

  it('does not adopt a certificate that takes fewer names than were bought, but asks a person', async () => {
    await using bench = await startBench(redis);
    const names = ['a', 'b', 'c', 'd'].map((name) => `${name}.example.net`);
    const { csr } = await makeCsr({ commonName: 'multi.example.net', sans: names });
    const serviceId = await acceptOn(bench, 'multi.example.net', {
      type: 'PositiveSSL Multi Domain',
      csr,
      sans: names,
    });
    await makeUnclear(bench, serviceId, 'drop-before');
    await bench.control('_purchase', { type: 'PositiveSSL Multi Domain', years: 1 });
    await bench.advance(serviceId);
    const record = await bench.read(serviceId);
    expect(record).toMatchObject({ status: 'parked', certificateId: null });
    expect(record.problem).toMatch(/further names/);
  });

  it('that was adopted is no evidence against the next one: its unknown charge does not park a good order', async () => {
    await using bench = await startBench(redis);
    const { listings, account } = bench.work;
    await listings.saveBalance(account.id, '1000.0000', await listings.readClock());
    const first = await acceptOn(bench, 'first.example.com');
    await makeUnclear(bench, first);
    await bench.advance(first);
    const second = await acceptOn(bench, 'second.example.com');
    await makeUnclear(bench, second, 'drop-before');
    bench.shiftClocks(61_000);
    expect(await bench.advance(second, 3)).toMatchObject({ status: 'pending-validation' });
  });

  it('leaves what somebody bought days before alone', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'older.example.com');
    await makeUnclear(bench, serviceId, 'drop-before');
    await bench.control('_purchase', { type: 'PositiveSSL', years: 1 });
    withApi(bench, {
      getList: async (input) => {
        const page = await bench.api.getList(input);
        return { ...page, rows: page.rows.map((row) => ({ ...row, purchaseDate: '2026-01-05' })) };
      },
    });
    await bench.advance(serviceId);
    expect((await bench.read(serviceId)).status).toBe('purchase-unclear');
    const events = await bench.store.events.readAfter('0', 100);
    expect(events.filter(({ json }) => json.includes('account.foreign'))).toHaveLength(1);
  });

  it('whose record went another way meanwhile is kept as stock with its charge in the ledger', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'moved.example.com');
    withApi(bench, {
      create: async (input) => {
        const made = await bench.api.create(input);
        const before = await bench.read(serviceId);
        const after = { ...before, status: 'parked' as const, operation: null, nextActionAt: null };
        await bench.store.certificates.save({ before, after, change: { cause: 'parked by a person' } });
        return made;
      },
    });
    await bench.advance(serviceId).catch(() => undefined);
    const { id } = bench.work.account;
    expect(await redis.client.hlen(bench.store.keys.account(id, 'ledger'))).toBe(1);
    expect(await redis.client.hlen(bench.store.keys.account(id, 'stock'))).toBe(1);
  });
});

describe('a purchase that names a certificate of another service', () => {
  it('is left to a person with its charge in the ledger, is never judged "not made", and holds up nobody', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'claimed.example.com');
    const { id } = bench.work.account;
    await redis.client.hset(bench.store.keys.account(id, 'claims'), '9000001', 'another');
    expect(await bench.advance(serviceId)).toMatchObject({ code: 'ERR_PARKED' });
    expect((await bench.read(serviceId)).problem).toMatch(/9000001.*another/);
    expect(await redis.client.hlen(bench.store.keys.account(id, 'ledger'))).toBe(1);
    const next = await acceptOn(bench, 'next.example.com');
    expect(await bench.advance(next)).toMatchObject({ status: 'pending-validation', certificateId: 9000002 });
    expect(await bench.countCalls('ssl.create')).toBe(2);
  });
});

describe('an order that waits', () => {
  it('for a lane takes nothing from the quota, and tells after a while what it waits for', async () => {
    await using bench = await startBench(redis);
    const holder = await acceptOn(bench, 'holder.example.com');
    await makeUnclear(bench, holder, 'drop-before');
    let taken = 0;
    bench.work.account = {
      ...bench.work.account,
      admitPurchase: () => {
        taken++;
        return Promise.resolve();
      },
    };
    const waiting = await acceptOn(bench, 'waiting.example.com');
    await bench.advance(waiting, 5);
    expect(taken).toBe(0);
    const lanes = bench.store.keys.account(bench.work.account.id, 'lanes');
    const lane = JSON.parse((await redis.client.hget(lanes, 'order-dv-single')) ?? '{}') as {
      begunAt: number;
    };
    await redis.client.hset(
      lanes,
      'order-dv-single',
      JSON.stringify({ ...lane, begunAt: lane.begunAt - 60_000 }),
    );
    await bench.advance(waiting);
    expect((await bench.read(waiting)).problem).toContain(holder);
  });

  it('for the quota gives its lane back', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'quota.example.com');
    const denied = () => Promise.reject(new WaitError('The quota is used up', 30_000));
    bench.work.account = { ...bench.work.account, admitPurchase: denied };
    await bench.advance(serviceId);
    expect(await bench.read(serviceId)).toMatchObject({
      status: 'accepted',
      purchase: null,
      problem: 'The quota is used up',
    });
    expect(await redis.client.hlen(bench.store.keys.account(bench.work.account.id, 'lanes'))).toBe(0);
  });

  it('for a list that never adds up asks twice, says why, and then rarely', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'list.example.com');
    withApi(bench, { getList: async (input) => ({ ...(await bench.api.getList(input)), totalItems: 5 }) });
    const end = await bench.advance(serviceId);
    expect(end).toMatchObject({ verdict: 'wait', delayMs: 60_000 });
    expect(await bench.countCalls('ssl.getList')).toBe(2);
    expect((await bench.read(serviceId)).problem).toMatch(/does not add up/);
  });

  it('after a correction has its own week, however long ago it was ordered first', async () => {
    await using bench = await startBench(redis);
    const payload = await composeOrder('corrected.example.com');
    await bench.accept(payload);
    const error = { number: 2011295, text: 'ApproverEmail is not valid' };
    await bench.control('_fault', { command: 'ssl.activate', fault: 'error', count: 1, error });
    expect(await bench.advance(payload.serviceId)).toMatchObject({
      message: expect.stringMatching(/2011295/) as string,
    });
    const failed = await bench.read(payload.serviceId);
    const longAgo = new Date(Date.now() - 8 * 86_400_000).toISOString();
    const change = { cause: 'aged by the test' };
    await bench.store.certificates.save({
      before: failed,
      after: { ...failed, acceptedAt: longAgo },
      change,
    });
    await bench.accept({ ...payload, dcv: { method: 'http' } });
    await bench.control('_fault', { command: 'ssl.activate', fault: 'drop-before', count: 1 });
    expect(await bench.advance(payload.serviceId, 3)).toMatchObject({ status: 'pending-validation' });
  });

  it('for a week without getting anywhere fails, with the reason', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'week.example.com');
    bench.work.account = {
      ...bench.work.account,
      readRefusal: () => Promise.resolve('Redis is not durable.'),
    };
    bench.shiftClocks(8 * 86_400_000);
    expect(await bench.advance(serviceId)).toMatchObject({ code: 'ERR_ORDER_FAILED' });
    expect((await bench.read(serviceId)).problem).toMatch(/Redis is not durable/);
  });
});

describe('an unanswered activation', () => {
  it('that was accepted is not held up by instructions that cannot be read again', async () => {
    await using bench = await startBench(redis);
    await bench.control('_validation', { mode: 'never' });
    const serviceId = await acceptOn(bench, 'instructions.example.com');
    await bench.control('_fault', { command: 'ssl.activate', fault: 'drop-after', count: 1 });
    await bench.advance(serviceId);
    const fault = {
      command: 'ssl.editDCVMethod',
      fault: 'error',
      count: 1,
      error: { number: 3011784, text: 'not now' },
    };
    await bench.control('_fault', fault);
    expect(await bench.advance(serviceId)).toMatchObject({ status: 'pending-validation', validation: [] });
    expect((await bench.read(serviceId)).problem).toMatch(/could not be read again/);
  });

  it('of a certificate that our books give to another service is left to a person', async () => {
    await using bench = await startBench(redis);
    const serviceId = await acceptOn(bench, 'owner.example.com');
    await bench.control('_fault', { command: 'ssl.activate', fault: 'drop-before', count: 1 });
    await bench.advance(serviceId);
    const { certificateId } = await bench.read(serviceId);
    await redis.client.hset(
      bench.store.keys.account(bench.work.account.id, 'claims'),
      String(certificateId),
      'another',
    );
    expect(await bench.advance(serviceId)).toMatchObject({ code: 'ERR_PARKED' });
    expect((await bench.read(serviceId)).problem).toContain('another');
  });
});

describe('collecting', () => {
  it('waits on a status that it does not know, and parks on one that needs a person', async () => {
    await using bench = await startBench(redis);
    await bench.control('_validation', { mode: 'never' });
    const serviceId = await acceptOn(bench, 'status.example.com');
    await bench.advance(serviceId);
    for (const [status, expected] of [
      ['inprogress', 'pending-validation'],
      ['cancelled', 'parked'],
    ] as const) {
      withApi(bench, {
        getList: async (input) => {
          const page = await bench.api.getList(input);
          return { ...page, rows: page.rows.map((row) => ({ ...row, status })) };
        },
        getInfo: async (input) => ({ ...(await bench.api.getInfo(input)), status }),
      });
      await collectPending(bench.work, [await bench.read(serviceId)]);
      expect((await bench.read(serviceId)).status).toBe(expected);
    }
  });

  it('stops at the first answer that concerns the whole account', async () => {
    await using bench = await startBench(redis);
    await bench.control('_validation', { mode: 'never' });
    const services = [await acceptOn(bench, 'one.example.com'), await acceptOn(bench, 'two.example.com')];
    for (const serviceId of services) await bench.advance(serviceId);
    const records = await Promise.all(services.map((serviceId) => bench.read(serviceId)));
    const rows = override(bench.api, {
      getList: async (input) => {
        const page = await bench.api.getList(input);
        return { ...page, rows: page.rows.map((row) => ({ ...row, status: 'active' })) };
      },
    });
    bench.work.account = { ...bench.work.account, api: rows };
    const error = { number: 1011102, text: 'API Key is invalid' };
    await bench.control('_fault', { command: 'ssl.getInfo', fault: 'error', error });
    await expect(collectPending(bench.work, records)).rejects.toThrow(NamecheapError);
    expect(await bench.countCalls('ssl.getInfo')).toBe(1);
  });
});

import { describe, expect, it } from 'vitest';
import { resolve } from '../../jobs/resolve.js';
import {
  decide,
  listIds,
  parkByBalance,
  parkUnknown,
  readBooks,
  readOrder,
  startOrder,
} from '../helpers/decisions.js';
import { override } from '../helpers/override.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

async function startUnclear(play: Play, fault: 'drop-before' | 'drop-after'): Promise<string> {
  await play.bench.control('_fault', { command: 'ssl.create', fault, count: 1 });
  const { serviceId, status } = await startOrder(play);
  expect(status).toBe('purchase-unclear');
  return serviceId;
}

async function touch(play: Play, serviceId: string): Promise<void> {
  const record = await play.bench.read(serviceId);
  const change = { cause: 'changed by somebody else' };
  await play.bench.store.certificates.save({ before: record, after: record, change });
}

describe('a decision', () => {
  it('that loses a race looks again and is carried out on what is there then', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkByBalance(play);
    let tries = 0;
    play.wrap = (context) => {
      const { decisions } = context.store;
      const racing = override(decisions, {
        settleNotMade: async (...args: Parameters<typeof decisions.settleNotMade>) => {
          if (tries++ === 0) await touch(play, serviceId);
          return await decisions.settleNotMade(...args);
        },
      });
      return { ...context, store: { ...context.store, decisions: racing } };
    };
    expect((await decide(play, serviceId, 'not-made')).kind).toBe('done');
    expect(tries).toBe(2);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });

  it('is judged by record and books of the same moment', async () => {
    await using play = await Play.start(redis);
    const { record, mend } = await parkUnknown(play);
    mend();
    let tries = 0;
    play.wrap = (context) => {
      const { decisions } = context.store;
      const racing = override(decisions, {
        readBooks: async (...args: Parameters<typeof decisions.readBooks>) => {
          const books = await decisions.readBooks(...args);
          if (tries++ === 0) await touch(play, record.serviceId);
          return books;
        },
      });
      return { ...context, store: { ...context.store, decisions: racing } };
    };
    await decide(play, record.serviceId, 'retry');
    expect(tries).toBeGreaterThan(2);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });

  it('that waited is not applied to what came after it', async () => {
    await using play = await Play.start(redis);
    const serviceId = await startUnclear(play, 'drop-after');
    const payload = { serviceId, decision: 'not-made' } as const;
    await resolve.accept?.(payload, play.bench.store, play.now(), 'late');
    expect(await play.bench.read(serviceId)).toMatchObject({ errands: [{ id: 'late', job: 'resolve' }] });
    await play.run('order', await readOrder(play, serviceId));
    const settled = await play.bench.read(serviceId);
    expect(settled).toMatchObject({ status: 'pending-validation' });
    expect(JSON.stringify(await play.run('resolve', payload, 'late'))).toMatch(/has changed since/);
    expect(await play.bench.read(serviceId)).toMatchObject({
      ...{ status: 'pending-validation', certificateId: settled.certificateId, errands: [] },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });

  it('of "not made" while a worker finds the certificate: it becomes stock, and the order takes it', async () => {
    await using play = await Play.start(redis);
    const serviceId = await startUnclear(play, 'drop-after');
    const { purchases } = play.bench.work;
    let isFirst = true;
    play.bench.work.purchases = override(purchases, {
      settleMade: async (...args: Parameters<typeof purchases.settleMade>) => {
        if (isFirst) {
          isFirst = false;
          expect((await play.run('resolve', { serviceId, decision: 'not-made' })).kind).toBe('done');
        }
        return await purchases.settleMade(...args);
      },
    });
    await play.run('order', await readOrder(play, serviceId));
    await play.drain();
    const [id] = await listIds(play);
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'pending-validation',
      certificateId: id,
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0, stock: [] });
  });

  it('while a purchase is being called is refused: its outcome comes in a moment', async () => {
    await using play = await Play.start(redis);
    const { account } = play.bench.work;
    const ends: string[] = [];
    play.bench.work.account = {
      ...account,
      api: override(play.bench.api, {
        create: async (input) => {
          for (const serviceId of await redis.client.smembers(play.bench.store.keys.services))
            ends.push(JSON.stringify(await play.run('resolve', { serviceId, decision: 'not-made' })));
          return await play.bench.api.create(input);
        },
      }),
    };
    expect(await startOrder(play)).toMatchObject({ status: 'pending-validation' });
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatch(/in the middle of a purchase/);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });

  it('is done once: its job again, and another decision after it, change nothing', async () => {
    await using play = await Play.start(redis);
    const { record, mend } = await parkUnknown(play);
    const [id] = await listIds(play);
    const payload = { serviceId: record.serviceId, decision: { adopt: id } };
    expect((await play.run('resolve', payload, 'once')).kind).toBe('done');
    await play.drain();
    mend();
    const before = await play.bench.read(record.serviceId);
    expect((await play.run('resolve', payload, 'once')).kind).toBe('done');
    expect(await decide(play, record.serviceId, 'not-made')).toMatchObject({ kind: 'fail' });
    expect(await play.bench.read(record.serviceId)).toEqual(before);
  });

  it('whose job was lost is rung again by the collector', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkByBalance(play);
    const payload = { serviceId, decision: 'release' } as const;
    await resolve.accept?.(payload, play.bench.store, play.now(), 'lost');
    await play.pass(61_000);
    await play.run('collect', {});
    expect(play.rung.map(({ job }) => job)).toEqual(['resolve']);
    await play.drain();
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'failed', errands: [] });
  });

  it('through a module that points elsewhere by now calls nothing and changes nothing', async () => {
    await using play = await Play.start(redis);
    const { record } = await parkUnknown(play);
    const [id] = await listIds(play);
    play.bench.work.account = { ...play.bench.work.account, id: 'another' };
    expect(JSON.stringify(await decide(play, record.serviceId, { adopt: id }))).toMatch(/point it back/);
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(0);
    expect(await play.bench.read(record.serviceId)).toMatchObject({ status: 'parked', errands: [] });
  });
});

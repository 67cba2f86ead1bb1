import { describe, expect, it } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { composeOperation } from '../../src/certificates/transitions.js';
import { InputError, WaitError } from '../../src/errors.js';
import { makeCsr } from '../csr-fixtures.js';
import { exportLines, restoreLines } from '../helpers/archives.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();

/** Accepted as a producer does it, and its job lost at once. */
async function lose(play: Play, name: string, payload: Readonly<Record<string, unknown>>, id: string) {
  const definition = jobs.get(name);
  if (definition?.accept === undefined) throw new Error(`${name} is not accepted`);
  await definition.accept(definition.schema.parse(payload), play.bench.store, play.now(), id);
}

const listMembers = (play: Play) =>
  redis.client.zrange(play.bench.store.keys.errands, '0', '-1', 'WITHSCORES');

describe('an errand whose job was lost', () => {
  it('is rung within minutes, however often another one of the service waits', async () => {
    const play = await Play.start(redis, { leafDays: 100 });
    const { serviceId } = await play.order('busy.example.com');
    withApi(play.bench, { reissue: () => Promise.reject(new WaitError('quota', 30_000)) });
    await play.run('reissue', { serviceId, reason: 'rekey', requestId: 'first' });
    const { csr } = await makeCsr({ commonName: 'busy.example.com' });
    const second = { serviceId, csr, requestId: 'second' };
    await lose(play, 'close', { serviceId }, 'leave');
    const rung: unknown[] = [];
    for (let round = 0; round < 12; round++) {
      expect((await play.run('reissue', second)).kind).toBe('wait');
      await play.run('collect', {});
      rung.push(...play.rung.splice(0).map(({ job, payload }) => ({ job, payload })));
      await play.pass(20_000);
    }
    expect(rung).toContainEqual({ job: 'close', payload: { serviceId, open: false, requestId: 'leave' } });
    expect(rung).not.toContainEqual({ job: 'reissue', payload: expect.objectContaining(second) as unknown });
  });

  it('keeps its time when the record is saved, and leaves the index with its last ring', async () => {
    const play = await Play.start(redis, { leafDays: 100 });
    const { serviceId } = await play.order('kept.example.com');
    await lose(play, 'close', { serviceId }, 'leave');
    const { certificates } = play.bench.store;
    await certificates.postponeErrand({ serviceId, job: 'close', id: 'leave' }, 5_000_000_000_000);
    await lose(play, 'dcv', { serviceId, dcv: { method: 'http' } }, 'next');
    expect((await listMembers(play)).slice(-2)).toEqual([`${serviceId}|close|leave`, '5000000000000']);
    await play.pass(120_000);
    await play.tick();
    expect(await listMembers(play)).toEqual([`${serviceId}|close|leave`, '5000000000000']);
    await play.run('close', { serviceId }, 'leave');
    expect(await listMembers(play)).toEqual([]);
  });

  it('is rung again after a restore', async () => {
    const play = await Play.start(redis);
    const { serviceId } = await play.order('restored.example.com');
    await lose(play, 'close', { serviceId }, 'leave');
    const { store } = play.bench;
    const [lines, members] = [await exportLines(store), await listMembers(play)];
    await redis.client.del(store.keys.certificate(serviceId), store.keys.errands);
    await restoreLines(store, lines);
    expect(await listMembers(play)).toEqual(members);
    await lose(play, 'dcv', { serviceId, dcv: { method: 'http' } }, 'later');
    await restoreLines(store, lines, { isReplacing: true });
    expect(await listMembers(play)).toEqual(members);
  });

  it('and that no record knows is forgotten', async () => {
    const play = await Play.start(redis);
    const { store } = play.bench;
    await redis.client.zadd(store.keys.errands, 1, 'gone|close|leave');
    await play.run('collect', {});
    expect(play.rung).toEqual([]);
    expect(await listMembers(play)).toEqual([]);
  });

  it('and that the present rules refuse leaves the inbox, and the history tells why', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('older.example.com');
    await lose(play, 'reissue', { serviceId, reason: 'rekey' }, 'older');
    const refusal = new InputError(['reason: is not known any more'], 'The reissue job');
    play.wrap = (context) => ({ ...context, ring: () => Promise.reject(refusal) });
    await play.pass(600_000);
    await play.run('collect', {});
    expect((await play.bench.read(serviceId)).errands).toEqual([]);
    expect((await play.bench.store.certificates.readHistory(serviceId)).at(-1)?.cause).toBe(refusal.message);
    expect(await listMembers(play)).toEqual([]);
  });
});

describe('a renewal that lets a reissue past', () => {
  it('keeps the count of its purchases that came to nothing', async () => {
    await using play = await Play.start(redis, { leafDays: 398 });
    const record = await play.order('lost.example.com');
    const { serviceId, termEnd } = record;
    await play.pass(Date.parse(termEnd ?? '') - 40 * 86_400_000 - play.now());
    const operation = composeOperation('renew', 'accepted', play.now(), {
      ...{ requestId: 'op-1', years: 1, extends: termEnd },
    });
    const after = { ...record, operation, lostTries: 2 };
    await play.bench.store.certificates.save({ before: record, after, change: { cause: 'test' } });
    expect((await play.run('reissue', { serviceId, reason: 'rekey' })).kind).toBe('done');
    expect(await play.bench.read(serviceId)).toMatchObject({ lostTries: 0, errands: [{ lostTries: 2 }] });
    await play.pass(2000);
    await play.run('collect', {});
    withApi(play.bench, { renew: () => Promise.reject(new WaitError('quota', 30_000)) });
    await play.run('renew', { serviceId, years: 1, requestId: 'op-1' });
    expect(await play.bench.read(serviceId)).toMatchObject({ operation: { job: 'renew' }, lostTries: 2 });
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { StaleRecordError } from '../../src/certificates/errors.js';
import { moveRecord } from '../../src/certificates/transitions.js';
import { createStore, type Store } from '../../src/store/store.js';
import { composeTestRecord } from '../helpers/records.js';
import { useRedis } from '../helpers/redis.js';

const NOW = 1_800_000_000_000;

const redis = useRedis();
let store: Store;

beforeEach(() => {
  store = createStore(redis.client, redis.createPrefix(), () => NOW);
});

async function create(serviceId = 'a') {
  const { record, request } = composeTestRecord(serviceId);
  const isNew = await store.certificates.create(record, request, {
    cause: 'accepted',
    event: 'certificate.accepted',
  });
  const stored = await store.certificates.load(serviceId);
  if (stored === null) throw new Error('not stored');
  return { isNew, record: stored.record };
}

describe('a record', () => {
  it('is created once, with its entry in the index, its history and its event', async () => {
    const { isNew, record } = await create();
    expect(isNew).toBe(true);
    expect(record.version).toBe(1);
    expect((await create()).isNew).toBe(false);
    expect(await store.certificates.listOpen(NOW, 10)).toEqual([{ serviceId: 'a', dueAt: NOW }]);
    expect(await store.certificates.readHistory('a')).toMatchObject([{ from: null, to: 'accepted' }]);
    expect(await store.events.readAfter('0', 10)).toHaveLength(1);
    expect(await store.modules.countUses('default')).toBe(1);
  });

  it('is saved by whoever saw its last version, and nobody else', async () => {
    const { record } = await create();
    const change = { cause: 'x' };
    const saved = await store.certificates.save({
      before: record,
      after: { ...record, problem: 'first' },
      change,
    });
    expect(saved.version).toBe(2);
    const late = store.certificates.save({ before: record, after: { ...record, problem: 'second' }, change });
    await expect(late).rejects.toThrow(StaleRecordError);
    expect((await store.certificates.load('a'))?.record.problem).toBe('first');
    expect(await store.certificates.readHistory('a')).toHaveLength(2);
  });

  it('leaves the index when nothing is left to do, and a late postponement does not bring it back', async () => {
    const { record } = await create();
    const after = moveRecord(record, 'failed', NOW, { nextActionAt: null });
    await store.certificates.save({
      before: record,
      after,
      change: { cause: 'x', event: 'certificate.failed' },
    });
    await store.certificates.postpone('a', NOW);
    expect(await store.certificates.listOpen(NOW * 2, 10)).toEqual([]);
  });
});

describe('the lease on a record', () => {
  it('is held by one worker, prolonged by it, and free after it was released or ran out', async () => {
    await create();
    expect(await store.certificates.lease('a', 'one', 60_000)).toEqual({ isHeld: true });
    expect(await store.certificates.lease('a', 'one', 60_000)).toEqual({ isHeld: true });
    expect(await store.certificates.lease('a', 'two', 60_000)).toMatchObject({ isHeld: false });
    await store.certificates.release('a', 'two');
    expect(await store.certificates.lease('a', 'two', 60_000)).toMatchObject({ isHeld: false });
    await store.certificates.release('a', 'one');
    expect(await store.certificates.lease('a', 'two', 0)).toEqual({ isHeld: true });
    expect(await store.certificates.lease('a', 'three', 60_000)).toEqual({ isHeld: true });
  });

  it('that was lost refuses the save of the loser', async () => {
    const { record } = await create();
    await store.certificates.lease('a', 'one', 0);
    await store.certificates.lease('a', 'two', 60_000);
    const step = { before: record, after: { ...record, problem: 'x' }, change: { cause: 'x', lease: 'one' } };
    await expect(store.certificates.save(step)).rejects.toThrow(StaleRecordError);
  });

  it('cannot be taken on a service that is not there', async () => {
    await expect(store.certificates.lease('nobody', 'one', 1000)).rejects.toThrow(StaleRecordError);
  });
});

describe('a due service', () => {
  it('is claimed by one of many collectors', async () => {
    await create();
    const [seen] = await store.certificates.listOpen(NOW, 1);
    if (seen === undefined) throw new Error('nothing is due');
    const claims = await Promise.all([1, 2, 3, 4].map((n) => store.certificates.claimOpen(seen, NOW + n)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('that moved on after it was seen keeps its new time: a collector must not push it away', async () => {
    const { record } = await create();
    const [seen] = await store.certificates.listOpen(NOW, 1);
    if (seen === undefined) throw new Error('nothing is due');
    const after = moveRecord(record, 'purchased', NOW, { nextActionAt: NOW + 500 });
    await store.certificates.save({ before: record, after, change: { cause: 'bought meanwhile' } });
    expect(await store.certificates.claimOpen(seen, NOW + 300_000)).toBe(false);
    expect(await store.certificates.listOpen(NOW + 500, 1)).toEqual([{ serviceId: 'a', dueAt: NOW + 500 }]);
  });
});

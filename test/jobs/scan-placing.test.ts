import { describe, expect, it } from 'vitest';
import { computeNextScan } from '../../src/certificates/agenda.js';
import { placeAnew } from '../../src/store/placing.js';
import { composeIssued, storeFleet } from '../helpers/fleet.js';
import { override } from '../helpers/override.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const DAY_MS = 86_400_000;
const redis = useRedis();

/** Certificates that cover their term, one a day for so many days, stored as the first release did: no reissue, no place in the index. */
async function startUpgraded(count: number): Promise<Play> {
  const play = await Play.start(redis);
  const { store } = play.bench;
  const issuedAt = play.now() - 300 * DAY_MS;
  const fleet = Array.from({ length: count }, (_, index) => {
    const endDate = issuedAt + (400 + (index % 30)) * DAY_MS;
    return composeIssued(`old-${index}`, { issuedAt, endDate, termEnd: endDate, nextReissueAt: null });
  });
  await storeFleet(store, fleet);
  await store.redis.del(store.keys.due);
  return play;
}

async function countPlaced({ bench: { store } }: Play): Promise<number> {
  return await store.redis.zcard(store.keys.due);
}

describe('certificates that an older version stored', () => {
  it('are announced and expire as others do', async () => {
    await using play = await startUpgraded(1);
    await play.tick();
    const { store } = play.bench;
    const record = await play.bench.read('old-0');
    expect(Number(await store.redis.zscore(store.keys.due, 'old-0'))).toBe(computeNextScan(record));
    await play.passDays(101);
    await play.tick();
    const types = (await play.readEvents()).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['certificate.expiring', 'certificate.expired']));
    expect((await play.bench.read('old-0')).status).toBe('expired');
  });

  it('are placed once, so many in one scan; the next scan goes on where the last one ended', async () => {
    await using play = await startUpgraded(12_000);
    const seen: number[] = [];
    for (let scan = 0; scan < 3; scan++) {
      await play.run('scan', {});
      seen.push(await countPlaced(play));
    }
    for (const [index, count] of seen.slice(0, 2).entries()) {
      expect(count).toBeGreaterThanOrEqual(5000 * (index + 1));
      expect(count).toBeLessThan(5000 * (index + 1) + 1100);
    }
    expect(seen[2]).toBe(12_000);
    // Done is done: what is taken out now stays out.
    const { store } = play.bench;
    await store.redis.del(store.keys.due);
    await play.run('scan', {});
    expect(await countPlaced(play)).toBe(0);
  });

  it('are walked from the beginning where the cursor is of another rule or another Redis process', async () => {
    await using play = await startUpgraded(40);
    const { redis: client, keys } = play.bench.store;
    for (const progress of [
      { rule: 1, cursor: null, runId: '' },
      { rule: 2, cursor: '77', runId: 'another' },
    ]) {
      await client.del(keys.due);
      await client.set(keys.placed, JSON.stringify(progress));
      await play.run('scan', {});
      expect(await countPlaced(play)).toBe(40);
    }
  });

  it('that are saved meanwhile stay where that put them', async () => {
    await using play = await startUpgraded(1);
    const { store } = play.bench;
    const { certificates } = store;
    const before = await play.bench.read('old-0');
    const after = { ...before, endDate: new Date(play.now() + 200 * DAY_MS).toISOString() };
    // The save comes between the walk's reading and its writing.
    const slow = override(store.redis, {
      zscore: async (key: string, member: string) => {
        await certificates.save({ before, after, change: { cause: 'test' } });
        await store.redis.zadd(store.keys.due, 4_000_000_000_000, 'old-0');
        return await store.redis.zscore(key, member);
      },
    });

    expect(await placeAnew(slow, store.keys, 100)).toMatchObject({ moved: 0 });
    expect(await store.redis.zscore(store.keys.due, 'old-0')).toBe('4000000000000');
  });

  it('that cannot be read do not keep the others from their place', async () => {
    await using play = await startUpgraded(3);
    const { redis: client, keys } = play.bench.store;
    await client.hset(keys.certificate('old-1'), 'record', '{');
    await play.run('scan', {});
    expect(await client.zrange(keys.due, '0', '-1')).toEqual(expect.arrayContaining(['old-0', 'old-2']));
    expect(await countPlaced(play)).toBe(2);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.js';
import { composeIssued, storeFleet, timesDueIn } from '../helpers/fleet.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();
const DUE = 50;

interface Scanned {
  reissues: string[];
  announced: string[];
  waiting: number;
}

/** Certificates of which nothing is due, the next one in 1 to 100 days. */
function* composeRest(count: number, now: number) {
  for (let index = 0; index < count; index++)
    yield composeIssued(`rest-${index}`, timesDueIn(1 + (index % 100), now));
}

async function countCommands(store: Store, run: () => Promise<unknown>): Promise<Record<string, number>> {
  await store.redis.config('RESETSTAT');
  await run();
  const lines = (await store.redis.info('commandstats')).matchAll(/^cmdstat_(\S+):calls=(\d+)/gm);
  const counts = Object.fromEntries([...lines].map(([, name = '', calls]) => [name, Number(calls)]));
  delete counts['config|resetstat'];
  delete counts['info'];
  // The bench sends every script as its text: it turns the script's clock.
  delete counts['evalsha'];
  return counts;
}

/** Stores so many certificates, DUE of them due, scans once and counts what that cost. */
async function scanAmong(stored: number) {
  await using play = await Play.start(redis);
  const { store } = play.bench;
  const now = play.now();
  // The first scan finds nothing that an older version placed, and remembers it.
  await play.run('scan', {});
  await storeFleet(store, composeRest(stored - DUE, now));
  await storeFleet(
    store,
    Array.from({ length: DUE }, (_, index) =>
      composeIssued(`due-${index}`, timesDueIn(-1 - index / DUE, now)),
    ),
  );
  expect(await store.redis.scard(store.keys.services)).toBe(stored);
  let end: unknown;
  const counts = await countCommands(store, async () => (end = await play.run('scan', {})));
  expect(end).toMatchObject({ kind: 'done', result: { waiting: 0, announced: [] } });
  const { result } = end as { result: Scanned };
  // The earliest End date is the one that has been due longest.
  expect(result.reissues).toEqual(Array.from({ length: DUE }, (_, index) => `due-${DUE - 1 - index}`));
  expect(play.rung).toHaveLength(DUE);
  const again = await countCommands(store, async () => (end = await play.run('scan', {})));
  expect(end).toMatchObject({ result: { reissues: [], announced: [] } });
  return { counts, again };
}

describe('a scan', () => {
  let few: Awaited<ReturnType<typeof scanAmong>>;
  beforeAll(async () => {
    few = await scanAmong(1000);
  });

  it('reads what is due, twice at most, and saves it once', () => {
    expect(few.counts['hmget']).toBeLessThanOrEqual(2 * DUE);
    expect(few.counts['eval']).toBe(DUE);
    expect(few.counts['zrangebyscore']).toBe(1);
  });

  it('reads no record when nothing is due', () => {
    expect(few.again).toEqual({ get: 1, zrangebyscore: 1 });
  });

  it('costs the same among 100,000 certificates as among 1,000', { timeout: 120_000 }, async () => {
    const many = await scanAmong(100_000);
    expect(many).toEqual(few);
  });
});

describe('a backlog larger than one reading', () => {
  it(
    'hides nobody: the earliest End date is served first, wherever it stands in the index',
    { timeout: 60_000 },
    async () => {
      await using play = await Play.start(redis);
      const { store } = play.bench;
      const now = play.now();
      play.bench.work.account = { ...play.bench.work.account, readCallsLeft: () => Promise.resolve(40) };
      const old = Array.from({ length: 1500 }, (_, index) =>
        composeIssued(`old-${index}`, timesDueIn(-5, now)),
      );
      const day = 86_400_000;
      const brief = { issuedAt: now - 27 * day, endDate: now + 20 * day, termEnd: now + 900 * day };
      await storeFleet(store, [...old, composeIssued('brief', { ...brief, nextReissueAt: now - day })]);
      const end = await play.run('scan', {});
      expect(end).toMatchObject({ result: { waiting: 1491 } });
      const { reissues } = (end as { result: Scanned }).result;
      expect(reissues).toHaveLength(10);
      expect(reissues[0]).toBe('brief');
    },
  );
});

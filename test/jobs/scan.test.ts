import { describe, expect, it } from 'vitest';
import { StaleRecordError } from '../../src/certificates/errors.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOperation } from '../../src/certificates/transitions.js';
import { FailError } from '../../src/errors.js';
import { composeIssued, storeFleet, timesDueIn } from '../helpers/fleet.js';
import { override } from '../helpers/override.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const DAY = 86_400_000;
const redis = useRedis();

async function start(...fleet: [id: string, dueIn: number, changes?: Partial<CertificateRecord>][]) {
  const play = await Play.start(redis);
  const now = play.now();
  await storeFleet(
    play.bench.store,
    fleet.map(([id, dueIn, changes]) => composeIssued(id, timesDueIn(dueIn, now), changes)),
  );
  return play;
}

function limitCalls(play: Play, left: number): void {
  play.bench.work.account = { ...play.bench.work.account, readCallsLeft: () => Promise.resolve(left) };
}

async function readTypes(play: Play, serviceId: string): Promise<string[]> {
  const events = await play.readEvents();
  return events
    .filter((event) => event.serviceId === serviceId)
    .map(({ type }) => type.replace('certificate.', ''));
}

async function listIndex(play: Play): Promise<string[]> {
  const { redis: client, keys } = play.bench.store;
  return await client.zrange(keys.due, '0', '-1');
}

describe('one End date', () => {
  it('is reissued once, however many scans look at it one after the other and at once', async () => {
    await using play = await start(['a', -1], ['b', -1], ['c', -1]);
    await Promise.all(Array.from({ length: 8 }, () => play.run('scan', {})));
    for (let turn = 0; turn < 5; turn++) await play.run('scan', {});
    for (const id of ['a', 'b', 'c']) {
      expect(await readTypes(play, id)).toEqual(['reissue-due']);
      expect(
        play.rung.filter(({ payload }) => (payload as { serviceId: string }).serviceId === id),
      ).toHaveLength(1);
    }
  });

  it('that somebody else changed at the same moment is left to the next scan, and holds up nobody', async () => {
    await using play = await start(['a', -2], ['b', -1]);
    const { certificates } = play.bench.store;
    play.wrap = (context) => ({
      ...context,
      certificates: override(certificates, {
        save: async (step) => {
          if (step.before.serviceId === 'a') throw new StaleRecordError('a', 'version');
          return await certificates.save(step);
        },
      }),
    });
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['b'] } });
    play.wrap = (context) => context;
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['a'] } });
  });

  it('is not reissued again after its reissue failed; the gap is told once', async () => {
    await using play = await start(['a', -1]);
    await play.run('scan', {});
    const { record } = (await play.bench.store.certificates.load('a')) ?? {};
    if (record?.operation == null) throw new Error('nothing is in flight');
    const operation = { ...record.operation, state: 'failed' as const };
    const after = { ...record, operation, problem: 'the CSR was refused', nextActionAt: null };
    await play.bench.store.certificates.save({ before: record, after, change: { cause: 'failed' } });
    for (let turn = 0; turn < 4; turn++) await play.run('scan', {});
    expect(await readTypes(play, 'a')).toEqual(['reissue-due', 'gap']);
    expect((await play.bench.read('a')).problem).toBe('the CSR was refused');
  });
});

describe('after days without a scan', () => {
  it('one scan begins what the quota can serve, earliest End date first, and the next ones the rest', async () => {
    const fleet = Array.from({ length: 9 }, (_, i) => [`s${i}`, -((i * 4) % 9) - 1] as [string, number]);
    await using play = await start(...fleet);
    const order = fleet.toSorted(([, a], [, b]) => a - b).map(([id]) => id);
    // Half of the calls, two for each reissue.
    limitCalls(play, 16);
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: order.slice(0, 4), waiting: 5 } });
    limitCalls(play, 3);
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: [], waiting: 5 } });
    limitCalls(play, Infinity);
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: order.slice(4), waiting: 0 } });
    expect(play.rung.every(({ priority }) => priority === undefined)).toBe(true);
  });

  it('what ends first goes first, also when it has been due for less long', async () => {
    await using play = await start(['long', -5]);
    const now = play.now();
    const times = { issuedAt: now - 32 * DAY, endDate: now + 15 * DAY, termEnd: now + 900 * DAY };
    await storeFleet(play.bench.store, [composeIssued('brief', { ...times, nextReissueAt: now - DAY })]);
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['brief', 'long'] } });
  });

  it('an emergency is begun whatever the quota says, at the first scan, before everything else', async () => {
    await using play = await start(['late', -58], ['calm', -1]);
    limitCalls(play, 0);
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['late'], waiting: 1 } });
    expect(play.rung).toMatchObject([{ job: 'reissue', payload: { serviceId: 'late' }, priority: 1 }]);
    expect(await readTypes(play, 'late')).toEqual(['emergency', 'reissue-due']);
  });

  it('a reissue in flight that becomes an emergency is rung again with priority, once', async () => {
    await using play = await start(['late', -1]);
    await play.run('scan', {});
    await play.pass(57 * DAY);
    await play.run('scan', {});
    await play.run('scan', {});
    expect(play.rung.map(({ priority }) => priority)).toEqual([undefined, 1]);
    expect(await readTypes(play, 'late')).toEqual(['reissue-due', 'emergency']);
    expect((await play.bench.read('late')).problem).toContain('certificate show late');
  });

  it('nothing is reissued beyond the paid term; the gap that was is told', async () => {
    await using play = await start(['over', -1]);
    await play.pass(1900 * DAY);
    await play.run('scan', {});
    await play.run('scan', {});
    expect(play.rung).toEqual([]);
    expect(await readTypes(play, 'over')).toEqual(['emergency', 'expired', 'expiring', 'gap']);
    expect((await play.bench.read('over')).operation).toBeNull();
  });
});

describe('an emergency', () => {
  it('is never told before half of the time from the due reissue to the end has passed, however short the lead', async () => {
    await using play = await Play.start(redis);
    const now = play.now();
    // A fixed lead of five days, shorter than the twentieth of the life that is an emergency otherwise.
    const times = { issuedAt: now - 191 * DAY, endDate: now + 9 * DAY, termEnd: now + 900 * DAY };
    await storeFleet(play.bench.store, [composeIssued('a', { ...times, nextReissueAt: now + 4 * DAY })]);
    const told: string[][] = [];
    for (const hours of [0, 97, 48, 24]) {
      await play.pass(hours * 3_600_000);
      await play.run('scan', {});
      told.push(await readTypes(play, 'a'));
    }
    const begun = ['reissue-due'];
    expect(told).toEqual([[], begun, begun, [...begun, 'emergency']]);
  });

  it('of a certificate that nobody plans to reissue is told at the twentieth of its life', async () => {
    await using play = await start(['a', -57, { nextReissueAt: null, automationStopped: 'why' }]);
    await play.run('scan', {});
    expect((await readTypes(play, 'a')).toSorted()).toEqual(['emergency', 'gap']);
  });
});

describe('announcements', () => {
  it('expiring comes 30 days before the end of a covered term, expired at its end, each once', async () => {
    const day = (n: number) => Date.now() + n * DAY;
    await using play = await Play.start(redis);
    const times = { issuedAt: day(-160), endDate: day(40), termEnd: day(40), nextReissueAt: null };
    await storeFleet(play.bench.store, [composeIssued('a', times)]);
    const told: string[][] = [];
    for (const days of [0, 9, 2, 28, 2]) {
      await play.passDays(days);
      await play.run('scan', {});
      await play.run('scan', {});
      told.push(await readTypes(play, 'a'));
    }
    const all = ['expiring', 'expired'];
    expect(told).toEqual([[], [], all.slice(0, 1), all.slice(0, 1), all]);
    expect((await play.bench.read('a')).status).toBe('expired');
    expect(await listIndex(play)).toEqual([]);
  });

  it('expiring comes even while a reissue is stuck in the last days of the term', async () => {
    await using play = await Play.start(redis);
    const now = play.now();
    const times = { issuedAt: now - 190 * DAY, endDate: now + 20 * DAY, termEnd: now + 25 * DAY };
    const operation = composeOperation('reissue', 'pending-validation', now);
    await storeFleet(play.bench.store, [
      composeIssued('a', { ...times, nextReissueAt: now - DAY }, { operation }),
    ]);
    await play.run('scan', {});
    expect(await readTypes(play, 'a')).toEqual(['expiring']);
  });

  it('a failed re-key is no gap while the reissue by the calendar is still to come', async () => {
    const failed = composeOperation('reissue', 'failed', Date.now(), { reason: 'rekey' });
    await using play = await start(['a', 30, { operation: failed, problem: 'bad CSR' }]);
    await play.run('scan', {});
    expect(await readTypes(play, 'a')).toEqual([]);
    await play.passDays(31);
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['a'] } });
  });

  it.each<[string, Partial<CertificateRecord>]>([
    ['stopped', { automationStopped: 'the last reissue led nowhere', nextReissueAt: null }],
    ['without a plan', { nextReissueAt: null }],
    [
      'parked',
      {
        operation: composeOperation('reissue', 'parked', 0, { reason: 'end-date' }),
        problem: 'replaced by hand',
        announced: { reissue: 'END' },
      },
    ],
    [
      'failed while a renewal waits for money',
      {
        operation: composeOperation('renew', 'accepted', 0),
        announced: { reissue: 'END' },
      },
    ],
  ])('a gap is told once for a certificate that is %s', async (_, changes) => {
    await using play = await Play.start(redis);
    const times = timesDueIn(-1, play.now());
    const announced =
      changes.announced === undefined ? {} : { reissue: new Date(times.endDate).toISOString() };
    await storeFleet(play.bench.store, [composeIssued('a', times, { ...changes, announced })]);
    for (let turn = 0; turn < 3; turn++) await play.run('scan', {});
    expect(await readTypes(play, 'a')).toEqual(['gap']);
    expect(play.rung).toEqual([]);
    expect((await play.bench.read('a')).problem).not.toBeNull();
  });

  it('nothing is told while all is well', async () => {
    await using play = await start(['a', 30], ['b', 1]);
    expect(await play.run('scan', {})).toEqual({
      kind: 'done',
      result: { reissues: [], announced: [], waiting: 0 },
    });
    expect(await play.readEvents()).toEqual([]);
  });
});

describe('the due index', () => {
  it.each(['closed', 'parked', 'failed', 'accepted', 'pending-validation', 'revoked'] as const)(
    'never holds a %s service',
    async (status) => {
      await using play = await start(['a', -1, { status }], ['b', 3]);
      expect(await listIndex(play)).toEqual(['b']);
    },
  );

  it('is put in order where it is wrong: what is not due later, what is gone or closed out of it', async () => {
    await using play = await start(['later', 5], ['closed', 5, { status: 'closed' }]);
    const { redis: client, keys } = play.bench.store;
    await client.zadd(keys.due, 1, 'later', 2, 'closed', 3, 'gone');
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: [], announced: [] } });
    const { nextReissueAt } = await play.bench.read('later');
    expect(await client.zrange(keys.due, '0', '-1', 'WITHSCORES')).toEqual([
      'later',
      String(Date.parse(nextReissueAt ?? '')),
    ]);
  });

  it('holds nobody up for a record that cannot be read', async () => {
    await using play = await start(['broken', -9], ['fine', -1]);
    const { redis: client, keys } = play.bench.store;
    await client.hset(keys.certificate('broken'), 'record', '{"serviceId":"broken"}');
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['fine'] } });
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: [] } });
    expect(Number(await client.zscore(keys.due, 'broken'))).toBeGreaterThan(play.now());
  });

  it('holds nobody up for a module that does not open; what it has to tell is told', async () => {
    await using play = await start(['shut', -58, { module: 'closed' }], ['fine', -1]);
    const { account } = play.bench.work;
    play.wrap = (context) => ({
      ...context,
      openAccount: (module) =>
        module === 'closed'
          ? Promise.reject(new FailError('no such module', 'ERR_NO_MODULE'))
          : Promise.resolve(account),
    });
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['fine'], waiting: 1 } });
    expect(await readTypes(play, 'shut')).toEqual(['emergency']);
    play.wrap = (context) => context;
    await play.pass(11 * 60_000);
    expect(await play.run('scan', {})).toMatchObject({ result: { reissues: ['shut'] } });
  });
});

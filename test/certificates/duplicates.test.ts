import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { makeCsr } from '../csr-fixtures.js';
import { settle } from '../helpers/crash.js';
import { countEvents } from '../helpers/outcome.js';
import { Play, type Run } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { orderDue } from '../helpers/stories.js';

const redis = useRedis();

/** A certificate near the end of its paid term. */
async function orderRenewable(play: Play): Promise<CertificateRecord> {
  const first = await play.order('twice.example.com');
  await play.passDays(310);
  return first;
}

async function expectReissues(play: Play, serviceId: string, count: number): Promise<void> {
  const record = await play.bench.read(serviceId);
  expect(record).toMatchObject({ status: 'issued', operation: null, errands: [], problem: null });
  expect(record.certificateIds).toHaveLength(1 + count);
  expect((await countEvents(play, serviceId))['certificate.reissued']).toBe(count);
  expect(await play.bench.countCalls('ssl.reissue')).toBe(count);
}

async function expectRenewals(play: Play, serviceId: string, count: number): Promise<void> {
  const record = await play.bench.read(serviceId);
  expect(record).toMatchObject({ status: 'issued', operation: null, errands: [], problem: null });
  expect(record.renewals).toHaveLength(count);
  expect((await countEvents(play, serviceId))['certificate.renewed']).toBe(count);
  expect(await play.bench.countCalls('ssl.renew')).toBe(count);
}

const ids = (runs: readonly Run[]) => runs.map(({ kind }) => kind);

describe('the same reissue again', () => {
  it('with its requestId, at once and later, is the one that there is', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId } = await play.order('twice.example.com');
    const { csr } = await makeCsr({ commonName: 'twice.example.com' });
    const payload = { serviceId, reason: 'rekey', csr, requestId: 'op-1' };
    expect(ids([await play.run('reissue', payload), await play.run('reissue', payload)])).toEqual([
      'done',
      'done',
    ]);
    await settle(play, serviceId);
    await play.passDays(40);
    expect((await play.run('reissue', payload)).kind).toBe('done');
    expect((await play.run('reissue', { serviceId, requestId: 'op-1' })).kind).toBe('done');
    await settle(play, serviceId);
    await expectReissues(play, serviceId, 1);
  });

  it('under the same job id, as a stalled job runs again, is the one that there is', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId } = await play.order('twice.example.com');
    await play.run('reissue', { serviceId }, 'stalled-1');
    await play.run('reissue', { serviceId }, 'stalled-1');
    await settle(play, serviceId);
    await play.run('reissue', { serviceId }, 'stalled-1');
    await settle(play, serviceId);
    await expectReissues(play, serviceId, 1);
  });

  it('under another job id joins the one in flight', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId } = await play.order('twice.example.com');
    const { csr } = await makeCsr({ commonName: 'twice.example.com' });
    const runs = [
      await play.run('reissue', { serviceId, csr }),
      await play.run('reissue', { serviceId, csr }),
    ];
    expect(ids(runs)).toEqual(['done', 'done']);
    await settle(play, serviceId);
    await expectReissues(play, serviceId, 1);
  });

  it('from two scans at once is begun once', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId } = await orderDue(play);
    await Promise.all([play.run('scan', {}), play.run('scan', {}), play.run('scan', {})]);
    await Promise.all(play.rung.splice(0).map(({ job, payload }) => play.run(job, payload)));
    await settle(play, serviceId);
    await expectReissues(play, serviceId, 1);
    expect((await countEvents(play, serviceId))['certificate.reissue-due']).toBe(1);
  });

  it('in two workers at once is submitted once', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId } = await play.order('twice.example.com');
    const payload = { serviceId, requestId: 'op-1' };
    const runs = await Promise.all([1, 2, 3, 4].map(() => play.run('reissue', payload)));
    expect(ids(runs)).toContain('done');
    await settle(play, serviceId);
    await expectReissues(play, serviceId, 1);
  });

  it('is not submitted again by a worker whose lease ran out while another one goes on', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId } = await play.order('twice.example.com');
    const payload = { serviceId, requestId: 'op-1' };
    // Longer than the lease: the second one starts while the answer of the first one is still on its way.
    await play.bench.control('_fault', { command: 'ssl.reissue', fault: 'slow', delayMs: 300, count: 1 });
    const first = play.run('reissue', payload);
    await expect.poll(() => play.bench.countCalls('ssl.reissue')).toBe(1);
    await play.pass(60_000);
    await play.run('reissue', payload);
    await first;
    await settle(play, serviceId);
    await expectReissues(play, serviceId, 1);
  });
});

describe('the same renewal again', () => {
  const compose = ({ serviceId, termEnd }: CertificateRecord) => ({
    ...{ serviceId, years: 1, paidTill: termEnd, requestId: 'op-1' },
  });

  it.each(['requestId', 'paidTill'] as const)(
    'with its %s, at once and a year later, buys nothing',
    async (by) => {
      await using play = await Play.start(redis, { leafDays: 400 });
      const first = await orderRenewable(play);
      const { serviceId } = first;
      const { requestId, paidTill, ...rest } = compose(first);
      const payload = by === 'requestId' ? { ...rest, requestId } : { ...rest, paidTill };
      await play.run('renew', payload);
      await play.run('renew', payload);
      await settle(play, serviceId);
      // The window of the next term is open by then: only the mark of the request keeps it from being bought.
      for (const days of [90, 290]) {
        await play.passDays(days);
        expect((await play.run('renew', payload)).kind).toBe('done');
      }
      await settle(play, serviceId);
      await expectRenewals(play, serviceId, 1);
    },
  );

  it('is another one than a dcv or reissue job with the same id: queues count their jobs each for itself', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const { serviceId } = await orderRenewable(play);
    await play.run('dcv', { serviceId, dcv: { method: 'http' } }, '7');
    await play.run('reissue', { serviceId, reason: 'rekey' }, '7');
    await settle(play, serviceId);
    await play.run('renew', { serviceId, years: 1 }, '7');
    await settle(play, serviceId);
    await expectRenewals(play, serviceId, 1);
    const record = await play.bench.read(serviceId);
    expect(record.certificateIds).toHaveLength(3);
    expect(record.doneErrands).toEqual(['dcv/7', 'reissue/7', 'renew/7']);
  });

  it('is not begun again where an older version remembered the id alone', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const { serviceId } = await orderRenewable(play);
    const before = await play.bench.read(serviceId);
    const after = { ...before, doneErrands: ['op-1'] };
    await play.bench.store.certificates.save({ before, after, change: { cause: 'test' } });
    expect((await play.run('renew', { serviceId, years: 1, requestId: 'op-1' })).kind).toBe('done');
    expect(await play.bench.countCalls('ssl.renew')).toBe(0);
  });

  it('buys nothing by its requestId alone, even when more was done since than is remembered', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const { serviceId } = await orderRenewable(play);
    const payload = { serviceId, years: 1, requestId: 'op-1' };
    await play.run('renew', payload);
    await settle(play, serviceId);
    const before = await play.bench.read(serviceId);
    const after = { ...before, doneErrands: ['of-later-errands'] };
    await play.bench.store.certificates.save({ before, after, change: { cause: 'test' } });
    await play.passDays(380);
    expect((await play.run('renew', payload)).kind).toBe('done');
    await settle(play, serviceId);
    await expectRenewals(play, serviceId, 1);
  });

  it('under the same job id, as a stalled job runs again, buys nothing', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await orderRenewable(play);
    const { serviceId } = first;
    for (let run = 0; run < 3; run++) {
      await play.run('renew', { serviceId, years: 1 }, 'stalled-1');
      await settle(play, serviceId);
    }
    await expectRenewals(play, serviceId, 1);
  });

  it('under another job id joins the one in flight', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await orderRenewable(play);
    const { serviceId } = first;
    await play.run('renew', { serviceId, years: 1 });
    await play.run('renew', { serviceId, years: 1 });
    await settle(play, serviceId);
    await expectRenewals(play, serviceId, 1);
  });

  it('in several workers at once is bought once', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await orderRenewable(play);
    const payload = compose(first);
    const runs = await Promise.all([1, 2, 3, 4].map(() => play.run('renew', payload)));
    expect(ids(runs)).toContain('done');
    await settle(play, first.serviceId);
    await expectRenewals(play, first.serviceId, 1);
  });

  it('is not bought by a worker that was held up between intent and call until another one took over', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await orderRenewable(play);
    const payload = compose(first);
    const { account } = play.bench.work;
    let isHeldUp = false;
    play.bench.work.account = {
      ...account,
      // After the intent is recorded: the machine sleeps, and somebody else finds the purchase unclear and buys it anew.
      admitPurchase: async () => {
        if (isHeldUp) return;
        isHeldUp = true;
        for (let round = 0; round < 6; round++) {
          await play.pass(70_000);
          await play.run('renew', payload);
        }
      },
    };
    await play.run('renew', payload);
    await settle(play, first.serviceId);
    await expectRenewals(play, first.serviceId, 1);
  });

  it.each([
    ['its lane was taken away', (play: Play) => dropLanes(play)],
    ['five seconds have passed', (play: Play) => play.pass(6000)],
  ] as const)('is not called when between intent and call %s', async (_why, happen) => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await orderRenewable(play);
    play.bench.work.account = { ...play.bench.work.account, admitPurchase: () => happen(play) };
    await play.run('renew', compose(first)).catch(() => undefined);
    expect(await play.bench.countCalls('ssl.renew')).toBe(0);
  });
});

async function dropLanes(play: Play): Promise<void> {
  const { store, work } = play.bench;
  await store.redis.del(store.keys.account(work.account.id, 'lanes'));
}

import { describe, expect, it } from 'vitest';
import { computeTermEnd } from '../../src/certificates/term.js';
import { makeCsr } from '../csr-fixtures.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const DAY_MS = 86_400_000;
const redis = useRedis();

/** A one-year order covered by one certificate, and the clocks turned to so many days before its end. */
async function startNearEnd(daysBefore: number) {
  const play = await Play.start(redis, { leafDays: 398 });
  const record = await play.order('renew.example.com');
  const end = Date.parse(record.termEnd ?? '');
  await play.pass(end - daysBefore * DAY_MS - play.now());
  return {
    play,
    record,
    end,
    serviceId: record.serviceId,
    [Symbol.asyncDispose]: () => play[Symbol.asyncDispose](),
  };
}

async function issue(play: Play): Promise<void> {
  await play.pass(2000);
  await play.tick();
}

describe('a renewal', () => {
  it('is bought, activated and issued in three calls, and continues the term', async () => {
    await using started = await startNearEnd(40);
    const { play, record, end, serviceId } = started;
    const run = await play.run('renew', { serviceId, years: 2, paidTill: record.termEnd, requestId: 'op-1' });
    expect(run).toMatchObject({
      kind: 'done',
      result: {
        status: 'issued',
        certificateId: record.certificateId,
        charged: { currency: 'USD' },
        operation: { job: 'renew', state: 'pending-validation', years: 2 },
        validation: [{ method: 'dns', domain: 'renew.example.com' }],
      },
    });
    await issue(play);
    const renewed = await play.bench.read(serviceId);
    expect(renewed).toMatchObject({ status: 'issued', operation: null, years: 2, problem: null });
    expect(renewed.certificateIds).toEqual([record.certificateId, renewed.certificateId]);
    expect(Date.parse(renewed.termEnd ?? '')).toBe(computeTermEnd(end, 2));
    expect(renewed.paidTill).toBe(renewed.termEnd);
    expect(renewed.renewals).toMatchObject([
      { from: record.termEnd, till: renewed.termEnd, years: 2, requestId: 'op-1' },
    ]);
    for (const command of ['ssl.renew', 'ssl.activate', 'ssl.create'])
      expect(await play.bench.countCalls(command)).toBe(command === 'ssl.activate' ? 2 : 1);
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(2);
    const types = (await play.readEvents()).map(({ type }) => type);
    expect(types.slice(-3)).toEqual([
      'certificate.purchased',
      'certificate.activated',
      'certificate.renewed',
    ]);
  });

  it('is bought once per term, however often and late it is asked for', async () => {
    await using started = await startNearEnd(40);
    const { play, record, serviceId } = started;
    const payload = { serviceId, years: 1, paidTill: record.termEnd?.slice(0, 10), requestId: 'op-1' };
    await Promise.all([play.run('renew', payload), play.run('renew', payload)]);
    await issue(play);
    await play.run('renew', payload);
    await play.run('renew', { serviceId, years: 1, requestId: 'op-1' });
    const late = await play.run('renew', { serviceId, years: 1, paidTill: record.termEnd });
    expect(late).toMatchObject({ kind: 'done', result: { status: 'issued' } });
    await play.passDays(320);
    expect(await play.run('renew', { serviceId, years: 1, paidTill: record.termEnd })).toMatchObject({
      kind: 'done',
    });
    expect(await play.bench.countCalls('ssl.renew')).toBe(1);
    // The next term is another purchase.
    const second = await play.run('renew', { serviceId, years: 1 });
    expect(second.kind).toBe('done');
    expect(await play.bench.countCalls('ssl.renew')).toBe(2);
  });

  it.each([
    [120, {}, /can be renewed from .* \(90 days before\)/],
    [-200, {}, /more than 180 days ago/],
    [40, { paidTill: '2020-01-01' }, /not 2020-01-01: nothing was bought/],
    [40, { module: 'other' }, /belongs to module "default"/],
  ])('%i days before the end with %j is refused and costs nothing', async (days, changes, said) => {
    await using started = await startNearEnd(days);
    const { play, serviceId } = started;
    const run = await play.run('renew', { serviceId, years: 1, ...changes });
    expect(run).toMatchObject({ kind: 'fail', reason: expect.stringMatching(said) as string });
    expect(await play.bench.countCalls('ssl.renew')).toBe(0);
    expect((await play.bench.read(serviceId)).errands).toEqual([]);
  });

  it('in the middle of a paid term is refused although Namecheap would sell it', async () => {
    await using play = await Play.start(redis, { leafDays: 60 });
    const { serviceId } = await play.order('middle.example.com', { years: 2 });
    const run = await play.run('renew', { serviceId, years: 1 });
    expect(run).toMatchObject({ kind: 'fail', reason: expect.stringMatching(/ERR_TOO_EARLY/) as string });
    expect(await play.bench.countCalls('ssl.renew')).toBe(0);
  });

  it('after the end begins a term of its own', async () => {
    await using started = await startNearEnd(-20);
    const { play, record, serviceId } = started;
    await play.tick();
    expect((await play.bench.read(serviceId)).status).toBe('expired');
    expect((await play.run('renew', { serviceId, years: 1 })).kind).toBe('done');
    await issue(play);
    const renewed = await play.bench.read(serviceId);
    expect(renewed.status).toBe('issued');
    expect(Date.parse(renewed.termEnd ?? '')).toBe(computeTermEnd(Date.parse(renewed.issuedAt ?? ''), 1));
    expect(renewed.covered).toHaveLength(2);
    expect(renewed.covered[0]?.till).toBe(record.endDate);
  });

  it('takes another CSR and another validation, which stay for the next reissue', async () => {
    await using started = await startNearEnd(40);
    const { play, serviceId } = started;
    const { csr } = await makeCsr({ commonName: 'renew.example.com' });
    const dcv = { method: 'email', approverEmail: 'admin@example.com' };
    await play.run('renew', { serviceId, years: 1, csr, dcv });
    await issue(play);
    const stored = await play.bench.store.certificates.load(serviceId);
    expect(stored).toMatchObject({ record: { status: 'issued' }, draft: null, request: { dcv } });
    expect(stored?.request.csr.trim()).toBe(csr.trim());
  });

  it.each([0, 300])(
    'whose activation is refused goes on with a request that is corrected %i days later, without another charge',
    async (days) => {
      await using started = await startNearEnd(40);
      const { play, serviceId } = started;
      await play.bench.control('_fault', {
        ...{ command: 'ssl.activate', fault: 'error', count: 1 },
        error: { number: 3011295, text: 'ApproverEmail is not valid' },
      });
      const refused = await play.run('renew', { serviceId, years: 1 });
      expect(refused).toMatchObject({
        kind: 'fail',
        reason: expect.stringMatching(/stays with this service/) as string,
      });
      expect(await play.bench.read(serviceId)).toMatchObject({
        status: 'issued',
        operation: { job: 'renew', state: 'failed' },
      });
      await play.passDays(days);
      expect((await play.run('renew', { serviceId, years: 1, dcv: { method: 'http' } })).kind).toBe('done');
      await issue(play);
      expect(await play.bench.read(serviceId)).toMatchObject({
        status: 'issued',
        operation: null,
        problem: null,
      });
      expect(await play.bench.countCalls('ssl.renew')).toBe(1);
    },
  );

  it('that waits for money lets a due reissue past, and follows it', async () => {
    await using play = await Play.start(redis, { leafDays: 100 });
    const { serviceId, termEnd } = await play.order('funds.example.com', { serviceId: 'funds', years: 1 });
    // The service's id decides the jitter. Reissues until the term's last ninety days, and no further.
    for (let round = 0; round < 10; round++) {
      const record = await play.bench.read(serviceId);
      const due = Date.parse(record.nextReissueAt ?? '');
      if (Number.isNaN(due) || due > Date.parse(termEnd ?? '') - 85 * DAY_MS) break;
      await play.pass(due - play.now() + 60_000);
      await play.tick();
      await play.pass(2000);
      await play.tick();
    }
    const record = await play.bench.read(serviceId);
    expect(record.nextReissueAt).not.toBeNull();
    await play.pass(Math.max(0, Date.parse(termEnd ?? '') - 88 * DAY_MS - play.now()));
    await play.bench.control('_balance', { balance: '1' });
    expect((await play.run('renew', { serviceId, years: 1, requestId: 'op-9' })).kind).toBe('wait');
    expect(await play.bench.read(serviceId)).toMatchObject({
      operation: { job: 'renew', state: 'accepted' },
    });

    await play.pass(Math.max(0, Date.parse(record.nextReissueAt ?? '') - play.now()) + 60_000);
    const reissued = await play.bench.countCalls('ssl.reissue');
    await play.tick();
    expect(await play.bench.countCalls('ssl.reissue')).toBe(reissued + 1);
    expect((await play.bench.read(serviceId)).errands).toMatchObject([{ id: 'op-9', job: 'renew' }]);
    await issue(play);
    expect((await play.bench.read(serviceId)).status).toBe('issued');

    await play.bench.control('_balance', { balance: '1000' });
    await play.bench.store.accounts.resume(play.bench.work.account.id);
    await play.pass(600_000);
    await play.tick();
    await issue(play);
    expect(await play.bench.read(serviceId)).toMatchObject({
      errands: [],
      renewals: [{ requestId: 'op-9' }],
    });
    expect(await play.bench.countCalls('ssl.renew')).toBe(2);
  });
});

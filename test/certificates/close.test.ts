import { describe, expect, it } from 'vitest';
import { close as closeJob } from '../../jobs/close.js';
import { describeCoverage } from '../../src/certificates/coverage.js';
import { makeCsr } from '../csr-fixtures.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();
const DAY_MS = 86_400_000;

async function listTypes(play: Play, serviceId: string): Promise<string[]> {
  const events = (await play.readEvents()).filter((event) => event.serviceId === serviceId);
  return events.map(({ type }) => type.replace('certificate.', ''));
}

async function isDue(play: Play, serviceId: string): Promise<boolean> {
  const due = await play.bench.store.certificates.listDue(Number.MAX_SAFE_INTEGER, 100);
  return due.some((one) => one.serviceId === serviceId);
}

describe('a closed service', () => {
  it('is not reissued, renewed or looked at, for years, and takes no jobs', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId } = await play.order('left.example.com', { years: 3 });
    expect(await isDue(play, serviceId)).toBe(true);
    expect(await play.run('close', { serviceId })).toMatchObject({ result: { status: 'closed' } });
    expect(await isDue(play, serviceId)).toBe(false);
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ closedFrom: 'issued', nextReissueAt: null, nextActionAt: null });
    expect(describeCoverage(record).sentence).toMatch(/the service is closed/);
    const calls = await play.bench.countCalls('');
    for (let month = 0; month < 40; month++) {
      await play.passDays(30);
      await play.tick();
    }
    expect(await play.bench.read(serviceId)).toEqual(record);
    expect(await play.bench.countCalls('')).toBe(calls);
    for (const [job, payload] of Object.entries({
      reissue: { serviceId },
      renew: { serviceId, years: 1 },
      dcv: { serviceId, dcv: { method: 'http' } },
    }))
      expect(await play.run(job, payload)).toMatchObject({
        kind: 'fail',
        reason: expect.stringMatching(/"open": true/) as string,
      });
    expect((await listTypes(play, serviceId)).at(-1)).toBe('closed');
  });

  it('tells an order for it what to do, the same as another one', async () => {
    await using play = await Play.start(redis);
    const payload = await composeOrder('again.example.com');
    await play.run('order', payload);
    await play.run('close', { serviceId: payload.serviceId });
    const told = (reason: RegExp) => ({ kind: 'fail', reason: expect.stringMatching(reason) as string });
    expect(await play.run('order', payload)).toMatchObject(told(/ERR_CLOSED.*reopen/));
    expect(await play.run('order', { ...payload, years: 2 })).toMatchObject(
      told(/ERR_ORDER_DIFFERS.*reopen/),
    );
  });

  it('is closed once, however often it is asked for', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('once.example.com');
    await play.run('close', { serviceId, requestId: 'leave' });
    const record = await play.bench.read(serviceId);
    await play.run('close', { serviceId, requestId: 'leave' });
    await play.run('close', { serviceId, requestId: 'leave' });
    expect(await play.bench.read(serviceId)).toEqual(record);
    expect((await listTypes(play, serviceId)).filter((type) => type === 'closed')).toHaveLength(1);
  });

  it('is closed although the job was lost before it began', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('lost.example.com');
    await closeJob.accept?.(closeJob.schema.parse({ serviceId }), play.bench.store, play.now(), 'close-lost');
    await play.pass(61_000);
    await play.run('collect', {});
    await play.drain();
    expect((await play.bench.read(serviceId)).status).toBe('closed');
  });
});

describe('closing what is in flight', () => {
  it('does not follow a pending validation any more; reopened it does', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_validation', { mode: 'never' });
    const payload = await composeOrder('pending.example.com');
    const { serviceId } = payload;
    await play.run('order', payload);
    await play.run('close', { serviceId });
    const { certificateId } = await play.bench.read(serviceId);
    await play.bench.control('_validation', { mode: 'now', certificateId });
    await play.passDays(2);
    await play.tick();
    expect((await play.bench.read(serviceId)).status).toBe('closed');
    expect(await play.run('close', { serviceId, open: true })).toMatchObject({
      result: { status: 'pending-validation', operation: { job: 'order' } },
    });
    await play.tick();
    expect((await play.bench.read(serviceId)).status).toBe('issued');
  });

  it('puts a pending reissue aside, which goes on when the service is reopened', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('aside.example.com', { years: 2 });
    await play.bench.control('_validation', { mode: 'never' });
    await play.run('reissue', { serviceId });
    const { operation } = await play.bench.read(serviceId);
    await play.run('close', { serviceId });
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'closed', operation: null });
    await play.bench.control('_validation', { mode: 'now', certificateId: operation?.certificateId });
    await play.passDays(1);
    await play.tick();
    expect((await play.bench.read(serviceId)).certificateId).not.toBe(operation?.certificateId);
    await play.run('close', { serviceId, open: true });
    await play.pass(61_000);
    await play.tick();
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      certificateId: operation?.certificateId,
      operation: null,
      shelved: null,
    });
  });

  it('ends an order that was not bought; reopened it is to be ordered again, and is bought once', async () => {
    await using play = await Play.start(redis, { balance: '1.00' });
    const payload = await composeOrder('unbought.example.com');
    const { serviceId } = payload;
    expect(await play.run('order', payload)).toMatchObject({ kind: 'wait' });
    await play.run('close', { serviceId });
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'closed', problem: null });
    await play.bench.control('_balance', { balance: '100' });
    await play.bench.store.accounts.resume(play.bench.work.account.id);
    await play.pass(600_000);
    await play.tick();
    expect(await play.bench.countCalls('ssl.activate')).toBe(0);
    expect(await play.run('close', { serviceId, open: true })).toMatchObject({
      result: { status: 'failed' },
    });
    expect(await play.run('order', payload)).toMatchObject({ result: { status: 'pending-validation' } });
  });

  it('ends a renewal that was not bought', async () => {
    await using play = await Play.start(redis, { leafDays: 365 });
    const { serviceId } = await play.order('norenew.example.com');
    await play.passDays(300);
    await play.bench.control('_balance', { balance: '1' });
    expect(await play.run('renew', { serviceId, years: 1 })).toMatchObject({ kind: 'wait' });
    await play.run('close', { serviceId });
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'closed',
      shelved: null,
      problem: null,
    });
    expect(await play.run('close', { serviceId, open: true })).toMatchObject({
      result: { status: 'issued', operation: null },
    });
  });

  it('keeps what was bought and not activated, and says so', async () => {
    await using play = await Play.start(redis);
    const payload = await composeOrder('bought.example.com');
    const { serviceId } = payload;
    const error = { number: 2011295, text: 'ApproverEmail is Invalid' };
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'error', error, count: 1 });
    expect(await play.run('order', payload)).toMatchObject({ kind: 'fail' });
    const { certificateId } = await play.bench.read(serviceId);
    await play.run('close', { serviceId });
    expect((await play.bench.read(serviceId)).problem).toMatch(
      `Certificate ${String(certificateId)} was bought and not activated`,
    );
    await play.run('close', { serviceId, open: true });
    expect(await play.run('order', payload)).toMatchObject({
      result: { certificateId, status: 'pending-validation' },
    });
    expect(await play.bench.countCalls('ssl.create')).toBe(1);
  });

  it('keeps a renewal that was bought and not activated; reopened it is activated', async () => {
    await using play = await Play.start(redis, { leafDays: 365 });
    const { serviceId } = await play.order('kept.example.com');
    await play.passDays(300);
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'throttle', count: 1 });
    expect(await play.run('renew', { serviceId, years: 1 })).toMatchObject({ kind: 'wait' });
    await play.run('close', { serviceId });
    const closed = await play.bench.read(serviceId);
    expect(closed.problem).toMatch(/was bought and not activated/);
    await play.passDays(10);
    await play.tick();
    expect(await play.bench.countCalls('ssl.activate')).toBe(2);
    await play.run('close', { serviceId, open: true });
    await play.pass(61_000);
    await play.tick();
    await play.pass(61_000);
    await play.tick();
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', operation: null });
    expect((await play.bench.read(serviceId)).renewals).toHaveLength(1);
    expect(await play.bench.countCalls('ssl.renew')).toBe(1);
  });

  it('waits until an unanswered purchase is settled, and nothing more is bought or submitted meanwhile', async () => {
    await using play = await Play.start(redis);
    const payload = await composeOrder('unclear.example.com');
    const { serviceId } = payload;
    await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-before', count: 1 });
    expect(await play.run('order', payload)).toMatchObject({ kind: 'wait' });
    const wish = { serviceId, requestId: 'leave' };
    expect(await play.run('close', wish)).toMatchObject({ kind: 'wait' });
    for (let look = 0; look < 4; look++) {
      await play.pass(61_000);
      await play.run('order', payload);
    }
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'accepted', purchase: null });
    expect(await play.run('close', wish)).toMatchObject({
      result: { status: 'closed', certificateId: null },
    });
    expect(await play.bench.countCalls('ssl.create')).toBe(1);
  });

  it('waits until an unanswered submission is settled', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('submitting.example.com', { years: 2 });
    await play.bench.control('_validation', { mode: 'never' });
    await play.bench.control('_fault', { command: 'ssl.reissue', fault: 'drop-after', count: 1 });
    expect(await play.run('reissue', { serviceId, requestId: 'key' })).toMatchObject({ kind: 'wait' });
    expect(await play.run('close', { serviceId, requestId: 'leave' })).toMatchObject({ kind: 'wait' });
    expect(await play.run('reissue', { serviceId, requestId: 'key' })).toMatchObject({ kind: 'done' });
    expect(await play.run('close', { serviceId, requestId: 'leave' })).toMatchObject({ kind: 'done' });
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'closed', errands: [] });
  });

  it('drops a wish to close that waits still when the service is to stay open', async () => {
    await using play = await Play.start(redis);
    const payload = await composeOrder('stay.example.com');
    const { serviceId } = payload;
    await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
    await play.run('order', payload);
    expect(await play.run('close', { serviceId, requestId: 'leave' })).toMatchObject({ kind: 'wait' });
    expect(await play.run('close', { serviceId, open: true, requestId: 'stay' })).toMatchObject({
      kind: 'done',
    });
    expect((await play.bench.read(serviceId)).errands).toEqual([]);
    expect(await play.run('order', payload)).toMatchObject({ result: { status: 'pending-validation' } });
  });

  it('drops what was asked for and not begun', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('queue.example.com', { years: 2 });
    await play.bench.control('_validation', { mode: 'never' });
    await play.run('reissue', { serviceId });
    const { csr } = await composeOrder('queue.example.com');
    expect(await play.run('reissue', { serviceId, csr, requestId: 'next' })).toMatchObject({ kind: 'wait' });
    await play.run('close', { serviceId });
    expect((await play.bench.read(serviceId)).errands).toEqual([]);
    expect(await play.run('reissue', { serviceId, csr, requestId: 'next' })).toMatchObject({ kind: 'fail' });
  });
});

describe('reopening', () => {
  it('plans the reissue anew, and one that is overdue is begun by the next scan', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const first = await play.order('back.example.com', { years: 3 });
    const { serviceId } = first;
    await play.run('close', { serviceId });
    await play.passDays(5);
    expect(await play.run('close', { serviceId, open: true })).toMatchObject({
      result: { status: 'issued' },
    });
    expect(await play.bench.read(serviceId)).toMatchObject({
      nextReissueAt: first.nextReissueAt,
      closedFrom: null,
      automationStopped: null,
    });
    await play.run('close', { serviceId });
    await play.passDays(195);
    await play.run('close', { serviceId, open: true });
    expect((await play.bench.read(serviceId)).status).toBe('expired');
    await play.tick();
    await play.pass(2000);
    await play.tick();
    const back = await play.bench.read(serviceId);
    expect(back.status).toBe('issued');
    expect(Date.parse(back.endDate ?? '')).toBeGreaterThan(play.now() + 100 * DAY_MS);
    expect(back.termEnd).toBe(first.termEnd);
  });

  it('begins a reissue again that closing ended before it was submitted', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const { serviceId, nextReissueAt } = await play.order('ended.example.com', { years: 2 });
    await play.pass(Date.parse(nextReissueAt ?? '') - play.now() + 60_000);
    await play.run('scan', {});
    expect((await play.bench.read(serviceId)).operation?.state).toBe('accepted');
    await play.run('close', { serviceId });
    play.rung.length = 0;
    await play.run('close', { serviceId, open: true });
    await play.tick();
    await play.pass(2000);
    await play.tick();
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', operation: null });
    expect((await play.bench.read(serviceId)).certificateIds).toHaveLength(2);
  });

  it('brings back a reissue that was pending in front of a renewal, then the renewal', async () => {
    await using play = await Play.start(redis, { leafDays: 398 });
    const { serviceId, termEnd } = await play.order('two.example.com');
    await play.pass(Date.parse(termEnd ?? '') - 40 * DAY_MS - play.now());
    const refused = { number: 2011295, text: 'ApproverEmail is invalid' };
    await play.bench.control('_fault', { command: 'ssl.activate', count: 1, fault: 'error', error: refused });
    await play.run('renew', { serviceId, years: 1, requestId: 'next-term' });
    await play.run('reissue', {
      serviceId,
      reason: 'rekey',
      csr: (await makeCsr({ commonName: 'two.example.com' })).csr,
    });
    const before = await play.bench.store.certificates.load(serviceId);
    expect(before?.record).toMatchObject({
      operation: { job: 'reissue', state: 'pending-validation' },
      shelved: { operation: { job: 'renew', state: 'failed' } },
    });
    await play.run('close', { serviceId });
    await play.run('close', { serviceId, open: true });
    const after = await play.bench.store.certificates.load(serviceId);
    const { operation, shelved, activatedAt, validation } = before?.record ?? {};
    expect(after?.record).toMatchObject({ operation, shelved, activatedAt, validation });
    expect(after?.draft).toEqual(before?.draft);
    await play.pass(120_000);
    await play.tick();
    const issued = await play.bench.read(serviceId);
    expect(issued).toMatchObject({
      certificateId: operation?.certificateId,
      operation: shelved?.operation,
      shelved: null,
    });
    await play.run('renew', { serviceId, years: 1, requestId: 'corrected' });
    await play.pass(2000);
    await play.tick();
    const renewed = { certificateId: shelved?.operation.certificateId, operation: null, shelved: null };
    expect(await play.bench.read(serviceId)).toMatchObject(renewed);
    expect(await play.bench.countCalls('ssl.renew')).toBe(1);
  });

  it('of a service that is open changes nothing', async () => {
    await using play = await Play.start(redis);
    const record = await play.order('open.example.com');
    await play.run('close', { serviceId: record.serviceId, open: true });
    const after = await play.bench.read(record.serviceId);
    expect({ ...after, version: 0, doneErrands: [] }).toEqual({ ...record, version: 0, doneErrands: [] });
  });

  it('is refused for a service that nobody knows', async () => {
    await using play = await Play.start(redis);
    expect(await play.run('close', { serviceId: 'nobody' })).toMatchObject({ kind: 'fail' });
  });
});

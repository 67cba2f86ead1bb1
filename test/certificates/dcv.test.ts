import { describe, expect, it } from 'vitest';
import { dcv as dcvJob } from '../../jobs/dcv.js';
import { makeCsr } from '../csr-fixtures.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const EDIT = 'ssl.editDCVMethod';
const RESEND = 'ssl.resendApproverEmail';

/** A service whose certificate waits for its validation. */
async function startPending(play: Play, commonName: string, changes: Readonly<Record<string, unknown>> = {}) {
  await play.bench.control('_validation', { mode: 'never' });
  const payload = await composeOrder(commonName, changes);
  expect(await play.run('order', payload)).toMatchObject({ kind: 'done' });
  return await play.bench.read(payload.serviceId);
}

const MULTI = ['shop.example.net', 'www.shop.example.net', 'api.example.org'] as const;

async function startMany(play: Play) {
  const [commonName, ...sans] = MULTI;
  const { csr } = await makeCsr({ commonName, sans });
  return await startPending(play, commonName, { type: 'PositiveSSL Multi Domain', csr, sans });
}

async function readRequest(play: Play, serviceId: string) {
  return (await play.bench.store.certificates.load(serviceId))?.request;
}

async function countEvents(play: Play, serviceId: string, type: string): Promise<number> {
  const events = await play.readEvents();
  return events.filter((event) => event.serviceId === serviceId && event.type === type).length;
}

describe('the validation method of a pending certificate', () => {
  it('is changed by one call; instructions, request, event and the next look follow', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await startPending(play, 'change.example.com');
    const approver = { method: 'email', approverEmail: 'admin@example.com' };
    const end = await play.run('dcv', { serviceId, dcv: approver });
    const instructions = [{ domain: 'change.example.com', ...approver }];
    expect(end).toMatchObject({ result: { applied: 'changed', missed: [], validation: instructions } });
    expect(await play.bench.countCalls(EDIT)).toBe(1);
    expect(await play.bench.api.getInfo({ certificateId: certificateId ?? 0 })).toMatchObject({
      approverEmail: 'admin@example.com',
    });
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'pending-validation', validation: instructions, errands: [] });
    expect(record.nextActionAt).toBeLessThanOrEqual(play.now() + play.bench.work.settings.collectEveryMs);
    expect((await readRequest(play, serviceId))?.dcv).toEqual(approver);
    expect(await countEvents(play, serviceId, 'certificate.activated')).toBe(2);
  });

  it('of a reissue is the draft of that reissue, and the request once it is issued', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('draft.example.com', { years: 2 });
    await play.bench.control('_validation', { mode: 'never' });
    await play.run('reissue', { serviceId });
    expect(await play.run('dcv', { serviceId, dcv: { method: 'http' } })).toMatchObject({ kind: 'done' });
    expect((await readRequest(play, serviceId))?.dcv).toEqual({ method: 'dns' });
    const { operation, validation } = await play.bench.read(serviceId);
    expect(validation).toMatchObject([{ method: 'http' }]);
    await play.bench.control('_validation', { mode: 'now', certificateId: operation?.certificateId });
    await play.pass(2000);
    await play.run('collect', {});
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', operation: null });
    expect((await readRequest(play, serviceId))?.dcv).toEqual({ method: 'http' });
  });

  it('once more is a retry, which brings lost values back', async () => {
    await using play = await Play.start(redis);
    const before = await startPending(play, 'lost.example.com');
    const { serviceId } = before;
    await play.run('dcv', { serviceId, dcv: { method: 'dns' } });
    expect(await countEvents(play, serviceId, 'certificate.activated')).toBe(1);
    const stored = await play.bench.read(serviceId);
    await play.bench.store.certificates.save({
      before: stored,
      after: { ...stored, validation: [], problem: 'what to publish could not be read' },
      change: { cause: 'lost for the test' },
    });
    expect(await play.run('dcv', { serviceId })).toMatchObject({ result: { applied: 'retried' } });
    expect(await play.bench.read(serviceId)).toMatchObject({ validation: before.validation, problem: null });
    expect(await countEvents(play, serviceId, 'certificate.activated')).toBe(2);
    expect([await play.bench.countCalls(EDIT), await play.bench.countCalls(RESEND)]).toEqual([2, 0]);
  });

  it('by mail once more resends the mail', async () => {
    await using play = await Play.start(redis);
    const dcv = { method: 'email', approverEmail: 'webmaster@example.com' };
    const { serviceId } = await startPending(play, 'mail.example.com', { dcv });
    expect(await play.run('dcv', { serviceId })).toMatchObject({ result: { applied: 'resent' } });
    expect([await play.bench.countCalls(EDIT), await play.bench.countCalls(RESEND)]).toEqual([0, 1]);
  });

  it('is checked as an order is, and nothing is changed by a bad one', async () => {
    await using play = await Play.start(redis);
    const { serviceId, version } = await startPending(play, '*.wild.example.com', {
      type: 'PositiveSSL Wildcard',
    });
    const bad = { method: 'email', approverEmail: 'eve@elsewhere.example.org' };
    expect(await play.run('dcv', { serviceId, dcv: { method: 'http' } })).toMatchObject({
      reason: expect.stringMatching(/a file cannot validate the wildcard/) as string,
    });
    expect(await play.run('dcv', { serviceId, dcv: bad })).toMatchObject({ kind: 'fail' });
    expect(await play.run('dcv', { serviceId, module: 'other', dcv: { method: 'dns' } })).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/ERR_OTHER_MODULE/) as string,
    });
    expect((await play.bench.read(serviceId)).version).toBe(version);
    expect(await play.bench.countCalls(EDIT)).toBe(0);
  });
});

describe('several names', () => {
  it('are validated each in its own way; those that stay keep what was told for them', async () => {
    await using play = await Play.start(redis);
    const before = await startMany(play);
    const { serviceId } = before;
    expect(before.validation.map(({ method }) => method)).toEqual(['dns', 'dns', 'dns']);
    const approver = { method: 'email', approverEmail: 'admin@example.org' };
    const dcvs = [
      { domain: 'api.example.org', ...approver },
      { domain: 'WWW.shop.example.net', method: 'http' },
    ];
    expect(await play.run('dcv', { serviceId, dcvs })).toMatchObject({ result: { applied: 'changed' } });
    const { validation, problem } = await play.bench.read(serviceId);
    expect(validation).toMatchObject([
      before.validation[0],
      { domain: 'www.shop.example.net', method: 'http' },
      { domain: 'api.example.org', ...approver },
    ]);
    expect(problem).toBeNull();
    expect(await readRequest(play, serviceId)).toMatchObject({
      dcv: { method: 'dns' },
      dcvs: [
        { domain: 'www.shop.example.net', method: 'http' },
        { domain: 'api.example.org', ...approver },
      ],
    });
    // The common name's choice is for all without an own one.
    await play.run('dcv', { serviceId, dcv: { method: 'http' } });
    expect((await play.bench.read(serviceId)).validation.map(({ method }) => method)).toEqual([
      'http',
      'http',
      'email',
    ]);
  });

  it('of which Namecheap sets some only are told by name, and keep their former method', async () => {
    await using play = await Play.start(redis);
    const before = await startMany(play);
    const { serviceId } = before;
    withApi(play.bench, {
      editDcvMethod: async (input) => ({
        ...(await play.bench.api.editDcvMethod(input)),
        missed: ['API.example.org'],
      }),
    });
    const end = await play.run('dcv', { serviceId, dcv: { method: 'http' } });
    expect(end).toMatchObject({ result: { missed: ['API.example.org'] } });
    const { validation, problem } = await play.bench.read(serviceId);
    expect(problem).toMatch(/did not set the validation method of API\.example\.org/);
    expect(validation).toMatchObject([{ method: 'http' }, { method: 'http' }, before.validation[2]]);
    expect((await readRequest(play, serviceId))?.dcvs).toEqual([
      { domain: 'api.example.org', method: 'dns' },
    ]);
  });

  it('say for which nothing was told: Namecheap gives one record for all', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await startMany(play);
    await play.run('dcv', { serviceId, dcv: { method: 'http' } });
    await play.run('dcv', { serviceId, dcv: { method: 'dns' } });
    const { validation, problem } = await play.bench.read(serviceId);
    expect(validation).toMatchObject([{ domain: MULTI[0], method: 'dns' }]);
    expect(problem).toMatch(/did not tell what to publish for www\.shop\.example\.net, api\.example\.org/);
  });
});

describe('a dcv job while nothing is pending', () => {
  it('chooses for the next reissue, without a call', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('next.example.com', { years: 2 });
    const end = await play.run('dcv', { serviceId, dcv: { method: 'http' } });
    expect(end).toMatchObject({ result: { applied: 'next-reissue', status: 'issued' } });
    expect(await play.bench.countCalls(EDIT)).toBe(0);
    await play.bench.control('_validation', { mode: 'never' });
    await play.run('reissue', { serviceId });
    expect((await play.bench.read(serviceId)).validation).toMatchObject([{ method: 'http' }]);
  });

  it('without a choice fails with what to do', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('nothing.example.com');
    const end = await play.run('dcv', { serviceId });
    expect(end).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/ERR_NOT_PENDING.*reissue/) as string,
    });
    expect((await play.bench.read(serviceId)).errands).toEqual([]);
  });

  it('waits for the CSR of an order that is still being bought, and is done then', async () => {
    await using play = await Play.start(redis);
    const payload = await composeOrder('early.example.com');
    const { serviceId } = payload;
    await play.bench.control('_validation', { mode: 'never' });
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'http-500', count: 1 });
    expect(await play.run('order', payload)).toMatchObject({ kind: 'wait' });
    const wish = { serviceId, dcv: { method: 'http' }, requestId: 'wish-1' };
    expect(await play.run('dcv', wish)).toMatchObject({ kind: 'wait' });
    expect(await play.run('order', payload)).toMatchObject({ kind: 'done' });
    expect(await play.run('dcv', wish)).toMatchObject({ result: { applied: 'changed' } });
    // The order as it was placed is still this order, and so is the one as it stands now.
    expect(await play.run('order', payload)).toMatchObject({ kind: 'done' });
    expect(await play.run('order', { ...payload, dcv: { method: 'http' } })).toMatchObject({ kind: 'done' });
    expect(await play.bench.countCalls('ssl.create')).toBe(1);
  });
});

describe('a dcv call', () => {
  it('that was not answered is repeated, and done once', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await startPending(play, 'unclear.example.com');
    await play.bench.control('_fault', { command: EDIT, fault: 'drop-after', count: 1 });
    const wish = { serviceId, dcv: { method: 'http' }, requestId: 'wish-2' };
    expect(await play.run('dcv', wish)).toMatchObject({ kind: 'wait' });
    expect((await play.bench.read(serviceId)).errands).toMatchObject([{ id: 'wish-2' }]);
    expect(await play.run('dcv', wish)).toMatchObject({ result: { applied: 'changed' } });
    expect(await play.run('dcv', wish)).toMatchObject({ result: { applied: 'before' } });
    expect(await play.bench.countCalls(EDIT)).toBe(2);
    expect(await play.bench.read(serviceId)).toMatchObject({ errands: [], validation: [{ method: 'http' }] });
  });

  it('for a certificate that was validated meanwhile leads to its collection', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await startPending(play, 'meanwhile.example.com');
    await play.bench.control('_validation', { mode: 'now', certificateId });
    await play.pass(1000);
    const end = await play.run('dcv', { serviceId, dcv: { method: 'http' } });
    expect(end).toMatchObject({ result: { applied: 'left-pending' } });
    await play.run('collect', {});
    expect((await play.bench.read(serviceId)).status).toBe('issued');
  });

  it('that Namecheap refuses changes nothing and leaves the inbox', async () => {
    await using play = await Play.start(redis);
    const { serviceId, validation } = await startPending(play, 'refused.example.com');
    const error = { number: 3011295, text: 'DCVMethod is invalid' };
    await play.bench.control('_fault', { command: EDIT, fault: 'error', error, count: 1 });
    expect(await play.run('dcv', { serviceId, dcv: { method: 'http' } })).toMatchObject({ kind: 'fail' });
    expect(await play.bench.read(serviceId)).toMatchObject({ validation, errands: [] });
    expect((await readRequest(play, serviceId))?.dcv).toEqual({ method: 'dns' });
  });

  it('whose job was lost before it began is rung again', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await startPending(play, 'rung.example.com');
    const payload = dcvJob.schema.parse({ serviceId, dcv: { method: 'http' } });
    await dcvJob.accept?.(payload, play.bench.store, play.now(), 'dcv-lost');
    await play.pass(61_000);
    await play.run('collect', {});
    expect(await play.drain()).toMatchObject([{ result: { applied: 'changed' } }]);
    // The job that was thought lost comes after all.
    expect(await play.run('dcv', payload, 'dcv-lost')).toMatchObject({ result: { applied: 'before' } });
    expect(await play.bench.countCalls(EDIT)).toBe(1);
  });
});

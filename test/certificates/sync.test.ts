import { describe, expect, it } from 'vitest';
import { makeCsr } from '../csr-fixtures.js';
import { importNow, loseData, reissueByHand } from '../helpers/imports.js';
import { composeOrder } from '../helpers/orders.js';
import { override } from '../helpers/override.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const LOOK = 'ssl.getInfo';

async function countNewLooks(play: Play, act: () => Promise<unknown>): Promise<number> {
  const before = await play.bench.countCalls('');
  await act();
  return (await play.bench.countCalls('')) - before;
}

describe('a look at what is as it should be', () => {
  it('costs one call and changes nothing', async () => {
    await using play = await Play.start(redis);
    const record = await play.order('fine.example.com');
    const { serviceId, certificateId } = record;
    let end;
    const calls = await countNewLooks(play, async () => {
      end = await play.run('sync', { serviceId });
    });
    expect(calls).toBe(1);
    expect(end).toMatchObject({
      result: {
        ...{ status: 'issued', certificateId, problem: null },
        seen: [{ certificateId, status: 'active', replacedBy: null }],
      },
    });
    expect(await play.bench.read(serviceId)).toEqual(record);
  });

  it('costs none before anything was activated, and is refused for an unknown service', async () => {
    await using play = await Play.start(redis, { balance: '0' });
    const payload = await composeOrder('nothing.example.com');
    await play.run('order', payload);
    expect(await countNewLooks(play, () => play.run('sync', { serviceId: payload.serviceId }))).toBe(0);
    expect(await play.run('sync', { serviceId: 'nobody' })).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/ERR_NO_SERVICE/) as string,
    });
  });
});

describe('a look at what is in flight', () => {
  it('collects what was issued, without waiting for the collector', async () => {
    await using play = await Play.start(redis);
    const payload = await composeOrder('now.example.com');
    await play.run('order', payload);
    await play.pass(1000);
    expect(await play.run('sync', { serviceId: payload.serviceId })).toMatchObject({
      result: { status: 'issued', seen: [{ status: 'active' }] },
    });
  });

  it('knows our own reissue, and leaves it to its validation', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await play.order('own.example.com', { years: 2 });
    await play.bench.control('_validation', { mode: 'never' });
    await play.run('reissue', { serviceId });
    const before = await play.bench.read(serviceId);
    const flight = before.operation?.certificateId;
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: {
        problem: null,
        seen: [
          { certificateId: flight, status: 'purchased' },
          { certificateId, status: 'replaced', replacedBy: flight },
        ],
      },
    });
    expect((await play.bench.read(serviceId)).operation).toEqual(before.operation);
  });

  it.each(['revoked', 'cancelled'])('parks what is %s: nothing comes of it any more', async (status) => {
    await using play = await Play.start(redis);
    await play.bench.control('_validation', { mode: 'never' });
    const payload = await composeOrder('gone.example.com');
    await play.run('order', payload);
    withApi(play.bench, {
      getInfo: async (input) => ({ ...(await play.bench.api.getInfo(input)), status }),
    });
    const problem = expect.stringContaining(`is "${status}" at Namecheap`) as string;
    expect(await play.run('sync', { serviceId: payload.serviceId })).toMatchObject({
      result: { status: 'parked', problem },
    });
  });

  it('parks what the CA rejected, and goes on once support has reset it', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_validation', { mode: 'never' });
    const payload = await composeOrder('rejected.example.com');
    const { serviceId } = payload;
    await play.run('order', payload);
    const { certificateId } = await play.bench.read(serviceId);
    await play.bench.control('_status', { certificateId, status: 'purchaseerror' });
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: {
        status: 'parked',
        problem: expect.stringMatching(/only Namecheap's support can reset it/) as string,
      },
    });
    const parked = await play.bench.read(serviceId);
    await play.run('sync', { serviceId });
    expect(await play.bench.read(serviceId)).toEqual(parked);
    await play.bench.control('_status', { certificateId, status: 'purchased' });
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: { status: 'pending-validation', problem: null },
    });
    await play.bench.control('_validation', { mode: 'now', certificateId });
    await play.pass(2000);
    await play.run('collect', {});
    expect((await play.bench.read(serviceId)).status).toBe('issued');
  });
});

/** The service as an import brings it in when Namecheap does not tell its CSR. */
async function importUntold(play: Play, serviceId: string, certificateId: number | null): Promise<void> {
  await loseData(play);
  const { api } = play.bench;
  withApi(play.bench, {
    getInfo: async (input, options) => ({ ...(await api.getInfo(input, options)), csr: null }),
  });
  await importNow(play, { map: [{ serviceId, certificateId }] });
}

describe('what was reissued by hand', () => {
  it('with our key is adopted, however long the chain, and is in force once verified', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const first = await play.order('adopt.example.com', { years: 2 });
    const { serviceId, certificateId: old } = first;
    await play.passDays(20);
    await play.bench.control('_reissue', { certificateId: old });
    await play.pass(1000);
    await play.bench.control('_reissue', { certificateId: (old ?? 0) + 1 });
    await play.pass(1000);
    let end;
    const calls = await countNewLooks(play, async () => {
      end = await play.run('sync', { serviceId });
    });
    expect(calls).toBe(3);
    const newest = (old ?? 0) + 2;
    expect(end).toMatchObject({
      result: { status: 'issued', certificateId: newest, operation: null, problem: null },
    });
    const record = await play.bench.read(serviceId);
    expect(record.certificateIds).toEqual([old, newest - 1, newest]);
    expect(record.termEnd).toBe(first.termEnd);
    expect(Date.parse(record.endDate ?? '')).toBeGreaterThan(Date.parse(first.endDate ?? ''));
    expect(record.covered).toEqual([{ from: first.covered[0]?.from, till: record.endDate }]);
    expect(await play.bench.store.purchases.readOwner(record.account, newest)).toBe(serviceId);
    expect(await play.bench.store.purchases.readOwner(record.account, newest - 1)).toBe(serviceId);
    expect((await play.readEvents()).map(({ type }) => type)).toContain('certificate.reissued');
    // The next reissue starts from the adopted one.
    await play.pass(Date.parse(record.nextReissueAt ?? '') - play.now() + 60_000);
    await play.tick();
    await play.pass(2000);
    await play.tick();
    expect((await play.bench.read(serviceId)).certificateIds).toHaveLength(4);
  });

  it('and is pending still is followed like one of ours', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await play.order('follow.example.com', { years: 2 });
    await play.bench.control('_validation', { mode: 'never' });
    await play.bench.control('_reissue', { certificateId });
    const newId = (certificateId ?? 0) + 1;
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: {
        certificateId,
        operation: { job: 'reissue', state: 'pending-validation', certificateId: newId },
      },
    });
    await play.bench.control('_validation', { mode: 'now', certificateId: newId });
    await play.pass(61_000);
    await play.run('collect', {});
    expect(await play.bench.read(serviceId)).toMatchObject({ certificateId: newId, operation: null });
  });

  it('by a worker that died before it was saved is adopted by the next look', async () => {
    await using play = await Play.start(redis);
    const before = await play.order('died.example.com', { years: 2 });
    const { serviceId, certificateId } = before;
    await play.bench.control('_reissue', { certificateId });
    await play.pass(1000);
    const { purchases } = play.bench.work;
    const saveClaimed = () => Promise.reject(new Error('the worker died'));
    play.bench.work.purchases = override(purchases, { saveClaimed });
    await expect(play.run('sync', { serviceId })).rejects.toThrow('the worker died');
    expect(await play.bench.read(serviceId)).toEqual(before);
    play.bench.work.purchases = purchases;
    await play.pass(61_000);
    await play.run('sync', { serviceId });
    expect(await play.bench.read(serviceId)).toMatchObject({
      ...{ status: 'issued', certificateId: (certificateId ?? 0) + 1, operation: null },
    });
    expect(await play.bench.countCalls('ssl.reissue')).toBe(0);
  });

  it('of a certificate whose CSR was never told is known by the key that is installed', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const { serviceId, certificateId } = await play.order('untold.example.com');
    await importUntold(play, serviceId, certificateId);
    const one = await reissueByHand(play, certificateId ?? 0);
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: { status: 'issued', certificateId: one, operation: null },
    });
    expect((await play.bench.read(serviceId)).automationStopped).toMatch(/does not tell the CSR/);
    withApi(play.bench, {});
    const two = await reissueByHand(play, one);
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: { certificateId: two, problem: null },
    });
    expect(await play.bench.read(serviceId)).toMatchObject({ automationStopped: null });
  });

  it('and whose key is another, it is not: the record says what to decide', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const { serviceId, certificateId } = await play.order('foreign.example.com');
    await importUntold(play, serviceId, certificateId);
    const before = await play.bench.read(serviceId);
    const { csr } = await makeCsr({ commonName: 'foreign.example.com' });
    await reissueByHand(play, certificateId ?? 0, csr);
    const told = expect.stringMatching(/its key is not the key.*Reissue the service/) as string;
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: { certificateId, problem: told, operation: null },
    });
    const { automationStopped, covered } = await play.bench.read(serviceId);
    expect({ automationStopped, covered }).toEqual({ automationStopped: told, covered: before.covered });
  });

  it('with another key stays theirs: status stays, the automation stops and the gap is announced', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await play.order('other.example.com', { years: 2 });
    const { csr } = await makeCsr({ commonName: 'other.example.com' });
    await play.bench.control('_reissue', { certificateId, csr });
    await play.pass(1000);
    const told = expect.stringMatching(/its key is not the key of the CSR.*Reissue the service/) as string;
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: { status: 'issued', certificateId, problem: told },
    });
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({
      automationStopped: told,
      certificateIds: [certificateId],
      operation: null,
    });
    await play.run('sync', { serviceId });
    expect(await play.bench.read(serviceId)).toEqual(record);
    await play.run('scan', {});
    expect((await play.readEvents()).map(({ type }) => type)).toContain('certificate.gap');
    expect(await play.bench.countCalls('ssl.reissue')).toBe(0);
  });
});

describe('what is lost at Namecheap', () => {
  it('cancelled: a person is told, and nothing is reissued by itself', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await play.order('cancelled.example.com', { years: 2 });
    await play.bench.control('_status', { certificateId, status: 'cancelled' });
    expect(await play.run('sync', { serviceId })).toMatchObject({
      result: { status: 'issued', problem: expect.stringMatching(/"cancelled" at Namecheap/) as string },
    });
    expect((await play.bench.read(serviceId)).automationStopped).toMatch(/cancelled/);
  });

  it('revoked: so is the service', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await play.order('revoked.example.com', { years: 2 });
    withApi(play.bench, {
      getInfo: async (input) => ({ ...(await play.bench.api.getInfo(input)), status: 'revoked' }),
    });
    expect(await play.run('sync', { serviceId })).toMatchObject({ result: { status: 'revoked' } });
    expect(await play.bench.read(serviceId)).toMatchObject({
      revokedIds: [certificateId],
      nextReissueAt: null,
    });
    expect((await play.readEvents()).at(-1)?.type).toBe('certificate.revoked');
  });

  it('nothing is concluded from a look that was not answered', async () => {
    await using play = await Play.start(redis);
    const record = await play.order('down.example.com');
    const { serviceId } = record;
    await play.bench.control('_fault', { command: LOOK, fault: 'throttle', count: 1 });
    expect((await play.run('sync', { serviceId })).kind).toBe('wait');
    await play.bench.control('_fault', { command: LOOK, fault: 'http-500', count: 1 });
    expect((await play.run('sync', { serviceId })).kind).toBe('wait');
    expect(await play.bench.read(record.serviceId)).toEqual(record);
  });
});

import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { withApi } from '../helpers/work.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();
const NAMES = ['b.example.org', 'c.example.org'];
const MORE = [...NAMES, 'd.example.org', 'e.example.org'];

/** A multi-domain certificate with the three names of the base price. */
async function startMulti() {
  const play = await Play.start(redis);
  const order = { type: 'PositiveSSL Multi Domain', sans: NAMES, years: 2 };
  const record = await play.order('multi.example.org', order);
  return {
    play,
    record,
    serviceId: record.serviceId,
    [Symbol.asyncDispose]: () => play[Symbol.asyncDispose](),
  };
}

async function readCharges(play: Play): Promise<{ command: string; amount: string }[]> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_ledger`);
  return ((await answer.json()) as { charges: { command: string; amount: string }[] }).charges;
}

describe('a reissue with more names than were bought', () => {
  it('is refused without allowCharge, and costs nothing', async () => {
    await using started = await startMulti();
    const { play, serviceId } = started;
    const run = await play.run('reissue', { serviceId, reason: 'names', sans: MORE });
    expect(run).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/2 name\(s\) more than were bought/) as string,
    });
    expect(await readCharges(play)).toHaveLength(1);
  });

  it('buys them once and is issued with them; the next reissue and renewal keep them', async () => {
    await using started = await startMulti();
    const { play, record, serviceId } = started;
    const payload = { serviceId, reason: 'names', sans: MORE, allowCharge: true, requestId: 'more-1' };
    const run = await play.run('reissue', payload);
    expect(run).toMatchObject({ kind: 'done', result: { operation: { state: 'pending-validation' } } });
    await play.pass(2000);
    await play.tick();
    await play.run('reissue', payload);
    const reissued = await play.bench.read(serviceId);
    expect(reissued).toMatchObject({ status: 'issued', operation: null, sans: MORE, sansAdded: 2 });
    expect(reissued.termEnd).toBe(record.termEnd);
    const stored = await play.bench.store.certificates.load(serviceId);
    expect(new X509Certificate(stored?.pem?.certificate ?? '').subjectAltName).toContain('e.example.org');
    expect((await readCharges(play)).map(({ command }) => command)).toEqual([
      'namecheap.ssl.create',
      'namecheap.ssl.purchaseMoreSANS',
    ]);
    // The same number of other names costs nothing more.
    const others = [...NAMES, 'x.example.org', 'y.example.org'];
    expect((await play.run('reissue', { serviceId, sans: others })).kind).toBe('done');
    expect(await readCharges(play)).toHaveLength(2);
  });

  it('costs no call while purchases of the account are paused', async () => {
    await using started = await startMulti();
    const { play, serviceId } = started;
    const { store, work } = play.bench;
    await store.accounts.pause(work.account.id, { scope: 'purchases', reason: 'the audit', until: null });
    const payload = { serviceId, sans: MORE, allowCharge: true, requestId: 'more-5' };
    const before = await play.bench.countCalls('ssl.getInfo');
    for (let look = 0; look < 3; look++) {
      const reason = expect.stringContaining('are paused: the audit') as string;
      expect(await play.run('reissue', payload)).toMatchObject({ kind: 'wait', reason });
      await play.pass(15_000);
    }
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(before);
    await store.accounts.resume(work.account.id);
    expect((await play.run('reissue', payload)).kind).toBe('done');
  });

  it('whose purchase was not answered finds it by the count, and does not buy again', async () => {
    await using started = await startMulti();
    const { play, serviceId } = started;
    await play.bench.control('_fault', { command: 'ssl.purchasemoresans', fault: 'drop-after', count: 1 });
    const payload = { serviceId, sans: MORE, allowCharge: true, requestId: 'more-2' };
    expect((await play.run('reissue', payload)).kind).toBe('wait');
    expect(await play.bench.read(serviceId)).toMatchObject({ operation: { state: 'purchase-unclear' } });
    expect((await play.run('reissue', payload)).kind).toBe('done');
    expect((await play.bench.read(serviceId)).sansAdded).toBe(2);
    expect(await readCharges(play)).toHaveLength(2);
  });

  it('whose purchase never arrived is bought once the settle time has shown that', async () => {
    await using started = await startMulti();
    const { play, serviceId } = started;
    await play.bench.control('_fault', { command: 'ssl.purchasemoresans', fault: 'drop-before', count: 1 });
    const payload = { serviceId, sans: MORE, allowCharge: true, requestId: 'more-3' };
    for (let run = 0; run < 6; run++) {
      await play.run('reissue', payload);
      await play.pass(120_000);
    }
    expect((await play.bench.read(serviceId)).operation).toMatchObject({ state: 'pending-validation' });
    expect(await readCharges(play)).toHaveLength(2);
  });

  it('whose count explains nothing is left to a person', async () => {
    await using started = await startMulti();
    const { play, serviceId } = started;
    await play.bench.control('_fault', { command: 'ssl.purchasemoresans', fault: 'drop-after', count: 1 });
    const payload = { serviceId, sans: MORE, allowCharge: true, requestId: 'more-4' };
    await play.run('reissue', payload);
    withApi(play.bench, {
      getInfo: async (input, options) => ({
        ...(await play.bench.api.getInfo(input, options)),
        sansCount: 17,
      }),
    });
    expect(await play.run('reissue', payload)).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/counts 17 names for certificate/) as string,
    });
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      operation: { job: 'reissue', state: 'parked' },
    });
    expect(await readCharges(play)).toHaveLength(2);
  });
});

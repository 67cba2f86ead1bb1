import { describe, expect, it } from 'vitest';
import { makeCsr } from '../csr-fixtures.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const DAY_MS = 86_400_000;
const redis = useRedis();
const compact = (pem: string | undefined) => (pem ?? '').replace(/\s/g, '');

/** A one-year order covered by one certificate, forty days before its end. */
async function startNearEnd() {
  const play = await Play.start(redis, { leafDays: 398 });
  const record = await play.order('aside.example.com');
  await play.pass(Date.parse(record.termEnd ?? '') - 40 * DAY_MS - play.now());
  const renew = (changes: Readonly<Record<string, unknown>>) =>
    play.run('renew', { serviceId: record.serviceId, years: 1, paidTill: record.termEnd, ...changes });
  return { play, record, renew, [Symbol.asyncDispose]: () => play[Symbol.asyncDispose]() };
}

async function refuse(play: Play, command: string, number: number): Promise<void> {
  const error = { number, text: 'is invalid' };
  await play.bench.control('_fault', { command, fault: 'error', count: 1, error });
}

async function issue(play: Play): Promise<void> {
  await play.pass(2000);
  await play.tick();
}

async function listCharges(play: Play): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_ledger`);
  const { charges } = (await answer.json()) as { charges: { command: string }[] };
  return charges.map(({ command }) => command.replace('namecheap.ssl.', ''));
}

describe('a renewal that was refused before anything was bought', () => {
  it('leaves nothing behind once another one succeeds', async () => {
    await using started = await startNearEnd();
    const { play, record, renew } = started;
    await refuse(play, 'ssl.renew', 2011170);
    expect((await renew({ requestId: 'r1' })).kind).toBe('fail');
    expect((await renew({ requestId: 'r2' })).kind).toBe('done');
    await issue(play);
    const renewed = await play.bench.read(record.serviceId);
    expect(renewed).toMatchObject({ status: 'issued', operation: null, shelved: null, problem: null });
    expect(renewed.renewals).toHaveLength(1);
  });

  it('does not take the place of the paid one that followed it and needs a correction', async () => {
    await using started = await startNearEnd();
    const { play, record, renew } = started;
    await refuse(play, 'ssl.renew', 2011170);
    await renew({ requestId: 'r1' });
    await refuse(play, 'ssl.activate', 2011295);
    expect((await renew({ requestId: 'r2' })).kind).toBe('fail');
    expect((await renew({ requestId: 'r3', dcv: { method: 'http' } })).kind).toBe('done');
    await issue(play);
    expect(await play.bench.read(record.serviceId)).toMatchObject({ status: 'issued', operation: null });
    expect(await listCharges(play)).toEqual(['create', 'renew']);
  });
});

describe('a paid renewal that was put aside', () => {
  it('goes on with the key of the re-key that went past it', async () => {
    await using started = await startNearEnd();
    const { play, record, renew } = started;
    const { serviceId } = record;
    await refuse(play, 'ssl.activate', 2011295);
    const dcv = { method: 'email', approverEmail: 'admin@example.com' };
    await renew({ requestId: 'r1', dcv });
    const { csr } = await makeCsr({ commonName: 'aside.example.com' });
    expect((await play.run('reissue', { serviceId, csr })).kind).toBe('done');
    expect((await play.bench.read(serviceId)).shelved).not.toBeNull();
    await issue(play);
    const back = await play.bench.store.certificates.load(serviceId);
    expect(back?.record).toMatchObject({ shelved: null, operation: { job: 'renew', state: 'failed' } });
    expect(compact(back?.draft?.csr)).toBe(compact(csr));
    expect(back?.draft?.dcv).toEqual(dcv);
    expect((await renew({ requestId: 'r2', dcv: { method: 'http' } })).kind).toBe('done');
    await issue(play);
    const stored = await play.bench.store.certificates.load(serviceId);
    expect(stored?.record).toMatchObject({ status: 'issued', operation: null, renewals: [{ years: 1 }] });
    expect(compact(stored?.request.csr)).toBe(compact(csr));
    expect(await listCharges(play)).toEqual(['create', 'renew']);
  });
});

describe("the scan's reissue", () => {
  it('that is delivered again after it was done begins nothing', async () => {
    await using play = await Play.start(redis, { leafDays: 100 });
    const { serviceId, nextReissueAt } = await play.order('late.example.com');
    await play.pass(Date.parse(nextReissueAt ?? '') - play.now() + 1000);
    await play.run('scan', {});
    const [ring] = play.rung;
    await play.drain();
    await issue(play);
    const done = await play.bench.read(serviceId);
    await play.pass(3_600_000);
    expect((await play.run(ring?.job ?? '', ring?.payload)).kind).toBe('done');
    expect(await play.bench.read(serviceId)).toEqual(done);
    // Nor when its id was forgotten long ago.
    const forgotten = { ...done, doneErrands: [] };
    await play.bench.store.certificates.save({ before: done, after: forgotten, change: { cause: 'test' } });
    expect((await play.run(ring?.job ?? '', ring?.payload)).kind).toBe('done');
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
  });
});

describe('more names', () => {
  const NAMES = ['b.example.org', 'c.example.org'];
  const MORE = [...NAMES, 'd.example.org', 'e.example.org'];
  const order = { type: 'PositiveSSL Multi Domain', sans: NAMES, years: 2 };

  it('whose purchase nobody could explain are not bought again, nor forgotten by a reissue that goes past', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('multi.example.org', order);
    const blind = async (input: { certificateId: number }) => ({
      ...(await play.bench.api.getInfo(input)),
      sansCount: null,
    });
    withApi(play.bench, { getInfo: blind });
    await play.bench.control('_fault', { command: 'ssl.purchasemoresans', fault: 'drop-after', count: 1 });
    const ask = (requestId: string) =>
      play.run('reissue', { serviceId, sans: MORE, allowCharge: true, requestId });
    await ask('m1');
    await play.pass(90_000);
    expect((await ask('m1')).kind).toBe('fail');
    withApi(play.bench, {});
    expect(await ask('m2')).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining('ERR_PARKED') as string,
    });
    expect((await play.run('reissue', { serviceId, reason: 'rekey' })).kind).toBe('done');
    expect(await ask('m3')).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining('ERR_PARKED') as string,
    });
    await issue(play);
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      operation: { job: 'reissue', state: 'parked' },
      purchase: { kind: 'names' },
    });
    expect(await listCharges(play)).toEqual(['create', 'purchaseMoreSANS']);
  });

  it('that a record of the first release counts with its purchase are known', async () => {
    await using play = await Play.start(redis, { leafDays: 100 });
    const { serviceId } = await play.order('old.example.org', { ...order, sans: MORE });
    const key = play.bench.store.keys.certificate(serviceId);
    const raw = JSON.parse((await redis.client.hget(key, 'record')) ?? '{}') as Record<string, unknown>;
    const old = new Set([
      ...['sansAdded', 'renewals', 'covered', 'announced', 'automationStopped', 'errands', 'doneErrands'],
      ...['shelved', 'closedFrom', 'revokedIds', 'revoking'],
    ]);
    const stripped = Object.fromEntries(Object.entries(raw).filter(([field]) => !old.has(field)));
    await redis.client.hset(key, 'record', JSON.stringify(stripped));
    expect((await play.bench.read(serviceId)).sansAdded).toBe(2);
    expect((await play.run('reissue', { serviceId })).kind).toBe('done');
    expect(await listCharges(play)).toEqual(['create']);
  });

  it('are never charged to a reissue that nobody allowed to, whatever made the count too low', async () => {
    await using play = await Play.start(redis, { leafDays: 100 });
    const record = await play.order('low.example.org', { ...order, sans: MORE });
    const { serviceId, nextReissueAt } = record;
    const low = { ...record, sansAdded: 0 };
    await play.bench.store.certificates.save({ before: record, after: low, change: { cause: 'test' } });
    await play.pass(Date.parse(nextReissueAt ?? '') - play.now() + 1000);
    await play.tick();
    expect(await play.bench.read(serviceId)).toMatchObject({
      operation: { job: 'reissue', state: 'parked' },
      problem: expect.stringContaining('nobody allowed a charge') as string,
    });
    expect(await listCharges(play)).toEqual(['create']);
  });
});

describe('a renewal under a name that Namecheap has changed', () => {
  it('waits while the present name cannot be read, and is bought under it then', async () => {
    await using started = await startNearEnd();
    const { play, record, renew } = started;
    const old = { ...record, type: 'EssentialSSL' };
    await play.bench.store.certificates.save({ before: record, after: old, change: { cause: 'test' } });
    await refuse(play, 'ssl.renew', 2012301);
    await play.bench.control('_fault', { command: 'ssl.getinfo', fault: 'http-500', count: 1 });
    expect((await renew({ requestId: 'n1' })).kind).toBe('wait');
    expect(await play.bench.read(record.serviceId)).toMatchObject({ operation: { state: 'accepted' } });
    await refuse(play, 'ssl.renew', 2012301);
    expect((await renew({ requestId: 'n1' })).kind).toBe('wait');
    expect((await play.bench.read(record.serviceId)).type).toBe('Standard SSL');
    expect((await renew({ requestId: 'n1' })).kind).toBe('done');
    expect(await listCharges(play)).toEqual(['create', 'renew']);
  });
});

describe('a CSR for other names', () => {
  it('is refused unless the reason is that the names change, and for a renewal always', async () => {
    await using started = await startNearEnd();
    const { play, record, renew } = started;
    const { serviceId } = record;
    const { csr } = await makeCsr({ commonName: 'other.example.com' });
    const said = { kind: 'fail', reason: expect.stringContaining('ERR_NAMES_DIFFER') as string };
    expect(await play.run('reissue', { serviceId, csr })).toMatchObject(said);
    expect(await renew({ csr })).toMatchObject(said);
    expect(await listCharges(play)).toEqual(['create']);
    expect((await play.run('reissue', { serviceId, csr, reason: 'names' })).kind).toBe('done');
    await issue(play);
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      commonName: 'other.example.com',
    });
  });
});

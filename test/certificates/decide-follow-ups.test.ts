import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { buyByHand, decide, listIds, readBooks } from '../helpers/decisions.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();

/** A certificate that covers its one year, near its end. */
async function startNearEnd(redisPlay: Play): Promise<CertificateRecord> {
  const record = await redisPlay.order('term.example.com');
  await redisPlay.passDays(300);
  return record;
}

const startPlay = () => Play.start(redis, { leafDays: 397 });

async function renew(play: Play, serviceId: string, requestId: string) {
  return await play.run('renew', { serviceId, years: 1, requestId });
}

/** Somebody renewed by hand, and the list does not show it. @returns the renewal's id. */
async function parkMissing(play: Play, { serviceId, certificateId }: CertificateRecord): Promise<number> {
  const before = await listIds(play);
  await play.bench.control('_renew', { certificateId, years: 1 });
  const id = (await listIds(play)).find((one) => !before.includes(one)) ?? 0;
  withApi(play.bench, {
    getList: async (input, options) => ({
      ...(await play.bench.api.getList(input, options)),
      rows: [],
      totalItems: 0,
    }),
  });
  for (let run = 0; run < 3; run++) await renew(play, serviceId, 'op-1');
  withApi(play.bench, {});
  return id;
}

describe('a renewal that parked without its certificate', () => {
  it('--adopt takes the one that was bought by hand, and the term is extended', async () => {
    await using play = await startPlay();
    const first = await startNearEnd(play);
    const id = await parkMissing(play, first);
    const parked = await play.bench.read(first.serviceId);
    expect(parked).toMatchObject({ status: 'issued', operation: { job: 'renew', state: 'parked' } });
    expect(parked.problem).toContain(`certificate resolve ${first.serviceId} --adopt ID`);
    expect((await decide(play, first.serviceId, { adopt: id })).kind).toBe('done');
    await play.pass(3000);
    await play.run('collect', {});
    const record = await play.bench.read(first.serviceId);
    expect(record).toMatchObject({ status: 'issued', operation: null, certificateId: id, problem: null });
    expect(record.certificateIds).toEqual([first.certificateId, id]);
    expect(record.renewals).toMatchObject([{ certificateId: id, years: 1 }]);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 2, lanes: 0, foreign: [] });
  });

  it('--adopt refuses an unrelated certificate', async () => {
    await using play = await startPlay();
    const first = await startNearEnd(play);
    await parkMissing(play, first);
    const other = await buyByHand(play);
    expect(JSON.stringify(await decide(play, first.serviceId, { adopt: other }))).toMatch(
      /newpurchase.*not one of newrenewal/,
    );
    expect(await play.bench.read(first.serviceId)).toMatchObject({ operation: { state: 'parked' } });
  });

  it('--release drops it: what is in force stays, and the term may be renewed again', async () => {
    await using play = await startPlay();
    const first = await startNearEnd(play);
    const id = await parkMissing(play, first);
    expect((await decide(play, first.serviceId, 'release')).kind).toBe('done');
    expect(await play.bench.read(first.serviceId)).toMatchObject({
      ...{ status: 'issued', operation: null, certificateId: first.certificateId, endDate: first.endDate },
      ...{ purchase: null, problem: null },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
    for (let run = 0; run < 3; run++) await renew(play, first.serviceId, 'op-2');
    expect(await play.bench.read(first.serviceId)).toMatchObject({
      operation: { state: 'pending-validation', certificateId: id },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 2, lanes: 0 });
  });

  it('--not-made buys it, once', async () => {
    await using play = await startPlay();
    const first = await startNearEnd(play);
    await play.bench.control('_fault', { command: 'ssl.renew', fault: 'drop-before', count: 1 });
    await renew(play, first.serviceId, 'op-1');
    expect(await play.bench.read(first.serviceId)).toMatchObject({
      operation: { state: 'purchase-unclear' },
    });
    expect(await decide(play, first.serviceId, 'release')).toMatchObject({ kind: 'fail' });
    await decide(play, first.serviceId, 'not-made');
    expect(await play.bench.read(first.serviceId)).toMatchObject({
      ...{ status: 'issued', operation: { job: 'renew', state: 'pending-validation' } },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 2, lanes: 0 });
  });
});

describe('a renewal that is bought and parked', () => {
  async function parkBought(play: Play): Promise<CertificateRecord> {
    const { serviceId } = await startNearEnd(play);
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'purchaseerror', count: 1 });
    for (let run = 0; run < 3; run++) await renew(play, serviceId, 'op-1');
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ operation: { job: 'renew', state: 'parked' } });
    return record;
  }

  it('goes on with --retry once support has reset it', async () => {
    await using play = await startPlay();
    const { serviceId, operation } = await parkBought(play);
    const certificateId = operation?.certificateId;
    await play.bench.control('_status', { certificateId, status: 'newrenewal' });
    await decide(play, serviceId, 'retry');
    await play.pass(3000);
    await play.run('collect', {});
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      operation: null,
      certificateId,
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 2, lanes: 0 });
  });

  it('--release keeps what was bought claimed: renewed again, it is never bought twice but adopted', async () => {
    await using play = await startPlay();
    const { serviceId, operation, certificateId: inForce } = await parkBought(play);
    const id = operation?.certificateId ?? 0;
    await decide(play, serviceId, 'release');
    expect(await play.bench.read(serviceId)).toMatchObject({ operation: null, certificateId: inForce });
    const history = await play.bench.store.certificates.readHistory(serviceId);
    expect(history.at(-1)?.cause).toContain(`certificate ${id} stays claimed`);
    expect((await readBooks(play, redis)).claims[String(id)]).toBe(serviceId);
    await renew(play, serviceId, 'op-2');
    const parked = await play.bench.read(serviceId);
    expect(parked).toMatchObject({ operation: { state: 'parked', certificateId: null } });
    expect(parked.problem).toMatch(/--adopt/);
    expect(JSON.stringify(await decide(play, serviceId, 'not-made'))).toContain(`--adopt ${id}`);
    expect(JSON.stringify(await decide(play, serviceId, 'retry'))).toContain(`--adopt ${id}`);
    await play.bench.control('_status', { certificateId: id, status: 'newrenewal' });
    expect((await decide(play, serviceId, { adopt: id })).kind).toBe('done');
    expect(await play.bench.read(serviceId)).toMatchObject({
      operation: { state: 'pending-validation', certificateId: id },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 2, lanes: 0 });
  });
});

describe('a reissue that parked', () => {
  async function parkReissue(play: Play): Promise<CertificateRecord> {
    const first = await play.order('again.example.com', { years: 2 });
    await play.bench.control('_validation', { mode: 'never' });
    await play.pass(Date.parse(first.nextReissueAt ?? '') - play.now() + 60_000);
    await play.run('scan', {});
    await play.drain();
    const { operation } = await play.bench.read(first.serviceId);
    await play.bench.control('_status', {
      certificateId: operation?.certificateId,
      status: 'purchaseerror',
    });
    await play.pass(3000);
    await play.run('collect', {});
    const record = await play.bench.read(first.serviceId);
    expect(record).toMatchObject({ status: 'issued', operation: { job: 'reissue', state: 'parked' } });
    return record;
  }

  it('goes on with --retry from the certificate that it waits for', async () => {
    await using play = await Play.start(redis);
    const { serviceId, operation } = await parkReissue(play);
    const certificateId = operation?.certificateId;
    await play.bench.control('_status', { certificateId, status: 'purchased' });
    await play.bench.control('_validation', { certificateId, mode: 'now' });
    await decide(play, serviceId, 'retry');
    await play.pass(3000);
    await play.run('collect', {});
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      operation: null,
      certificateId,
    });
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
  });

  it('--release drops it, and the scan begins one for this End date again', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId, endDate } = await parkReissue(play);
    await decide(play, serviceId, 'release');
    const dropped = await play.bench.read(serviceId);
    expect(dropped).toMatchObject({ status: 'issued', operation: null, certificateId, endDate });
    expect(dropped.announced.reissue).toBeUndefined();
    await play.run('scan', {});
    expect(await play.bench.read(serviceId)).toMatchObject({
      operation: { job: 'reissue', reason: 'end-date' },
    });
  });

  it('takes no --adopt and no --not-made: a reissue buys nothing', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkReissue(play);
    expect(await decide(play, serviceId, { adopt: 1 })).toMatchObject({ kind: 'fail' });
    expect(await decide(play, serviceId, 'not-made')).toMatchObject({ kind: 'fail' });
  });
});

describe('an automation that was stopped', () => {
  it('goes on with --retry: the next reissue is planned again', async () => {
    await using play = await Play.start(redis);
    const before = await play.order('stopped.example.com', { years: 2 });
    const stopped = { ...before, automationStopped: 'the last reissue led nowhere', nextReissueAt: null };
    await play.bench.store.certificates.save({ before, after: stopped, change: { cause: 'stopped' } });
    await decide(play, before.serviceId, 'retry');
    expect(await play.bench.read(before.serviceId)).toMatchObject({
      ...{ automationStopped: null, problem: null, nextReissueAt: before.nextReissueAt },
    });
    expect(await decide(play, before.serviceId, 'retry')).toMatchObject({ kind: 'fail' });
  });
});

describe('a renewal that parked for a live certificate of its name', () => {
  it('--adopt refuses a reissue that was made by hand: nobody paid for it; --retry renews once', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await play.order('one.example.com');
    const { serviceId, certificateId, termEnd } = first;
    await play.passDays(310);
    await play.tick();
    await play.bench.control('_reissue', { certificateId });
    await play.pass(5000);
    await play.run('audit', { module: 'default' });
    await play.run('renew', { serviceId, years: 1, paidTill: termEnd });
    const { announced } = await play.bench.read(serviceId);
    expect(await decide(play, serviceId, { adopt: Number(announced.twin) })).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining('is a reissue of') as string,
    });
    expect(await play.bench.read(serviceId)).toMatchObject({ termEnd, renewals: [] });
    // As the refusal has it.
    await play.run('import', { module: 'default' });
    await decide(play, serviceId, 'retry');
    await play.drain();
    await play.pass(3000);
    await play.tick();
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'issued', operation: null, renewals: [{ years: 1 }] });
    expect(await play.bench.countCalls('ssl.renew')).toBe(1);
  });

  it('one that was activated elsewhere comes in under a service id of its own', async () => {
    await using play = await startPlay();
    const { serviceId, certificateId } = await startNearEnd(play);
    const before = await listIds(play);
    await play.bench.control('_renew', { certificateId, years: 1 });
    const id = (await listIds(play)).find((one) => !before.includes(one)) ?? 0;
    const { csr } = await composeOrder('term.example.com');
    await play.bench.control('_activate', { certificateId: id, csr });
    await play.pass(5000);
    for (let run = 0; run < 2; run++) await renew(play, serviceId, 'op-1');
    expect((await play.bench.read(serviceId)).problem).toContain('under a service id of its own');
    expect((await decide(play, serviceId, 'release')).kind).toBe('done');
    const map = [{ serviceId: 'own-1', certificateId: id }];
    await play.run('import', { module: 'default', map });
    expect(await play.bench.read('own-1')).toMatchObject({ certificateId: id });
  });
});

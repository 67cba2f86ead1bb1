import { describe, expect, it } from 'vitest';
import { PLACEHOLDER_STOP } from '../../src/certificates/placeholder.js';
import { makeCsr } from '../csr-fixtures.js';
import { exportLines, restoreLines } from '../helpers/archives.js';
import { describeCertificate, importNow, loseData, readSandbox, reissueByHand } from '../helpers/imports.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();

/** Turns the clocks to a record's next reissue and lets scan and collect do their work. */
async function reissueByScan(play: Play, serviceId: string) {
  const { nextReissueAt } = await play.bench.read(serviceId);
  await play.pass(Math.max(0, Date.parse(nextReissueAt ?? '') - play.now()) + 60_000);
  await play.tick();
  await play.pass(2000);
  await play.tick();
  return await play.bench.read(serviceId);
}

describe('a lost inventory', () => {
  it('is rebuilt as placeholders that nothing is reissued for, then mapped to its services', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const single = await play.order('single.example.com', { years: 5 });
    const before = await reissueByScan(play, single.serviceId);
    expect(before.certificateIds).toHaveLength(2);
    const { csr } = await makeCsr({ commonName: 'multi.example.com' });
    const multi = await play.order('multi.example.com', {
      ...{ type: 'PositiveSSL Multi Domain', years: 2, csr },
      sans: ['a.example.com', 'b.example.com', 'c.example.com'],
    });
    const spent = (await readSandbox(play)).charges;
    await loseData(play);

    const result = await importNow(play);
    expect(result).toMatchObject({ listed: 3, known: 0, problems: [], foreign: [], missing: [] });
    const placeholders = [single, multi].map(({ certificateIds: [first] }) => `nc-${String(first)}`);
    expect(result.created.map(({ serviceId }) => serviceId)).toEqual(placeholders);
    const [first = '', second = ''] = placeholders;
    const rebuilt = await play.bench.read(first);
    expect(describeCertificate(rebuilt)).toEqual(describeCertificate(before));
    expect(describeCertificate(await play.bench.read(second))).toEqual(describeCertificate(multi));
    expect(rebuilt).toMatchObject({ automationStopped: PLACEHOLDER_STOP, nextReissueAt: null });
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(3 + 3);

    // Time alone does nothing for it but the alarm.
    await play.passDays(30);
    await play.tick();
    expect((await play.bench.read(first)).operation).toBeNull();
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
    expect((await play.readEvents()).map(({ type }) => type)).toContain('certificate.gap');

    const mapped = await importNow(play, {
      map: [
        { serviceId: '1001', certificateId: before.certificateId, paidTill: single.termEnd },
        { serviceId: '1002', certificateId: multi.certificateId },
      ],
    });
    expect(mapped.mapped.map(({ serviceId }) => serviceId)).toEqual(['1001', '1002']);
    expect(mapped).toMatchObject({ problems: [], created: [], known: 0 });
    const { store } = play.bench;
    expect(await store.certificates.load(first)).toBeNull();
    expect(await store.purchases.readOwner(before.account, before.certificateIds[0] ?? 0)).toBe('1001');
    const history = await store.certificates.readHistory('1001');
    expect(history[0]?.cause).toBe('imported without a service');
    expect(history.at(-1)?.cause).toContain(`before that ${first}`);
    expect(await store.modules.countUses('default')).toBe(2);
    const taken = await play.bench.read('1001');
    expect(taken).toMatchObject({ automationStopped: null, problem: null, termEnd: single.termEnd });
    expect(describeCertificate(taken)).toEqual(describeCertificate(before));
    const ids: string[] = [];
    for await (const batch of store.certificates.listServiceIds()) ids.push(...batch);
    expect(ids.sort()).toEqual(['1001', '1002']);

    // From here on it lives like any other.
    for (const serviceId of ['1001', '1002']) {
      const next = await reissueByScan(play, serviceId);
      expect(next).toMatchObject({ status: 'issued', operation: null, problem: null });
    }
    expect(await play.bench.countCalls('ssl.reissue')).toBeGreaterThanOrEqual(3);
    expect((await readSandbox(play)).charges).toEqual(spent);
    expect(await play.bench.countCalls('ssl.activate')).toBe(2);
  });

  it('that was mapped at once is the same as one that was restored', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('same.example.com', {
      dcv: { method: 'email', approverEmail: 'admin@example.com' },
    });
    const lines = await exportLines(play.bench.store);
    await loseData(play);
    await restoreLines(play.bench.store, lines);
    const original = await play.bench.read(serviceId);
    const request = (await play.bench.store.certificates.load(serviceId))?.request;
    await loseData(play);
    const { certificateId } = original;
    const result = await importNow(play, { map: [{ serviceId, certificateId }] });
    expect(result).toMatchObject({ known: 0, problems: [], mapped: [{ serviceId, certificateId }] });
    const record = await play.bench.read(serviceId);
    expect(describeCertificate(record)).toEqual(describeCertificate(original));
    expect(record).toMatchObject({ nextReissueAt: original.nextReissueAt, covered: original.covered });
    const stored = await play.bench.store.certificates.load(serviceId);
    expect(stored?.request).toEqual({ ...request, type: original.type });
    expect(stored?.pem?.certificate).toMatch(/^-----BEGIN CERTIFICATE/);
    // An order with its id does not buy again; the identical map changes nothing.
    const again = await importNow(play, { map: [{ serviceId, certificateId, paidTill: record.termEnd }] });
    expect(again).toMatchObject({ known: 1, mapped: [], problems: [] });
    const differs = await importNow(play, { map: [{ serviceId, certificateId, paidTill: '2040-01-01' }] });
    expect(differs.problems).toMatchObject([
      { serviceId, problem: expect.stringContaining('paid till') as string },
    ]);
    expect(await play.bench.read(serviceId)).toEqual(record);

    const renewed = await reissueByScan(play, serviceId);
    expect(renewed.certificateIds).toHaveLength(2);
    expect(renewed.termEnd).toBe(original.termEnd);
    await play.pass(Date.parse(record.termEnd ?? '') - play.now() - 40 * 86_400_000);
    const end = await play.run('renew', { serviceId, years: 1 });
    expect(end.kind).toBe('done');
    await play.pass(2000);
    await play.tick();
    const extended = await play.bench.read(serviceId);
    expect(Date.parse(extended.termEnd ?? '')).toBeGreaterThan(Date.parse(record.termEnd ?? ''));
    expect((await readSandbox(play)).charges.map(({ command }) => command)).toEqual([
      'namecheap.ssl.create',
      'namecheap.ssl.renew',
    ]);
  });
});

describe('a reissue by hand', () => {
  it('with our key is taken over, with its dates, and told', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const { serviceId, certificateId } = await play.order('hand.example.com', { years: 1 });
    const { endDate, termEnd } = await play.bench.read(serviceId);
    await play.passDays(5);
    const calls = await play.bench.countCalls('ssl.getInfo');
    expect(await importNow(play)).toMatchObject({ known: 1, adopted: [], problems: [] });
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(calls);
    const one = await reissueByHand(play, certificateId ?? 0);
    const two = await reissueByHand(play, one);

    const result = await importNow(play);
    expect(result).toMatchObject({ known: 0, problems: [] });
    expect(result.adopted).toEqual([{ serviceId, certificateId: two, state: 'issued' }]);
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'issued', operation: null, termEnd, certificateId: two });
    expect(record.certificateIds).toEqual([certificateId, one, two]);
    expect(Date.parse(record.endDate ?? '')).toBeGreaterThan(Date.parse(endDate ?? ''));
    expect(record.covered).toHaveLength(1);
    expect(await play.bench.store.purchases.readOwner(record.account, one)).toBe(serviceId);
    expect((await play.readEvents()).map(({ type }) => type)).toContain('certificate.reissued');
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(calls + 1);
    expect(await importNow(play)).toMatchObject({ known: 1, adopted: [] });
    // And our own reissues follow it.
    const next = await reissueByScan(play, serviceId);
    expect(next.certificateIds).toHaveLength(4);
  });

  it('that is not issued yet is waited for', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const { serviceId, certificateId } = await play.order('wait.example.com');
    await play.bench.control('_validation', { mode: 'never' });
    const id = await reissueByHand(play, certificateId ?? 0);
    const { adopted } = await importNow(play);
    expect(adopted).toEqual([{ serviceId, certificateId: id, state: 'pending-validation' }]);
    expect(await play.bench.read(serviceId)).toMatchObject({
      ...{ status: 'issued', certificateId },
      operation: { job: 'reissue', state: 'pending-validation', certificateId: id },
    });
    await play.bench.control('_validation', { certificateId: id, mode: 'now' });
    await play.pass(60_000);
    await play.tick();
    expect(await play.bench.read(serviceId)).toMatchObject({ certificateId: id, operation: null });
  });

  it('is found behind an old certificate that stays active until the new one is issued', async () => {
    await using play = await Play.start(redis, { leafDays: 46, replacedWhen: 'issued' });
    const { serviceId, certificateId } = await play.order('both.example.com');
    await play.bench.control('_validation', { mode: 'never' });
    const id = await reissueByHand(play, certificateId ?? 0);
    const { adopted } = await importNow(play);
    expect(adopted).toEqual([{ serviceId, certificateId: id, state: 'pending-validation' }]);
    await loseData(play);
    const { created } = await importNow(play);
    expect(created).toMatchObject([{ serviceId: `nc-${certificateId ?? 0}`, certificateId: id }]);
  });

  it('of a certificate whose CSR was never told is known by the key that is installed', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const { serviceId, certificateId } = await play.order('untold.example.com');
    await loseData(play);
    const { api } = play.bench;
    withApi(play.bench, {
      getInfo: async (input, options) => ({ ...(await api.getInfo(input, options)), csr: null }),
    });
    await importNow(play, { map: [{ serviceId, certificateId }] });
    const one = await reissueByHand(play, certificateId ?? 0);
    expect(await importNow(play)).toMatchObject({ adopted: [{ certificateId: one }], problems: [] });
    expect((await play.bench.read(serviceId)).automationStopped).toMatch(/does not tell the CSR/);
    withApi(play.bench, {});
    const two = await reissueByHand(play, one);
    expect(await importNow(play)).toMatchObject({ adopted: [{ certificateId: two }], problems: [] });
    expect(await play.bench.read(serviceId)).toMatchObject({ automationStopped: null, problem: null });
    expect((await reissueByScan(play, serviceId)).certificateIds).toHaveLength(4);
  });

  it('with another key is not: the record says what to decide', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const before = await play.order('other.example.com');
    const { csr } = await makeCsr({ commonName: 'other.example.com' });
    const id = await reissueByHand(play, before.certificateId ?? 0, csr);
    const { adopted, problems } = await importNow(play);
    expect(adopted).toEqual([]);
    expect(problems).toMatchObject([{ serviceId: before.serviceId, certificateId: id }]);
    const record = await play.bench.read(before.serviceId);
    expect(record.problem).toMatch(/reissued by hand as \d+.*its key is not the key of the CSR/);
    expect(record.automationStopped).toBe(record.problem);
    const { version, nextReissueAt } = before;
    expect({ ...record, problem: null, automationStopped: null, version, nextReissueAt }).toEqual(before);
    // The same again is told again and written once.
    await importNow(play);
    expect((await play.bench.read(before.serviceId)).version).toBe(record.version);

    // A person decides: the map gives it to the service, with its key.
    const { serviceId } = before;
    const decided = await importNow(play, { map: [{ serviceId, certificateId: id }] });
    expect(decided).toMatchObject({ adopted: [{ serviceId, certificateId: id }], problems: [] });
    const taken = await play.bench.read(serviceId);
    expect(taken).toMatchObject({ certificateId: id, problem: null, automationStopped: null });
    expect((await play.bench.store.certificates.load(serviceId))?.request.csr).toBe(csr);
    expect((await reissueByScan(play, serviceId)).certificateIds).toHaveLength(3);
  });
});

import { describe, expect, it } from 'vitest';
import type { CertificateInfo } from '../../src/namecheap/api.js';
import { NamecheapError } from '../../src/namecheap/errors.js';
import { makeCsr } from '../csr-fixtures.js';
import { buyByHand, importNow, readSandbox, reissueByHand } from '../helpers/imports.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const text = (pattern: string): string => expect.stringMatching(pattern) as string;

async function buyActive(play: Play, commonName: string, type?: string, years?: number): Promise<number> {
  return await buyByHand(play, (await makeCsr({ commonName })).csr, type, years);
}

/** An order that parks, for its name has a certificate, and that a person gives up. */
async function giveUp(play: Play, serviceId: string, commonName: string): Promise<void> {
  const order = { ...(await composeOrder(commonName)), serviceId };
  expect(await play.run('order', order)).toMatchObject({ kind: 'fail' });
  expect(await play.run('resolve', { serviceId, decision: 'release' })).toMatchObject({ kind: 'done' });
}

/** Lets getInfo tell other things than the sandbox does. */
function alterInfo(play: Play, change: (info: CertificateInfo) => CertificateInfo): void {
  const { api } = play.bench;
  withApi(play.bench, { getInfo: async (input, options) => change(await api.getInfo(input, options)) });
}

describe('what the account holds and nobody ordered', () => {
  it('is reported as stock or foreign, announced once, and never becomes a service by itself', async () => {
    await using play = await Play.start(redis);
    await play.order('ours.example.com');
    const bought = await buyByHand(play);
    const active = await buyActive(play, 'theirs.example.com');
    const { account } = play.bench.work;
    const { purchases, redis: client, keys } = play.bench.store;
    const stock = await buyByHand(play);
    await client.hset(
      keys.account(account.id, 'stock'),
      String(stock),
      JSON.stringify({ product: 'dv-single', type: 'PositiveSSL', years: 1, sansToAdd: 0, purchaseId: 'p' }),
    );
    const result = await importNow(play);
    expect(result).toMatchObject({ listed: 4, known: 1, created: [], problems: [], missing: [] });
    expect(result.stock).toMatchObject([{ certificateId: stock, status: 'newpurchase' }]);
    const foreign = [
      { certificateId: bought, status: 'newpurchase' },
      { certificateId: active, status: 'active', commonName: 'theirs.example.com' },
    ];
    expect(result.foreign).toMatchObject(foreign);
    expect((await importNow(play)).foreign).toMatchObject(foreign);
    const events = (await play.readEvents()).filter(({ type }) => type === 'account.foreign');
    expect(events).toHaveLength(2);

    const mapped = await importNow(play, { map: [{ serviceId: 'theirs', certificateId: active }] });
    expect(mapped).toMatchObject({ mapped: [{ serviceId: 'theirs' }], foreign: [{ certificateId: bought }] });
    expect(await purchases.readOwner(account.id, active)).toBe('theirs');
    expect(await client.hexists(keys.account(account.id, 'foreign'), String(active))).toBe(0);
  });

  it('that Namecheap lost is told on the record, whose status stays', async () => {
    await using play = await Play.start(redis);
    const gone = await play.order('gone.example.com');
    const kept = await play.order('kept.example.com');
    const { api } = play.bench;
    const id = gone.certificateId ?? 0;
    withApi(play.bench, {
      getList: async (input, options) => {
        const page = await api.getList(input, options);
        const rows = page.rows.filter(({ certificateId }) => certificateId !== id);
        return { ...page, rows, totalItems: rows.length };
      },
    });
    // It is asked for by itself: while it answers, a short list proves nothing.
    expect((await importNow(play)).missing).toEqual([]);
    await play.bench.control('_fault', {
      ...{ command: 'ssl.getInfo', fault: 'error', count: 1 },
      error: { number: 2011294, text: 'Certificate ID is invalid' },
    });
    await play.pass(1000);
    const result = await importNow(play);
    expect(result.missing).toEqual([{ serviceId: gone.serviceId, certificateId: id, why: text('2011294') }]);
    expect(result).toMatchObject({ known: 1, problems: [] });
    expect(await play.bench.read(gone.serviceId)).toMatchObject({
      status: 'issued',
      problem: text('any more'),
    });
    expect((await play.bench.read(kept.serviceId)).problem).toBeNull();
  });

  it('that was cancelled says so on the record', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await play.order('cancelled.example.com');
    await play.bench.control('_status', { certificateId, status: 'cancelled' });
    expect((await importNow(play)).problems).toMatchObject([{ serviceId, certificateId }]);
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      problem: text('"cancelled"'),
    });
  });
});

describe('a map', () => {
  it('takes the place of an order that was given up, of a free certificate and of a kept one', async () => {
    await using play = await Play.start(redis);
    const free = await buyActive(play, 'given-up.example.com');
    await giveUp(play, 'free', 'given-up.example.com');
    const map = (serviceId: string, certificateId: number) => ({ map: [{ serviceId, certificateId }] });
    expect(await importNow(play, map('free', free))).toMatchObject({ problems: [] });
    expect(await play.bench.read('free')).toMatchObject({ status: 'issued', certificateId: free });
    const history = await play.bench.store.certificates.readHistory('free');
    expect(history.map(({ to }) => to)).toContain('failed');

    const { store, work } = play.bench;
    const gone = ['claims', 'gate', 'live-names', 'purchases', 'foreign'];
    await store.redis.del(...gone.map((what) => store.keys.account(work.account.id, what)));
    const { created } = await importNow(play);
    expect(created).toMatchObject([{ serviceId: `nc-${free}`, certificateId: free }]);
    await giveUp(play, 'kept', 'given-up.example.com');
    expect(await importNow(play, map('kept', free))).toMatchObject({ problems: [] });
    expect(await play.bench.read('kept')).toMatchObject({ status: 'issued', certificateId: free });
    const uses = await store.redis.hget(store.keys.moduleUses, 'default');
    expect(uses).toBe(String(await store.redis.scard(store.keys.services)));
  });

  it('names everything that it cannot bring in, and changes nothing for it', async () => {
    await using play = await Play.start(redis);
    const ours = await play.order('ours.example.com');
    const bought = await buyByHand(play);
    const first = await buyActive(play, 'twice.example.com');
    const second = await reissueByHand(play, first);
    const free = await buyActive(play, 'free.example.com');
    const cancelled = await buyActive(play, 'void.example.com');
    await play.bench.control('_status', { certificateId: cancelled, status: 'cancelled' });
    const charges = (await readSandbox(play)).charges;
    const result = await importNow(play, {
      map: [
        { serviceId: 'a', certificateId: 4711 },
        { serviceId: 'b', certificateId: ours.certificateId },
        { serviceId: 'c', certificateId: bought },
        { serviceId: 'd', certificateId: first },
        { serviceId: 'e', certificateId: second },
        { serviceId: ours.serviceId, certificateId: free },
        { serviceId: 'f', certificateId: cancelled },
      ],
    });
    expect(result.mapped).toMatchObject([{ serviceId: 'd', certificateId: second }]);
    const why = new Map(result.problems.map(({ serviceId, problem }) => [serviceId, problem]));
    expect(Object.fromEntries(why)).toEqual({
      a: text('not in the list of this account'),
      b: text(`belongs to service ${ours.serviceId}`),
      c: text('not activated'),
      e: text(`same as ${first} of service d`),
      [ours.serviceId]: text('exists already with another certificate'),
      f: text('"cancelled"'),
    });
    expect(await play.bench.read(ours.serviceId)).toEqual(ours);
    expect(await play.bench.read('d')).toMatchObject({ certificateIds: [first, second] });
    expect((await readSandbox(play)).charges).toEqual(charges);
    for (const command of ['ssl.reissue', 'ssl.activate', 'ssl.editDCVMethod'])
      expect(await play.bench.countCalls(command)).toBe(command === 'ssl.activate' ? 1 : 0);
  });

  it('refuses rows that stand twice, before anything is done', async () => {
    await using play = await Play.start(redis);
    const row = { serviceId: '1', certificateId: 9 };
    await expect(play.run('import', { map: [row, { ...row, paidTill: 'soon' }] })).rejects.toThrow(
      /paidTill/,
    );
    await expect(play.run('import', { map: [row, { ...row, serviceId: '2' }] })).rejects.toThrow(
      /listed twice/,
    );
    expect(await play.bench.countCalls('ssl.getList')).toBe(0);
  });

  it('leaves a placeholder alone that somebody works on, and moves it the next time', async () => {
    await using play = await Play.start(redis);
    const id = await buyActive(play, 'held.example.com');
    await importNow(play);
    const { certificates } = play.bench.store;
    await certificates.lease(`nc-${id}`, 'somebody', 60_000);
    const map = [{ serviceId: 'held', certificateId: id }];
    expect((await importNow(play, { map })).problems).toMatchObject([{ problem: text('being worked on') }]);
    expect(await certificates.load('held')).toBeNull();
    await certificates.release(`nc-${id}`, 'somebody');
    expect((await importNow(play, { map })).mapped).toMatchObject([{ serviceId: 'held' }]);
  });

  it('takes the paid term from the map, else from the first certificate and the years', async () => {
    await using play = await Play.start(redis, { leafDays: 99 });
    const first = await buyActive(play, 'term.example.com', undefined, 3);
    const begun = play.now();
    await play.passDays(60);
    const head = await reissueByHand(play, first);
    const other = await buyActive(play, 'told.example.com', undefined, 2);
    await importNow(play, {
      map: [
        { serviceId: 'term', certificateId: first },
        { serviceId: 'told', certificateId: other, paidTill: '2034-01-02' },
      ],
    });
    const term = await play.bench.read('term');
    expect(term.certificateId).toBe(head);
    const end = new Date(begun);
    end.setUTCFullYear(end.getUTCFullYear() + 3);
    expect(Math.abs(Date.parse(term.termEnd ?? '') - end.getTime())).toBeLessThan(60_000);
    expect(term.paidTill).toBe(term.termEnd);
    const told = await play.bench.read('told');
    expect(told).toMatchObject({ termEnd: '2034-01-02T00:00:00.000Z', paidTill: '2034-01-02T00:00:00.000Z' });
  });

  it('doubts a paid term that nobody bought, and says that a renewal may last longer', async () => {
    await using play = await Play.start(redis);
    const id = await buyActive(play, 'doubt.example.com');
    const { problems } = await importNow(play, {
      map: [{ serviceId: 'doubt', certificateId: id, paidTill: '2050-01-01' }],
    });
    expect(problems).toMatchObject([{ serviceId: 'doubt', problem: text('check it') }]);
    const other = await buyActive(play, 'renewal.example.com');
    alterInfo(play, (info) => ({ ...info, statusDescription: 'Certificate is Active. (Renewal)' }));
    const result = await importNow(play, { map: [{ serviceId: 'renewal', certificateId: other }] });
    expect(result.problems).toMatchObject([{ serviceId: 'renewal', problem: text('carried over') }]);
  });

  it('brings in what is pending, and waits for it', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_validation', { mode: 'never' });
    const id = await buyActive(play, 'pending.example.com');
    const { mapped } = await importNow(play, { map: [{ serviceId: 'pending', certificateId: id }] });
    expect(mapped).toMatchObject([{ status: 'pending-validation', endDate: null }]);
    expect((await play.bench.read('pending')).problem).toMatch(/dcv job/);
    await play.bench.control('_validation', { certificateId: id, mode: 'now' });
    await play.pass(60_000);
    await play.tick();
    expect(await play.bench.read('pending')).toMatchObject({ status: 'issued', problem: null });
  });

  it('brings in what has expired', async () => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const id = await buyActive(play, 'late.example.com', undefined, 1);
    await play.passDays(60);
    await importNow(play, { map: [{ serviceId: 'late', certificateId: id }] });
    const record = await play.bench.read('late');
    expect(record).toMatchObject({ status: 'expired', problem: null });
    // Something is left of what was paid: the scan makes good for it.
    await play.tick();
    await play.pass(5000);
    await play.tick();
    expect(await play.bench.read('late')).toMatchObject({ status: 'issued' });
  });

  it.each([
    ['a CSR that is not told', { csr: null }, /does not tell the CSR/],
    ['an address that may not approve', { approverEmail: 'me@elsewhere.example' }, /may not approve/],
    ['a type that nobody knows', { type: 'Mystery SSL' }, /"Mystery SSL" is not known/],
  ])('stops the automation for %s, until it is reissued once', async (_what, change, pattern) => {
    await using play = await Play.start(redis, { leafDays: 46 });
    const { csr } = await makeCsr({ commonName: 'stop.example.com' });
    const id = await buyByHand(play, csr);
    alterInfo(play, (info) => ({ ...info, ...change }));
    const { mapped, problems } = await importNow(play, { map: [{ serviceId: 'stop', certificateId: id }] });
    expect(mapped).toHaveLength(1);
    expect(problems).toMatchObject([
      { serviceId: 'stop', problem: expect.stringMatching(pattern) as string },
    ]);
    const record = await play.bench.read('stop');
    expect(record).toMatchObject({ status: 'issued', nextReissueAt: null });
    expect(record.automationStopped).toMatch(pattern);
    await play.passDays(40);
    await play.tick();
    expect((await play.bench.read('stop')).operation).toBeNull();
    expect((await play.readEvents()).map(({ type }) => type)).toContain('certificate.gap');
    if ('type' in change) return;
    alterInfo(play, (info) => info);
    expect(await play.run('reissue', { serviceId: 'stop', csr, dcv: { method: 'dns' } })).toMatchObject({
      kind: 'done',
    });
    await play.pass(5000);
    await play.tick();
    expect((await play.bench.read('stop')).automationStopped).toBeNull();
    expect((await play.bench.read('stop')).nextReissueAt).not.toBeNull();
  });

  it('goes on past a record that this version cannot read', async () => {
    await using play = await Play.start(redis);
    const broken = await play.order('broken.example.com');
    const sound = await play.order('sound.example.com');
    await play.bench.control('_status', { certificateId: broken.certificateId, status: 'cancelled' });
    const { redis: client, keys } = play.bench.store;
    await client.hset(keys.certificate(broken.serviceId), 'record', '{}');
    await client.hset(keys.account(broken.account, 'claims'), '4711', broken.serviceId);
    const { known, problems } = await importNow(play);
    expect(known).toBe(1);
    expect(problems.map(({ certificateId }) => certificateId)).toEqual([broken.certificateId, 4711]);
    expect(problems[0]?.problem).toContain('cannot be read by this version');
    expect((await play.bench.read(sound.serviceId)).problem).toBeNull();
  });

  it('goes on when one certificate cannot be asked for', async () => {
    await using play = await Play.start(redis);
    const [bad, good] = [await buyActive(play, 'bad.example.com'), await buyActive(play, 'good.example.com')];
    const { api } = play.bench;
    withApi(play.bench, {
      getInfo: async (input, options) => {
        if (input.certificateId !== bad) return await api.getInfo(input, options);
        throw new NamecheapError('2011294 is not yours', {
          ...{ command: 'namecheap.ssl.getInfo', kind: 'read', errorClass: 'input', outcome: 'not-made' },
          ...{ faults: [], httpStatus: 200, verdict: 'fail' },
        });
      },
    });
    const result = await importNow(play, {
      map: [bad, good].map((certificateId) => ({ serviceId: String(certificateId), certificateId })),
    });
    expect(result.problems).toMatchObject([{ serviceId: String(bad), certificateId: bad }]);
    expect(result.mapped).toMatchObject([{ serviceId: String(good) }]);
  });
});

import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import type { SandboxOptions } from '../../src/sandbox/server.js';
import { makeCsr } from '../csr-fixtures.js';
import { settle } from '../helpers/crash.js';
import { readLedger, readOutcome } from '../helpers/outcome.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const DAY_MS = 86_400_000;
const redis = useRedis();

/** What Namecheap may do to a call, and whether it was carried out. `hang` ends with the client's own timeout. */
const UNCLEAR = [
  { fault: 'drop-before' },
  { fault: 'drop-after' },
  { fault: 'hang' },
  { fault: 'hang', before: true },
  { fault: 'http-500' },
  { fault: 'http-500-after' },
  { fault: 'html' },
  { fault: 'html-after' },
  { fault: 'truncated' },
  { fault: 'throttle' },
  { fault: 'throttle-500000' },
  { fault: 'other-command' },
];

const title = (rule: object) => JSON.stringify(rule);

const CHARGED = [...UNCLEAR, { fault: 'order-error-after-charge' }].map((rule) => ({
  rule,
  name: title(rule),
}));
const FREE = UNCLEAR.map((rule) => ({ rule, name: title(rule) }));

interface Scene extends AsyncDisposable {
  play: Play;
  first: CertificateRecord;
}

function setScene(play: Play, first: CertificateRecord): Scene {
  return { play, first, [Symbol.asyncDispose]: () => play[Symbol.asyncDispose]() };
}

/** A certificate that is due for its reissue as soon as it is issued. */
async function startDue(options: SandboxOptions = {}): Promise<Scene> {
  const play = await Play.start(redis, { leafDays: 198, ...options });
  play.bench.work.settings.reissueBeforeMs = 30 * DAY_MS;
  await play.bench.control('_first-leaf', { days: 20 });
  return setScene(play, await play.order('unclear.example.com', { years: 2 }));
}

/** A certificate near the end of its paid term. */
async function startRenewable(options: SandboxOptions = {}): Promise<Scene> {
  const play = await Play.start(redis, { leafDays: 400, ...options });
  const first = await play.order('unclear.example.com');
  await play.passDays(310);
  return setScene(play, first);
}

const renewal = ({ serviceId, termEnd }: CertificateRecord) => ({
  ...{ serviceId, years: 1, paidTill: termEnd, requestId: 'op-1' },
});

describe.each(['accepted', 'issued'] as const)('a reissue, the old one replaced when %s', (replacedWhen) => {
  it.each(FREE)('answered with $name happens once', async ({ rule }) => {
    await using scene = await startDue({ replacedWhen });
    const { play, first } = scene;
    await play.bench.control('_fault', { command: 'ssl.reissue', count: 1, ...rule });
    await settle(play, first.serviceId);
    expect(await readOutcome(play, first.serviceId)).toMatchObject({
      ...{ status: 'issued', inFlight: null, problem: null, chain: 2, claims: 2, ledger: 1 },
      charges: ['namecheap.ssl.create'],
      events: { 'certificate.reissued': 1 },
      leftovers: { unclaimed: 0, isOpen: false },
    });
  });
});

describe('a reissue', () => {
  it('whose certificate is replaced and does not name its successor yet is waited for, not made again', async () => {
    await using scene = await startDue();
    const { play, first } = scene;
    const { serviceId } = first;
    await play.bench.control('_fault', { command: 'ssl.reissue', count: 1, fault: 'drop-after' });
    const { account } = play.bench.work;
    withApi(play.bench, {
      getInfo: async (input) => ({ ...(await play.bench.api.getInfo(input)), replacedBy: null }),
    });
    await settle(play, serviceId);
    expect((await play.bench.read(serviceId)).operation).toMatchObject({ job: 'reissue', state: 'accepted' });
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
    play.bench.work.account = account;
    await settle(play, serviceId);
    expect(await readOutcome(play, serviceId)).toMatchObject({ status: 'issued', chain: 2, claims: 2 });
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
  });

  it('answered with an id that another service owns is parked, and takes nothing from it', async () => {
    await using scene = await startDue();
    const { play, first } = scene;
    const { store, work } = play.bench;
    const next = String((first.certificateId ?? 0) + 1);
    const claims = store.keys.account(work.account.id, 'claims');
    await store.redis.hset(claims, next, 'another-service');
    await settle(play, first.serviceId);
    const record = await play.bench.read(first.serviceId);
    expect(record).toMatchObject({ status: 'issued', operation: { job: 'reissue', state: 'parked' } });
    expect(record.problem).toMatch(new RegExp(`${next}.*another-service`));
    expect(record.certificateIds).toEqual([first.certificateId]);
    expect(await store.redis.hget(claims, next)).toBe('another-service');
  });
});

describe('a renewal', () => {
  it.each(CHARGED)('answered with $name is charged once', async ({ rule }) => {
    await using scene = await startRenewable();
    const { play, first } = scene;
    await play.bench.control('_fault', { command: 'ssl.renew', count: 1, ...rule });
    await play.run('renew', renewal(first));
    await settle(play, first.serviceId);
    const record = await play.bench.read(first.serviceId);
    expect(await readOutcome(play, first.serviceId)).toMatchObject({
      ...{ status: 'issued', inFlight: null, problem: null, chain: 2, claims: 2, ledger: 2, renewals: 1 },
      charges: ['namecheap.ssl.create', 'namecheap.ssl.renew'],
      events: { 'certificate.renewed': 1 },
      leftovers: { lanes: 0, foreign: 0, stock: 0, unclaimed: 0, isOpen: false },
    });
    expect(new Date(record.termEnd ?? '').getUTCFullYear()).toBe(
      new Date(first.termEnd ?? '').getUTCFullYear() + 1,
    );
  });

  it('is not taken for unmade before the settle time', async () => {
    await using scene = await startRenewable();
    const { play, first } = scene;
    const { serviceId } = first;
    await play.bench.control('_fault', { command: 'ssl.renew', count: 1, fault: 'drop-before' });
    const payload = renewal(first);
    await play.run('renew', payload);
    await play.pass(50_000);
    for (let look = 0; look < 4; look++) await play.run('renew', payload);
    expect((await play.bench.read(serviceId)).operation?.state).toBe('purchase-unclear');
    expect((await play.bench.read(serviceId)).purchase?.cleanLooks).toBe(0);
    await play.pass(15_000);
    await play.run('renew', payload);
    expect((await play.bench.read(serviceId)).purchase?.cleanLooks).toBe(1);
    expect(await play.bench.countCalls('ssl.renew')).toBe(1);
    await play.run('renew', payload);
    expect((await play.bench.read(serviceId)).operation?.state).toBe('pending-validation');
    expect(await play.bench.countCalls('ssl.renew')).toBe(2);
  });

  it('that was bought by hand before is found (4028294) and adopted, with the years that were bought', async () => {
    await using scene = await startRenewable();
    const { play, first } = scene;
    await play.bench.control('_renew', { certificateId: first.certificateId, years: 2 });
    await play.run('renew', renewal(first));
    await settle(play, first.serviceId);
    const record = await play.bench.read(first.serviceId);
    expect(record.renewals).toMatchObject([{ years: 2, requestId: 'op-1' }]);
    expect(await readOutcome(play, first.serviceId)).toMatchObject({
      ...{ status: 'issued', inFlight: null, problem: null, chain: 2, claims: 2 },
      leftovers: { lanes: 0, foreign: 0, stock: 0, unclaimed: 0 },
    });
    expect((await readLedger(play)).charges).toHaveLength(2);
  });

  it('of which several may be ours is parked with the sentence, and its lane is free', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await play.order('unclear.example.com');
    // The same common name twice: a renewal of either may follow ours.
    const other = await play.order('unclear.example.com');
    await play.passDays(310);
    for (const { certificateId } of [first, other])
      await play.bench.control('_renew', { certificateId, years: 1 });
    await play.run('renew', renewal(first));
    await settle(play, first.serviceId);
    const record = await play.bench.read(first.serviceId);
    expect(record.operation).toMatchObject({ job: 'renew', state: 'parked' });
    expect(record.problem).toMatch(/several unused renewals.*certificate resolve/s);
    expect(await readOutcome(play, first.serviceId)).toMatchObject({ leftovers: { lanes: 0, stock: 0 } });
    expect((await readLedger(play)).charges).toHaveLength(4);
  });

  it('that may be hidden behind an unknown type is parked with its lane held, and found once the type is known', async () => {
    await using scene = await startRenewable();
    const { play, first } = scene;
    const { serviceId } = first;
    await play.bench.control('_fault', { command: 'ssl.renew', count: 1, fault: 'drop-after' });
    const { account } = play.bench.work;
    withApi(play.bench, {
      getList: async (input, options) => {
        const page = await play.bench.api.getList(input, options);
        return { ...page, rows: page.rows.map((row) => ({ ...row, type: 'Novel SSL' })) };
      },
      getInfo: async (input, options) => ({
        ...(await play.bench.api.getInfo(input, options)),
        type: 'Novel SSL',
      }),
    });
    await play.run('renew', renewal(first));
    await settle(play, serviceId);
    const parked = await play.bench.read(serviceId);
    expect(parked.operation).toMatchObject({ job: 'renew', state: 'parked' });
    expect(parked.problem).toMatch(/type this version does not know: \d+ \("Novel SSL"\).*--retry/);
    expect(await readOutcome(play, serviceId)).toMatchObject({ leftovers: { lanes: 1 } });
    play.bench.work.account = account;
    await play.run('resolve', { serviceId, decision: 'retry' });
    await settle(play, serviceId);
    expect(await readOutcome(play, serviceId)).toMatchObject({
      ...{ status: 'issued', inFlight: null, problem: null, chain: 2, ledger: 2, renewals: 1 },
      charges: ['namecheap.ssl.create', 'namecheap.ssl.renew'],
      leftovers: { lanes: 0, stock: 0 },
    });
  });

  it('of a certificate whose type was renamed goes on under the name that it has there', async () => {
    await using scene = await startRenewable();
    const { play, first } = scene;
    const { serviceId } = first;
    const error = { number: 2012301, text: 'SSLType mismatch' };
    await play.bench.control('_fault', { command: 'ssl.renew', count: 1, fault: 'error', error });
    // As after years in which Namecheap renamed it: the record still has the old name.
    const stored = await play.bench.store.certificates.load(serviceId);
    if (stored === null) throw new Error('not stored');
    await play.bench.store.certificates.save({
      before: stored.record,
      after: { ...stored.record, type: 'PositiveSSL' },
      change: { cause: 'test' },
    });
    await play.run('renew', renewal(first));
    await settle(play, serviceId);
    expect(await play.bench.countCalls('ssl.renew')).toBe(2);
    expect((await play.bench.read(serviceId)).type).toBe(first.type);
    expect(await readOutcome(play, serviceId)).toMatchObject({ status: 'issued', chain: 2, renewals: 1 });
  });
});

describe('more names', () => {
  const type = 'PositiveSSL Multi-Domain';
  const two = ['a.example.com', 'b.example.com'];
  const three = [...two, 'c.example.com'];

  it.each(CHARGED)('answered with $name are charged once', async ({ rule }) => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const { serviceId } = await play.order('unclear.example.com', { type, sans: two });
    await play.bench.control('_fault', { command: 'ssl.purchaseMoreSANS', count: 1, ...rule });
    await play.run('reissue', { serviceId, sans: three, allowCharge: true });
    await settle(play, serviceId);
    expect(await readOutcome(play, serviceId)).toMatchObject({
      ...{ status: 'issued', inFlight: null, problem: null, chain: 2, claims: 2, ledger: 2, sansAdded: 1 },
      charges: ['namecheap.ssl.create', 'namecheap.ssl.purchaseMoreSANS'],
      leftovers: { lanes: 0, unclaimed: 0 },
    });
    expect((await play.bench.read(serviceId)).sans).toEqual(three);
  });

  it('that are adopted have a ledger entry of their own, beside an adopted order', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    await play.bench.control('_fault', { command: 'ssl.create', count: 1, fault: 'drop-after' });
    const payload = { serviceId: 'adopted', type, sans: two };
    await play.order('unclear.example.com', payload).catch(() => undefined);
    await settle(play, 'adopted');
    await play.bench.control('_fault', { command: 'ssl.purchaseMoreSANS', count: 1, fault: 'drop-after' });
    await play.run('reissue', { serviceId: 'adopted', sans: three, allowCharge: true });
    await settle(play, 'adopted');
    expect(await readOutcome(play, 'adopted')).toMatchObject({ status: 'issued', chain: 2, ledger: 2 });
  });
});

describe('somebody who reissues by hand', () => {
  it.each(['accepted', 'issued'] as const)(
    'with our key is followed (replaced when %s)',
    async (replacedWhen) => {
      await using scene = await startDue({ replacedWhen });
      const { play, first } = scene;
      await play.bench.control('_reissue', { certificateId: first.certificateId });
      await settle(play, first.serviceId);
      expect(await readOutcome(play, first.serviceId)).toMatchObject({
        ...{ status: 'issued', inFlight: null, problem: null, chain: 2, claims: 2 },
        leftovers: { unclaimed: 0 },
      });
    },
  );

  it.each(['accepted', 'issued'] as const)(
    'with another key needs a person (replaced when %s)',
    async (replacedWhen) => {
      await using scene = await startDue({ replacedWhen });
      const { play, first } = scene;
      const { csr } = await makeCsr({ commonName: 'unclear.example.com' });
      await play.bench.control('_reissue', { certificateId: first.certificateId, csr });
      await settle(play, first.serviceId);
      const record = await play.bench.read(first.serviceId);
      expect(record.operation).toMatchObject({ job: 'reissue', state: 'parked' });
      expect(record.problem).toMatch(/another CSR than ours/);
      expect(record.certificateId).toBe(first.certificateId);
      expect((await readLedger(play)).certificates).toHaveLength(2);
    },
  );
});

describe('missing funds', () => {
  it('pause a renewal and not a reissue of another service', async () => {
    await using scene = await startRenewable({ balance: '100' });
    const { play, first } = scene;
    play.bench.work.settings.reissueBeforeMs = 30 * DAY_MS;
    await play.bench.control('_first-leaf', { days: 20 });
    const other = await play.order('other.example.com', { years: 2 });
    await play.bench.control('_balance', { balance: '0' });
    await play.run('renew', renewal(first));
    expect((await play.bench.read(first.serviceId)).operation).toMatchObject({
      job: 'renew',
      state: 'accepted',
    });
    await play.tick();
    await play.pass(2000);
    await play.tick();
    expect((await play.bench.read(other.serviceId)).certificateIds).toHaveLength(2);
    await play.bench.control('_balance', { balance: '100' });
    await settle(play, first.serviceId);
    expect(await readOutcome(play, first.serviceId)).toMatchObject({ renewals: 1, chain: 2, inFlight: null });
  });

  it('let a reissue of the same service past, and the renewal comes back with the key in use then', async () => {
    await using scene = await startRenewable({ balance: '100' });
    const { play, first } = scene;
    const { serviceId } = first;
    await play.bench.control('_balance', { balance: '0' });
    await play.run('renew', renewal(first));
    const { csr } = await makeCsr({ commonName: 'unclear.example.com' });
    await play.run('reissue', { serviceId, reason: 'rekey', csr, requestId: 'rekey-1' });
    const between = await play.bench.read(serviceId);
    expect(between.operation).toMatchObject({ job: 'reissue', state: 'pending-validation' });
    expect(between.errands).toMatchObject([{ id: 'op-1', job: 'renew' }]);
    await play.bench.control('_balance', { balance: '100' });
    await settle(play, serviceId);
    expect(await readOutcome(play, serviceId)).toMatchObject({
      ...{ status: 'issued', chain: 3, claims: 3, renewals: 1, inFlight: null },
      charges: ['namecheap.ssl.create', 'namecheap.ssl.renew'],
    });
    expect((await play.bench.store.certificates.load(serviceId))?.request.csr).toBe(csr);
  });

  it('keep what the renewal asked for itself, and nothing else', async () => {
    await using scene = await startRenewable();
    const { play, first } = scene;
    const { serviceId } = first;
    const { store, work } = play.bench;
    await store.accounts.pause(work.account.id, { scope: 'purchases', reason: 'by hand', until: null });
    const dcv = { method: 'email' as const, approverEmail: 'admin@example.com' };
    await play.run('renew', { ...renewal(first), dcv, promotionCode: 'SPRING' });
    await play.run('reissue', { serviceId, requestId: 'again' });
    const { serviceId: id, years, paidTill } = renewal(first);
    expect((await play.bench.read(serviceId)).errands).toMatchObject([{ id: 'op-1' }]);
    expect((await play.bench.read(serviceId)).errands[0]?.payload).toEqual({
      ...{ serviceId: id, years, paidTill, dcv, promotionCode: 'SPRING' },
    });
  });
});

import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { CertificateRecord, Flight, Purchase } from '../../src/certificates/record.js';
import { InputError } from '../../src/errors.js';
import { checkArchive } from '../../src/store/archive-check.js';
import { decodeValue, encodeValue } from '../../src/store/archive-format.js';
import { exportStore } from '../../src/store/archive.js';
import { createStore } from '../../src/store/store.js';
import { bodyOf, dumpKeys, exportLines, restoreLines, sourceOf } from '../helpers/archives.js';
import { composeOperation } from '../../src/certificates/transitions.js';
import { composeTestRecord } from '../helpers/records.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

/** An empty store of its own. */
function open() {
  const prefix = redis.createPrefix();
  const store = createStore(redis.client, prefix, Date.now);
  const keep = async (serviceId: string, changes: Partial<CertificateRecord> = {}) => {
    const { record, request } = composeTestRecord(serviceId, changes);
    await store.certificates.create(record, request, { cause: 'kept', event: 'certificate.accepted' });
  };
  const account = (what: string) => store.keys.account('acc', what);
  return { prefix, store, keep, account, dump: () => dumpKeys(redis.client, prefix) };
}

function composePurchase(serviceId: string, changes: Partial<Purchase> = {}): Purchase {
  const ids = {
    id: randomUUID(),
    kind: 'order' as const,
    serviceId,
    key: `order-${serviceId}`,
    lane: 'order-dv-single',
    product: 'dv-single',
  };
  return { ...ids, years: 1, sansToAdd: 0, begunAt: 1_800_000_000_000, cleanLooks: 0, ...changes };
}

const issued: Partial<CertificateRecord> = {
  ...{ status: 'issued', operation: null, nextActionAt: null, nextReissueAt: '2027-03-01T00:00:00.000Z' },
  ...{ issuedAt: '2027-01-01T00:00:00.000Z', endDate: '2027-05-01T00:00:00.000Z' },
  ...{ paidTill: '2029-01-01T00:00:00.000Z', termEnd: '2029-01-01T00:00:00.000Z' },
  ...{ certificateId: 77, certificateIds: [77] },
};

/** A service that is buying: record, lane and purchase key. */
async function keepBuying(place: ReturnType<typeof open>, serviceId: string, purchase: Purchase) {
  const operation = composeOperation('order', 'purchase-unclear', Date.parse('2027-01-01T00:00:00.000Z'));
  await place.keep(serviceId, { status: 'purchase-unclear', operation, purchase });
  await redis.client.hset(place.account('lanes'), purchase.lane, JSON.stringify(purchase));
  await redis.client.hset(place.account('purchases'), purchase.key, JSON.stringify(purchase));
}

/** A renewal whose purchase nobody could attribute. */
function composeParked(purchase: Purchase | null = null): Flight {
  return {
    operation: composeOperation('renew', 'parked', Date.parse('2027-01-01T00:00:00.000Z')),
    ...{ asked: {}, purchase, activationBegunAt: null, activatedAt: null, validation: [] },
    ...{ attempts: 0, lostTries: 0, problem: 'two fit' },
  };
}

/** The lines with another end that fits them: what somebody makes who knows the format. */
function seal(lines: readonly string[]): string[] {
  const body = lines.slice(0, -1);
  const parsed = body
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { kind: string; account?: string });
  const end = {
    kind: 'end',
    certificates: parsed.filter(({ kind }) => kind === 'certificate').length,
    accounts: new Set(parsed.flatMap(({ account }) => (account === undefined ? [] : [account]))).size,
    lines: body.length,
    sha256: createHash('sha256')
      .update(body.map((line) => `${line}\n`).join(''))
      .digest('hex'),
  };
  return [...body, JSON.stringify(end)];
}

describe('a value in the file', () => {
  it.each([
    ...['3', 'issued', '', '{', '[1,', '{"a":1}', '[{"b":null}]', '{"a": 1}', '{"a":1.0}', '{"a":1e3}'],
    ...['{"a":1,"a":2}', '{"b":"\\/"}', '{"10":1,"2":2}', '{"n":12345678901234567890}', '"x"', 'null'],
  ])('%s comes back byte by byte', (raw) => {
    const line = JSON.parse(JSON.stringify({ value: encodeValue(raw) })) as { value: string | object };
    expect(decodeValue(line.value)).toBe(raw);
  });
});

describe('lossless', () => {
  it('keeps fields that this version does not know, leases apart, and every part of an account', async () => {
    const [from, to] = [open(), open()];
    await from.keep('a', issued);
    await from.keep('b', { fieldOfLater: { deep: [1] } } as Partial<CertificateRecord>);
    await redis.client.hset(from.store.keys.certificate('a'), 'draft', '{"csr":"x","n":1}', 'later', 'plain');
    await from.store.certificates.lease('a', 'token', 60_000);
    await keepBuying(from, 'c', composePurchase('c'));
    const made = JSON.stringify({ ...composePurchase('a'), certificateId: 77 });
    const gone = composePurchase('gone');
    await redis.client.hset(from.account('purchases'), 'order-a', made);
    await redis.client.hset(from.account('not-made'), gone.id, JSON.stringify(gone));
    await redis.client.hset(from.account('claims'), '77', 'a');
    await redis.client.hset(
      from.account('stock'),
      '78',
      '{"product":"dv-single","type":"PositiveSSL","years":1,"sansToAdd":0}',
    );
    await redis.client.hset(from.account('foreign'), '79', '2027-01-01T00:00:00.000Z');
    await redis.client.hset(from.account('ledger'), '501', '{"certificateId":77,"at":1800000000000}');
    await redis.client.hset(from.account('balance'), { amount: '12.5000', at: '1800000000000' });
    await redis.client.zadd(from.account('spend'), 1_800_000_000_123, '501|88800');
    await redis.client.zadd(from.account('begun'), 1_800_000_000_123, gone.id);
    await redis.client.hset(from.account('listing'), { startedAt: '1', completedAt: '2' });
    const lines = await exportLines(from.store);
    expect(lines.join('\n')).not.toContain('token');
    expect((await restoreLines(to.store, lines)).counts).toMatchObject({ restored: 3, conflicts: 0 });
    expect(await to.dump()).toEqual(await from.dump());
    expect(Object.keys(await to.dump())).toHaveLength(20);
    expect(bodyOf(await exportLines(to.store))).toEqual(bodyOf(lines));
    expect(await redis.client.zscore(to.store.keys.open, 'c')).toBe('1800000000000');
  });

  it('writes large accounts and stores in small pieces, and restores 5,000 services', async () => {
    const [from, to] = [open(), open()];
    const all = Array.from({ length: 5000 }, (_, index) => `s${index}`);
    for (let start = 0; start < all.length; start += 500) {
      const ids = all.slice(start, start + 500);
      await Promise.all(
        ids.map((id) => from.keep(id, { ...issued, certificateId: null, certificateIds: [] })),
      );
      await redis.client.hset(
        from.account('claims'),
        Object.fromEntries(ids.map((id) => [`9${id.slice(1)}`, id])),
      );
    }
    const sizes: number[] = [];
    for await (const chunk of exportStore(from.store, { prefix: 'p', now: 0, onUnreadable: () => undefined }))
      sizes.push(chunk.split('\n').length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(101);
    const lines = await exportLines(from.store);
    const entries = lines
      .map((line) => JSON.parse(line) as { kind: string; entries?: object })
      .filter(({ kind }) => kind === 'account')
      .map((line) => Object.keys(line.entries ?? {}).length);
    expect(Math.max(...entries)).toBeLessThan(2000);
    expect((await restoreLines(to.store, lines)).counts).toMatchObject({ restored: 5000, entries: 5000 });
    expect(await redis.client.scard(to.store.keys.services)).toBe(5000);
    expect(await redis.client.zcard(to.store.keys.due)).toBe(5000);
    expect(await to.store.modules.countUses('default')).toBe(5000);
  });

  it('tells of a record that it cannot read, and exports it nevertheless', async () => {
    const { store, keep } = open();
    await keep('newer');
    await redis.client.hset(store.keys.certificate('newer'), 'record', '{"status":"frozen"}');
    const told: string[] = [];
    let text = '';
    const options = { prefix: 'p', now: 0, onUnreadable: (id: string) => told.push(id) };
    for await (const chunk of exportStore(store, options)) text += chunk;
    expect(told).toEqual(['newer']);
    expect(text).toContain('"record":{"status":"frozen"}');
  });
});

describe('a file that is not as it was exported', () => {
  const faults = async (lines: readonly string[]): Promise<string> => {
    const error = await checkArchive(sourceOf(lines)).catch((thrown: unknown) => thrown);
    if (!(error instanceof InputError)) throw new Error('the file was not refused');
    return error.faults.join('\n');
  };
  const make = async () => {
    const place = open();
    await place.keep('a', issued);
    await place.keep('b', issued);
    await redis.client.hset(place.account('claims'), '77', 'a');
    return await exportLines(place.store);
  };

  it('is refused, naming the line', async () => {
    const lines = await make();
    const altered = lines.map((line) => line.replace('"years":1', '"years":2'));
    expect(await faults(lines.slice(0, -1))).toMatch(/^line 5: .*cut off/);
    expect(await faults([...lines.slice(0, -2), lines.at(-1) ?? ''])).toMatch(/^line 4: .*altered/);
    expect(await faults(altered)).toMatch(/^line 5: .*altered/);
    expect(await faults([...lines, '{}'])).toMatch(/^line 6: stands after the end/);
    expect(await faults([])).toMatch(/cut off/);
    expect(await faults(['id,name', '1,x'])).toMatch(/^line 1: is not the beginning/);
    expect(
      await faults([JSON.stringify({ ...JSON.parse(lines[0] ?? ''), version: 2 }), ...lines.slice(1)]),
    ).toMatch(/version 2/);
  });

  it('is refused for every value that the store could not read, also when its checksum fits', async () => {
    const lines = await make();
    expect(seal(lines)).toEqual(lines);
    const [first = '', second = ''] = [lines[1], lines[2]];
    const broken = first
      .replaceAll('"status":"issued"', '"status":"frozen"')
      .replace('"version":1', '"version":7');
    const twice = seal([
      lines[0] ?? '',
      broken,
      second,
      second,
      '{"kind":"module"}',
      'x',
      lines[3] ?? '',
      '',
    ]);
    const text = await faults(twice);
    expect(text).toMatch(/line 2: fields\.record\.status: /);
    expect(text).toMatch(/line 4: serviceId: . stands in an earlier line/);
    expect(text).toMatch(/line 5: kind: give one of/);
    expect(text).toMatch(/line 6: is not a JSON document/);
    const lease = first.replace('"fields":{', '"fields":{"lease":"x",');
    expect(await faults(seal([lines[0] ?? '', lease, '']))).toMatch(/fields\.lease: is a lease/);
    const moved = first.replace(/"serviceId":"(.)"/, '"serviceId":"z"');
    expect(await faults(seal([lines[0] ?? '', moved, '']))).toMatch(
      /fields.record: belongs to service ., the line to z/,
    );
    const claims = (lines[3] ?? '').replace('"77":"a"', '"77":5');
    expect(await faults(seal([lines[0] ?? '', claims, '']))).toMatch(/entries\.77/);
  });

  it('lists the first faults only, and how many more there are', async () => {
    const lines = await make();
    expect(await faults(seal([lines[0] ?? '', ...Array<string>(50).fill('x'), '']))).toMatch(
      /and 30 more faults$/,
    );
  });
});

describe('a store that is not empty', () => {
  it('keeps what differs, and with --replace takes it with a version nobody has seen', async () => {
    const [from, to] = [open(), open()];
    await from.keep('a', issued);
    await to.keep('a', { problem: 'mine', module: 'other' });
    await to.keep('mine');
    const lines = await exportLines(from.store);
    const before = await to.dump();
    const kept = await restoreLines(to.store, lines);
    expect(kept.counts).toMatchObject({ different: 1, restored: 0, conflicts: 0 });
    expect(kept.left).toEqual([
      expect.stringMatching(/service a differs .*here accepted .*in the file issued/),
    ]);
    expect(await to.dump()).toEqual(before);
    const seen = await to.store.certificates.load('a');
    expect((await restoreLines(to.store, lines, { isReplacing: true })).counts.replaced).toBe(1);
    const now = await to.store.certificates.load('a');
    expect(now?.record).toMatchObject({ status: 'issued', version: 2, problem: null, module: 'default' });
    expect((await to.store.certificates.readHistory('a')).at(-1)?.cause).toMatch(/replaced from an export/);
    expect(await redis.client.zscore(to.store.keys.open, 'a')).toBeNull();
    expect(await redis.client.zscore(to.store.keys.due, 'a')).toBe(String(Date.parse('2027-03-01')));
    expect([await to.store.modules.countUses('other'), await to.store.modules.countUses('default')]).toEqual([
      0, 2,
    ]);
    const step = {
      before: seen?.record ?? never(),
      after: seen?.record ?? never(),
      change: { cause: 'late' },
    };
    await expect(to.store.certificates.save(step)).rejects.toThrow(/changed by another worker/);
    expect((await restoreLines(to.store, lines, { isReplacing: true })).counts).toMatchObject({
      identical: 1,
    });
  });

  it('conflicts where a certificate or a purchase is somebody else’s: nothing of that line is written', async () => {
    const [from, to] = [open(), open()];
    await from.keep('a', { ...issued, purchase: composePurchase('a') });
    await from.keep('fine');
    const theirs = { 77: 'a', 80: 'fine' };
    await redis.client.hset(from.account('claims'), theirs);
    await redis.client.hset(from.account('ledger'), '1', '{"certificateId":77,"at":1}');
    await redis.client.hset(to.account('claims'), '77', 'b');
    await redis.client.hset(to.account('ledger'), '1', '{"certificateId":99,"at":1}');
    const { counts, left } = await restoreLines(to.store, await exportLines(from.store));
    expect(counts).toMatchObject({ restored: 1, conflicts: 3 });
    expect(left.join('\n')).toContain('account acc, claims: certificate 77 belongs to service b here');
    expect(left.join('\n')).toContain('transaction 1 has other values here');
    expect(left.join('\n')).toContain('service a: its certificate 77 belongs to service b here');
    expect(await redis.client.hgetall(to.account('claims'))).toEqual({ 77: 'b' });
    expect(await to.store.certificates.load('a')).toBeNull();
    expect(await redis.client.sismember(to.store.keys.services, 'a')).toBe(0);
    await redis.client.hset(to.account('purchases'), 'order-a', JSON.stringify(composePurchase('a')));
    await redis.client.del(to.account('claims'), to.account('ledger'));
    const next = await restoreLines(to.store, await exportLines(from.store));
    expect(next.left).toEqual(['conflict: service a: order-a is another purchase here; it was left out']);
  });

  it('takes a certificate back that was called foreign or stock after the loss, and leaves used stock used', async () => {
    const [from, to] = [open(), open()];
    const stock = '{"product":"dv-single","type":"PositiveSSL","years":1,"sansToAdd":0}';
    await from.keep('a', issued);
    await redis.client.hset(from.account('claims'), '77', 'a');
    await redis.client.hset(from.account('stock'), { 78: stock, 79: stock });
    await redis.client.hset(from.account('foreign'), '80', 'x');
    await redis.client.hset(to.account('foreign'), { 77: 'y', 78: 'y' });
    await redis.client.hset(to.account('claims'), { 79: 'user', 80: 'user' });
    expect((await restoreLines(to.store, await exportLines(from.store))).counts.conflicts).toBe(0);
    expect(await redis.client.hgetall(to.account('claims'))).toEqual({ 77: 'a', 79: 'user', 80: 'user' });
    expect(Object.keys(await redis.client.hgetall(to.account('stock')))).toEqual(['78']);
    expect(await redis.client.exists(to.account('foreign'))).toBe(0);
  });

  it('never holds a lane again for a purchase that is settled meanwhile, nor for one without its service', async () => {
    const [from, to] = [open(), open()];
    const purchase = composePurchase('a');
    const orphan = composePurchase('late', { lane: 'order-ov-single' });
    await keepBuying(from, 'a', purchase);
    await redis.client.hset(from.account('lanes'), orphan.lane, JSON.stringify(orphan));
    await redis.client.hset(from.account('purchases'), orphan.key, JSON.stringify(orphan));
    await to.keep('a', { status: 'failed', operation: null, purchase: null, nextActionAt: null });
    const lines = await exportLines(from.store);
    expect((await restoreLines(to.store, lines)).counts).toMatchObject({ different: 1, conflicts: 0 });
    expect(await redis.client.exists(to.account('lanes'))).toBe(0);
    expect(await redis.client.hkeys(to.account('purchases'))).toEqual(['order-late']);
    const replaced = await restoreLines(to.store, lines, { isReplacing: true });
    expect(replaced.left).toEqual([expect.stringMatching(/a purchase is under way/)]);
  });

  it.each<[string, (purchase: Purchase) => Partial<CertificateRecord>]>([
    ['parked', (purchase) => ({ status: 'parked', operation: null, purchase })],
    ['closed while parked', (purchase) => ({ status: 'closed', closedFrom: 'parked', purchase })],
    [
      'one under another flight',
      (purchase) => ({ shelved: { ...composeParked(), under: composeParked(purchase) } }),
    ],
    ['a parked renewal on the shelf', (purchase) => ({ ...issued, shelved: composeParked(purchase) })],
  ])('holds the lane of what a person has to decide: %s', async (_name, compose) => {
    const [from, to] = [open(), open()];
    const purchase = composePurchase('a');
    await from.keep('a', compose(purchase));
    for (const [part, name] of Object.entries({ lanes: purchase.lane, purchases: purchase.key }))
      await redis.client.hset(from.account(part), name, JSON.stringify(purchase));
    const { counts } = await restoreLines(to.store, await exportLines(from.store));
    expect(counts).toMatchObject({ restored: 1, conflicts: 0 });
    expect(await redis.client.hkeys(to.account('lanes'))).toEqual([purchase.lane]);
  });

  it('leaves a service out whose lane another purchase holds', async () => {
    const [from, to] = [open(), open()];
    await keepBuying(from, 'a', composePurchase('a'));
    await keepBuying(to, 'b', composePurchase('b'));
    const { counts, left } = await restoreLines(to.store, await exportLines(from.store));
    expect(counts).toMatchObject({ restored: 0, conflicts: 2 });
    expect(left[0]).toContain('lane order-dv-single is held by the purchase order-b');
    expect(await to.store.certificates.load('a')).toBeNull();
  });
});

describe('an interrupted restore', () => {
  it.each([0, 1, 60, 110])(
    'after %i lines of services leaves whole ones, and is completed by another',
    async (count) => {
      const [from, to] = [open(), open()];
      for (let index = 0; index < 120; index++)
        await from.keep(`s${index}`, { ...issued, certificateId: index });
      await redis.client.hset(from.account('claims'), '1', 's1');
      const lines = await exportLines(from.store);
      let readings = 0;
      const source = async function* () {
        readings += 1;
        if (readings === 1) yield* lines;
        else yield* lines.slice(0, count + 1);
        await Promise.resolve();
        if (readings > 1) throw new Error('killed');
      };
      await expect(restoreLines(to.store, lines, { source })).rejects.toThrow('killed');
      expect(await redis.client.hgetall(to.account('claims'))).toEqual({ 1: 's1' });
      const written = await redis.client.scard(to.store.keys.services);
      expect(written).toBe(count - (count % 50));
      for (const what of ['certificate', 'history'])
        expect(Object.keys(await to.dump()).filter((key) => key.startsWith(`:${what}:`))).toHaveLength(
          written,
        );
      expect(await redis.client.zcard(to.store.keys.due)).toBe(written);
      expect((await restoreLines(to.store, lines)).counts).toMatchObject({
        restored: 120 - written,
        identical: written,
      });
      expect(await to.dump()).toEqual(await from.dump());
    },
  );

  it('by a signal says so', async () => {
    const [from, to] = [open(), open()];
    await from.keep('a');
    const { counts } = await restoreLines(to.store, await exportLines(from.store), {
      signal: AbortSignal.abort(),
    });
    expect(counts).toMatchObject({ isComplete: false, restored: 0 });
  });
});

function never(): never {
  throw new Error('not stored');
}

import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { StaleRecordError } from '../../src/certificates/errors.js';
import type { Bought, Intent, ListedPurchase, SpendingGuard } from '../../src/certificates/ports.js';
import type { CertificateRecord, Purchase } from '../../src/certificates/record.js';
import { moveRecord } from '../../src/certificates/transitions.js';
import { createStore, type Store } from '../../src/store/store.js';
import { composeTestRecord } from '../helpers/records.js';
import { useRedis } from '../helpers/redis.js';
import { withShiftedClock } from '../helpers/redis-clock.js';

const NO_GUARD: SpendingGuard = { maxPurchasesPerHour: null, maxSpendPerDay: null };
const NOW = 1_800_000_000_000;

const redis = useRedis();
let store: Store;

beforeEach(async () => {
  store = createStore(redis.client, redis.createPrefix(), () => NOW);
  // As after the first contact with the account.
  const survey = { server: await store.gates.readServer(), startedAt: NOW, isByPerson: false };
  await store.gates.finish('acc', survey);
  await store.gates.look('acc', '', '');
});

function intentOf(serviceId: string, changes: Partial<Intent> = {}): Intent {
  return {
    id: randomUUID(),
    kind: 'order',
    serviceId,
    key: `order-${serviceId}`,
    lane: 'order-dv-single',
    product: 'dv-single',
    years: 1,
    sansToAdd: 0,
    ...changes,
  };
}

async function accept(serviceId: string): Promise<CertificateRecord> {
  const { record, request } = composeTestRecord(serviceId);
  await store.certificates.create(record, request, { cause: 'accepted', event: 'certificate.accepted' });
  return await reload(serviceId);
}

async function reload(serviceId: string): Promise<CertificateRecord> {
  const stored = await store.certificates.load(serviceId);
  if (stored === null) throw new Error(`${serviceId} is not stored`);
  return stored.record;
}

async function list(rows: ListedPurchase[] = [], times?: { startedAt: number; completedAt: number }) {
  const now = await store.listings.readClock();
  return await store.listings.saveListing('acc', 'default', {
    kind: 'order',
    startedAt: now,
    completedAt: now,
    ...times,
    rows,
  });
}

function row(certificateId: number, changes: Partial<ListedPurchase> = {}): ListedPurchase {
  return {
    certificateId,
    product: 'dv-single',
    type: 'Standard SSL',
    years: 1,
    purchasedAt: null,
    ...changes,
  };
}

function bought(certificateId: number): Bought {
  return {
    certificateId,
    type: 'Standard SSL',
    orderId: 1,
    transactionId: certificateId + 1,
    charged: { amount: '8.8800', currency: 'USD' },
  };
}

async function begin(
  serviceId: string,
  intent = intentOf(serviceId),
): Promise<{ record: CertificateRecord; purchase: Purchase }> {
  const answer = await store.purchases.begin(await reload(serviceId), intent, '', NO_GUARD);
  if (answer.kind !== 'begun' || answer.record.purchase === null)
    throw new Error(`not begun: ${answer.kind}`);
  return { record: answer.record, purchase: answer.record.purchase };
}

async function settle(
  begun: { record: CertificateRecord; purchase: Purchase },
  certificateId: number,
  changes: Partial<Bought> = {},
) {
  const after = moveRecord(begun.record, 'purchased', NOW, {
    certificateId,
    certificateIds: [certificateId],
  });
  const step = {
    before: begun.record,
    after,
    change: { cause: 'bought', event: 'certificate.purchased' as const },
  };
  return await store.purchases.settleMade(step, begun.purchase, { ...bought(certificateId), ...changes });
}

async function settleNotMade(begun: { record: CertificateRecord; purchase: Purchase }, isConcluded: boolean) {
  const after = moveRecord(begun.record, 'accepted', NOW, { purchase: null });
  return await store.purchases.settleNotMade(
    { before: begun.record, after, change: { cause: 'not made' } },
    begun.purchase,
    isConcluded,
  );
}

describe('begin', () => {
  it('records intent in lane and record together', async () => {
    await accept('a');
    await list();
    const { record, purchase } = await begin('a');
    expect(await reload('a')).toEqual(record);
    expect(record.status).toBe('purchasing');
    expect(await store.purchases.check('acc', purchase)).toMatchObject({ isHeld: true });
  });

  it('needs a complete listing of the last ten minutes', async () => {
    await accept('a');
    expect((await store.purchases.begin(await reload('a'), intentOf('a'), '', NO_GUARD)).kind).toBe(
      'listing-old',
    );
    const old = (await store.listings.readClock()) - 601_000;
    await list([], { startedAt: old, completedAt: old });
    expect((await store.purchases.begin(await reload('a'), intentOf('a'), '', NO_GUARD)).kind).toBe(
      'listing-old',
    );
    expect((await reload('a')).status).toBe('accepted');
  });

  it('lets one unsettled purchase into a lane, another lane is free', async () => {
    await Promise.all(['a', 'b', 'c'].map(accept));
    await list();
    await begin('a');
    expect((await store.purchases.begin(await reload('b'), intentOf('b'), '', NO_GUARD)).kind).toBe(
      'lane-busy',
    );
    expect((await reload('b')).status).toBe('accepted');
    const other = intentOf('c', { lane: 'order-ov-single', product: 'ov-single' });
    expect((await store.purchases.begin(await reload('c'), other, '', NO_GUARD)).kind).toBe('begun');
  });

  it('never buys a key twice, whoever asks', async () => {
    await accept('a');
    await list();
    const begun = await begin('a');
    await settle(begun, 9001);
    // A record that forgot its purchase (restored from an old copy, say) must not buy again.
    await redis.client.del(store.keys.certificate('a'));
    await accept('a');
    expect(await store.purchases.begin(await reload('a'), intentOf('a'), '', NO_GUARD)).toEqual({
      kind: 'bought',
      certificateId: 9001,
    });
  });

  it('loses against a changed record and against a lost lease', async () => {
    const stale = await accept('a');
    await list();
    await store.certificates.save({
      before: stale,
      after: { ...stale, problem: 'x' },
      change: { cause: 'x' },
    });
    await expect(store.purchases.begin(stale, intentOf('a'), '', NO_GUARD)).rejects.toThrow(StaleRecordError);
    await store.certificates.lease('a', 'other', 60_000);
    await expect(store.purchases.begin(await reload('a'), intentOf('a'), 'mine', NO_GUARD)).rejects.toThrow(
      StaleRecordError,
    );
  });

  it('holds to pause, purchases per hour and spend per day', async () => {
    await Promise.all(['a', 'b'].map(accept));
    await list();
    await store.accounts.pause('acc', { scope: 'purchases', reason: 'funds', until: null });
    expect(await store.purchases.begin(await reload('a'), intentOf('a'), '', NO_GUARD)).toMatchObject({
      kind: 'paused',
      reason: 'funds',
    });
    await store.accounts.resume('acc');
    await settle(await begin('a'), 9001);
    const perHour = { maxPurchasesPerHour: 1, maxSpendPerDay: null };
    expect(await store.purchases.begin(await reload('b'), intentOf('b'), '', perHour)).toMatchObject({
      kind: 'guarded',
      limit: 'purchases',
    });
    const perDay = { maxPurchasesPerHour: null, maxSpendPerDay: '8.88' };
    // The fake clock of this store is not Redis's, by which the spending is counted.
    expect(await store.purchases.begin(await reload('b'), intentOf('b'), '', perDay)).toMatchObject({
      kind: 'guarded',
      limit: 'spend',
    });
  });
});

describe('settling', () => {
  it('claims, frees the lane, saves the record; doing it again changes nothing', async () => {
    await accept('a');
    await list();
    const begun = await begin('a');
    expect((await settle(begun, 9001)).kind).toBe('made');
    expect(await reload('a')).toMatchObject({ status: 'purchased', certificateId: 9001 });
    expect(await store.purchases.readOwner('acc', 9001)).toBe('a');
    expect((await settle(begun, 9001)).kind).toBe('moved-on');
    expect(await redis.client.hlen(store.keys.account('acc', 'ledger'))).toBe(1);
    expect(await redis.client.hlen(store.keys.account('acc', 'stock'))).toBe(0);
  });

  it('keeps a late answer as stock when its lane moved on, and the next order takes it', async () => {
    await Promise.all(['a', 'b'].map(accept));
    await list();
    const begun = await begin('a');
    await settleNotMade(begun, true);
    expect((await settle(begun, 9001)).kind).toBe('moved-on');
    const taken = await store.purchases.takeStock(await reload('b'), intentOf('b'), '');
    expect(taken).toMatchObject({ status: 'purchased', certificateId: 9001 });
    expect(await store.purchases.readOwner('acc', 9001)).toBe('b');
    expect(await store.purchases.takeStock(await reload('a'), intentOf('a'), '')).toBeNull();
  });

  it('gives each of two orders that come at once a certificate of the stock', async () => {
    await Promise.all(['a', 'b'].map(accept));
    const row = { product: 'dv-single', type: 'Standard SSL', years: 1, sansToAdd: 0, purchaseId: 'by-hand' };
    for (const id of [9001, 9002]) await store.stock.markOurs('acc', id, row);
    const records = await Promise.all(['a', 'b'].map(reload));
    const taken = await Promise.all(
      records.map((record) => store.purchases.takeStock(record, intentOf(record.serviceId), '')),
    );
    expect(taken.map((one) => one?.certificateId).sort()).toEqual([9001, 9002]);
  });

  it('puts the amount of an answer that comes after the adoption in the place of the entry without one', async () => {
    await accept('a');
    await list();
    const begun = await begin('a');
    expect((await settle(begun, 9001, { transactionId: null, charged: null })).kind).toBe('made');
    await store.listings.saveBalance('acc', '100.0000', NOW);
    expect((await settle(begun, 9001)).kind).toBe('moved-on');
    expect(await redis.client.hkeys(store.keys.account('acc', 'ledger'))).toEqual(['9002']);
    expect(await redis.client.hkeys(store.keys.account('acc', 'claims'))).toEqual(['9001']);
    // Its time in our books is not that of the charge.
    expect(await store.listings.readBalance('acc')).toBeNull();
  });

  it('enters nothing for an adoption that the answer was faster than', async () => {
    await accept('a');
    await list();
    const begun = await begin('a');
    expect((await settle(begun, 9001)).kind).toBe('made');
    expect((await settle(begun, 9001, { transactionId: null, charged: null })).kind).toBe('moved-on');
    expect(await redis.client.hkeys(store.keys.account('acc', 'ledger'))).toEqual(['9002']);
  });

  it('enters nothing for an adoption after an answer that found the record changed', async () => {
    await accept('a');
    await list();
    const begun = await begin('a');
    const changed = { ...begun, record: { ...begun.record, version: begun.record.version - 1 } };
    await expect(settle(changed, 9001)).rejects.toThrow(StaleRecordError);
    expect((await settle(begun, 9001, { transactionId: null, charged: null })).kind).toBe('made');
    expect(await redis.client.hkeys(store.keys.account('acc', 'ledger'))).toEqual(['9002']);
    expect(await redis.client.hlen(store.keys.account('acc', 'lanes'))).toBe(0);
  });

  it('refuses a certificate that another service owns', async () => {
    await Promise.all(['a', 'b'].map(accept));
    await list();
    await settle(await begin('a'), 9001);
    expect(await settle(await begin('b'), 9001)).toEqual({ kind: 'claimed', owner: 'a' });
    expect((await reload('b')).status).toBe('purchasing');
  });

  it('as made twice with one transaction keeps one entry in the ledger, and one charge', async () => {
    await accept('a');
    await list();
    const begun = await begin('a');
    await settle(begun, 9001);
    // As after a lost answer, and as by a worker that was stopped for long: the lane is empty by now.
    expect((await settle(begun, 9001)).kind).toBe('moved-on');
    expect((await settle(begun, 9001)).kind).toBe('moved-on');
    const [ledger, spend] = ['ledger', 'spend'].map((what) => store.keys.account('acc', what));
    expect(await redis.client.hkeys(ledger ?? '')).toEqual(['9002']);
    expect(await redis.client.zcard(spend ?? '')).toBe(1);
    expect(await redis.client.hkeys(store.keys.account('acc', 'stock'))).toEqual([]);
  });

  it('as not made frees lane and key for another try', async () => {
    await accept('a');
    await list();
    await settleNotMade(await begin('a'), false);
    expect((await reload('a')).status).toBe('accepted');
    expect((await begin('a')).record.status).toBe('purchasing');
  });
});

describe('stock', () => {
  it('never takes a certificate that is claimed, nor one of a purchase whose lane moved on', async () => {
    await Promise.all(['a', 'b'].map(accept));
    await list();
    const begun = await begin('a');
    const stock = store.keys.account('acc', 'stock');
    await redis.client.hset(store.keys.account('acc', 'claims'), '42', 'somebody');
    await store.purchases.addStock('acc', bought(42), begun.purchase);
    expect(await redis.client.hlen(stock)).toBe(0);
    await store.purchases.addStock('acc', bought(43), begun.purchase);
    expect(await redis.client.hkeys(stock)).toEqual(['43']);
    await settleNotMade(begun, false);
    await store.purchases.addStock('acc', bought(44), begun.purchase);
    expect(await redis.client.hkeys(stock)).toEqual(['43']);
  });
});

describe('a listing', () => {
  /** The same Redis after its clock went back by an hour. */
  const goBack = () => {
    const client = withShiftedClock(redis.client, () => -3_600_000);
    store = createStore(client, store.keys.open.replace(/:open$/, ''), () => NOW);
  };

  it('still takes a certificate for that of an unsettled purchase after the clock went back', async () => {
    await accept('a');
    await list();
    await begin('a');
    goBack();
    expect(await list([row(9001)])).toMatchObject({ foreign: [], candidates: [{ certificateId: 9001 }] });
  });

  it('is too old for a purchase after the clock went back', async () => {
    await accept('a');
    await list();
    goBack();
    await expect(begin('a')).rejects.toThrow();
    await list();
    expect((await begin('a')).record.status).toBe('purchasing');
  });

  it('calls what no purchase explains foreign, once, and never again ours', async () => {
    expect(await list([row(9001)])).toMatchObject({ foreign: [9001], candidates: [] });
    await accept('a');
    await begin('a');
    expect(await list([row(9001)])).toEqual({ foreign: [], stock: [], candidates: [] });
    const events = await store.events.readAfter('0', 10);
    expect(events.filter(({ json }) => json.includes('account.foreign'))).toHaveLength(1);
  });

  it('leaves to an unsettled purchase what it may explain: same product and years, or unknown ones', async () => {
    await accept('a');
    await list();
    await begin('a');
    const rows = [
      row(1),
      row(2, { years: null }),
      row(3, { years: 2 }),
      row(4, { product: 'ov-single' }),
      row(5, { product: null }),
    ];
    const answer = await list(rows);
    expect(answer.candidates.map(({ certificateId }) => certificateId)).toEqual([1, 2, 5]);
    expect(answer.foreign).toEqual([3, 4]);
  });

  it('that ended before the intent proves that a certificate was there before: foreign', async () => {
    await accept('a');
    await list();
    const { purchase } = await begin('a');
    const before = { startedAt: purchase.begunAt - 2000, completedAt: purchase.begunAt - 1000 };
    expect(await list([row(1)], before)).toMatchObject({ foreign: [1], candidates: [] });
  });

  it('turns a late certificate of a purchase concluded as not made into stock, one for one', async () => {
    await accept('a');
    await list();
    await settleNotMade(await begin('a'), true);
    expect(await list([row(1), row(2)])).toEqual({ candidates: [], stock: [1], foreign: [2] });
  });

  it('does not take a purchase by hand for ours after Namecheap refused our purchase', async () => {
    await accept('a');
    await list();
    await settleNotMade(await begin('a'), false);
    expect(await list([row(1)])).toMatchObject({ stock: [], foreign: [1] });
  });
});

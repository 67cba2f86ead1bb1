import { describe, expect, it } from 'vitest';
import { findProduct } from '../../config/products.js';
import { createStore } from '../../src/store/store.js';
import { Play } from '../helpers/play.js';
import { composeOrder } from '../helpers/orders.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();

/** As after a restart of Redis: the books were compared with Namecheap on another one. */
async function restartRedis(play: Play): Promise<void> {
  const { store, work } = play.bench;
  const gate = store.keys.account(work.account.id, 'gate');
  await store.redis.hset(gate, { server: 'another', surveyed: 'another' });
}

/** Namecheap made a purchase of ours, and everything that we wrote about it is lost. */
async function loseWhatIsWritten(play: Play, act: () => Promise<unknown>): Promise<void> {
  const { store } = play.bench;
  const before = new Map<string, Buffer>();
  const prefix = store.keys.data.replace(/:data$/, '');
  const list = async () => (await store.redis.keys(`${prefix}:*`)).sort();
  for (const key of await list()) {
    before.set(key, await store.redis.dumpBuffer(key));
  }
  await act();
  for (const key of await list()) await store.redis.del(key);
  for (const [key, dump] of before) await store.redis.restore(key, 0, dump);
  await restartRedis(play);
}

async function countRewrites(): Promise<number> {
  const info = await redis.client.info('persistence');
  return Number(/aof_rewrites:(\d+)/.exec(info)?.[1]);
}

async function countCreates(play: Play): Promise<number> {
  return await play.bench.countCalls('ssl.create');
}

async function readForeign(play: Play): Promise<string[]> {
  const { store, work } = play.bench;
  return await store.redis.hkeys(store.keys.account(work.account.id, 'foreign'));
}

async function accept(play: Play, commonName: string) {
  const payload = await composeOrder(commonName);
  await play.bench.accept(payload);
  return payload;
}

describe('after a restart of Redis', () => {
  it('purchases go on by themselves once the books were compared and everything is known', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const before = await play.bench.countCalls('ssl.getList');
    const rewrites = await countRewrites();
    await restartRedis(play);
    expect(await play.run('order', await composeOrder('two.example.com'))).toMatchObject({ kind: 'done' });
    // New purchases, renewals, and one page of the list.
    expect((await play.bench.countCalls('ssl.getList')) - before).toBe(3);
    expect((await play.readEvents()).map(({ type }) => type)).not.toContain('account.audit-failed');
    // A log that was cut off in a transaction would run half of it at the start after next.
    expect(await countRewrites()).toBe(rewrites + 1);
    await play.run('order', await composeOrder('three.example.com'));
    expect((await play.bench.countCalls('ssl.getList')) - before).toBe(3);
  });

  it('a certificate that nobody remembers buying stops purchases until a person says whose it is', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const lost = await accept(play, 'two.example.com');
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'drop-before', count: 1 });
    await loseWhatIsWritten(play, () => play.run('order', lost));
    expect(await countCreates(play)).toBe(2);

    const end = await play.run('order', lost);
    expect(end).toMatchObject({ kind: 'wait', reason: expect.stringContaining('stock mark') as string });
    expect(await play.run('order', await composeOrder('three.example.com'))).toMatchObject({ kind: 'wait' });
    expect(await countCreates(play)).toBe(2);
    const told = (await play.readEvents()).filter(({ type }) => type === 'account.audit-failed');
    expect(told).toHaveLength(1);
    expect(await readForeign(play)).toEqual([]);

    const { store, work } = play.bench;
    const state = await store.gates.look(work.account.id, '', '');
    if (state.kind !== 'undecided') throw new Error(`the gate is ${state.kind}`);
    expect(await store.gates.peek(work.account.id)).toEqual(state);
    const [id = 0] = state.certificateIds;
    const row = {
      product: findProduct('PositiveSSL')?.canonical ?? '',
      type: 'PositiveSSL',
      years: 1,
      sansToAdd: 0,
      purchaseId: 'by-hand',
    };
    await store.stock.markOurs(work.account.id, id, row);
    expect(await store.gates.peek(work.account.id)).toBeNull();
    expect(await play.run('order', lost)).toMatchObject({ kind: 'done', result: { certificateId: id } });
    expect(await countCreates(play)).toBe(2);
  });

  it('an order whose certificate is live parks instead of buying it again; a person may buy another one', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const lost = await accept(play, 'two.example.com');
    await loseWhatIsWritten(play, async () => {
      await play.run('order', lost);
      await play.pass(2000);
      await play.run('collect', {});
    });
    const end = await play.run('order', lost);
    expect(end).toMatchObject({ kind: 'fail', reason: expect.stringContaining('--adopt') as string });
    expect(await countCreates(play)).toBe(2);
    expect((await play.bench.read(lost.serviceId)).status).toBe('parked');

    await play.run('resolve', { serviceId: lost.serviceId, decision: 'retry' });
    await play.drain();
    expect((await play.bench.read(lost.serviceId)).certificateIds).toHaveLength(1);
    expect(await countCreates(play)).toBe(3);
  });

  it('what was bought for the same CSR is adopted at a word', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const lost = await accept(play, 'two.example.com');
    await loseWhatIsWritten(play, async () => {
      await play.run('order', lost);
      await play.pass(2000);
      await play.run('collect', {});
    });
    await play.run('order', lost);
    const { announced } = await play.bench.read(lost.serviceId);
    await play.run('resolve', { serviceId: lost.serviceId, decision: { adopt: Number(announced.twin) } });
    await play.drain();
    await play.pass(2000);
    await play.tick();
    expect(await play.bench.read(lost.serviceId)).toMatchObject({
      status: 'issued',
      certificateId: Number(announced.twin),
    });
    expect(await countCreates(play)).toBe(2);
  });

  it('a renewal that is lost is not bought again', async () => {
    await using play = await Play.start(redis, { leafDays: 400 });
    const first = await play.order('one.example.com');
    await play.passDays(310);
    await play.tick();
    const payload = { serviceId: first.serviceId, years: 1, paidTill: first.termEnd };
    await loseWhatIsWritten(play, async () => {
      await play.run('renew', payload);
      await play.pass(2000);
      await play.tick();
    });
    expect((await play.bench.read(first.serviceId)).renewals).toEqual([]);
    expect(await play.run('renew', payload)).toMatchObject({ kind: 'fail' });
    expect(await play.bench.countCalls('ssl.renew')).toBe(1);
  });

  it('names that are lost are seen on the certificate', async () => {
    await using play = await Play.start(redis);
    const type = 'PositiveSSL Multi-Domain';
    const first = await play.order('one.example.com', { type, sans: ['a.example.com', 'b.example.com'] });
    const { serviceId, certificateId } = first;
    const sans = ['a.example.com', 'b.example.com', 'c.example.com'];
    const payload = { serviceId, sans, allowCharge: true };
    await play.bench.control('_fault', { command: 'ssl.reissue', fault: 'drop-before', count: 1 });
    await loseWhatIsWritten(play, () => play.run('reissue', payload));
    expect(await play.bench.countCalls('purchaseMoreSANS')).toBe(1);
    expect(await play.run('reissue', payload)).toMatchObject({ kind: 'fail' });
    expect(await play.bench.countCalls('purchaseMoreSANS')).toBe(1);

    await play.run('resolve', { serviceId, decision: { adopt: certificateId } });
    await play.drain();
    await play.pass(2000);
    await play.tick();
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      operation: null,
      sansAdded: 1,
    });
    expect(await play.bench.countCalls('purchaseMoreSANS')).toBe(1);
  });

  it('fewer names than the reissue needs are not taken for all of them', async () => {
    await using play = await Play.start(redis);
    const type = 'PositiveSSL Multi-Domain';
    const first = await play.order('one.example.com', { type, sans: ['a.example.com', 'b.example.com'] });
    const { serviceId, certificateId } = first;
    const compose = (...more: string[]) => ({
      ...{ serviceId, allowCharge: true, requestId: `with-${more.length}` },
      sans: ['a.example.com', 'b.example.com', ...more],
    });
    await play.bench.control('_fault', { command: 'ssl.reissue', fault: 'drop-before', count: 1 });
    await loseWhatIsWritten(play, () => play.run('reissue', compose('c.example.com')));
    await play.run('reissue', compose('c.example.com', 'd.example.com', 'e.example.com'));
    const end = await play.run('resolve', { serviceId, decision: { adopt: certificateId } });
    expect(end).toMatchObject({ kind: 'fail', reason: expect.stringContaining('missing 2') as string });
    expect(await play.bench.read(serviceId)).toMatchObject({ sansAdded: 0, operation: { state: 'parked' } });
  });

  it('stock that somebody used meanwhile is not used again', async () => {
    await using play = await Play.start(redis);
    const first = await play.order('one.example.com');
    const { store, work } = play.bench;
    const account = work.account.id;
    const row = {
      product: findProduct('PositiveSSL')?.canonical ?? '',
      type: 'PositiveSSL',
      years: 1,
      sansToAdd: 0,
      purchaseId: 'lost',
    };
    await store.redis.hdel(store.keys.account(account, 'claims'), String(first.certificateId));
    await store.redis.hset(
      store.keys.account(account, 'stock'),
      String(first.certificateId),
      JSON.stringify(row),
    );
    await restartRedis(play);
    const end = await play.run('order', await composeOrder('two.example.com'));
    expect(end).toMatchObject({ kind: 'done' });
    expect(await countCreates(play)).toBe(2);
    expect(await readForeign(play)).toEqual([String(first.certificateId)]);
  });
});

describe('after a restart of Redis, in a large or shared account', () => {
  it('stock that was bought long ago and used after a snapshot is not taken for it again, nor bought again', async () => {
    await using play = await Play.start(redis);
    const old = await play.order('one.example.com');
    const { store, work } = play.bench;
    const key = (what: string) => store.keys.account(work.account.id, what);
    await play.bench.control('_purchase', { type: 'PositiveSSL', years: 1 });
    await play.pass(700_000);
    await play.run('audit', { module: 'default' });
    const stock = Number((await readForeign(play))[0]);
    const product = findProduct('PositiveSSL')?.canonical ?? '';
    const row = { product, type: 'PositiveSSL', years: 1, sansToAdd: 0, purchaseId: 'by-hand' };
    await store.stock.markOurs(work.account.id, stock, row);
    await play.passDays(20);
    await play.run('audit', { module: 'default' });
    await play.order('newer.example.com', { years: 2 });
    const lost = await accept(play, 'two.example.com');
    await loseWhatIsWritten(play, async () => {
      await play.run('order', lost);
      await play.pass(2000);
      await play.run('collect', {});
      expect(await play.bench.read(lost.serviceId)).toMatchObject({ status: 'issued', certificateId: stock });
    });
    expect(await store.redis.hkeys(key('stock'))).toEqual([String(stock)]);
    // A page of the list, newest first, that does not reach back to when it was bought.
    withApi(play.bench, {
      getList: async (input, options) => {
        const seen = await play.bench.api.getList(input, options);
        if (input.listType !== 'ALL') return seen;
        return {
          ...seen,
          rows: seen.rows.filter(({ certificateId }) => ![stock, old.certificateId].includes(certificateId)),
        };
      },
    });
    const before = await countCreates(play);
    expect(await play.run('order', await composeOrder('three.example.com'))).toMatchObject({ kind: 'done' });
    expect(await countCreates(play)).toBe(before + 1);
    expect(await play.run('order', lost)).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining(`--adopt ${stock}`) as string,
    });
    expect(await countCreates(play)).toBe(before + 1);
    expect(await store.redis.hkeys(key('stock'))).toEqual([]);
  });

  it('stock that Namecheap does not know stops nothing', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const { store, work } = play.bench;
    const row = { product: 'none', type: 'PositiveSSL', years: 1, sansToAdd: 0, purchaseId: 'by-hand' };
    await store.stock.markOurs(work.account.id, 12, row);
    await restartRedis(play);
    expect(await play.run('order', await composeOrder('two.example.com'))).toMatchObject({ kind: 'done' });
  });

  it('a failover between two of the lists begins the comparison anew', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const [two, three] = [await accept(play, 'two.example.com'), await accept(play, 'three.example.com')];
    const { store, work } = play.bench;
    const list = async () => await store.redis.keys(`${store.keys.data.replace(/:data$/, '')}:*`);
    const replica = new Map<string, Buffer>();
    for (const key of await list()) replica.set(key, await store.redis.dumpBuffer(key));
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'drop-before', count: 9 });
    await play.run('order', two);
    await restartRedis(play);
    let isPromoted = false;
    withApi(play.bench, {
      getList: async (input, options) => {
        const seen = await play.bench.api.getList(input, options);
        if (input.listType !== 'NewRenewal' || isPromoted) return seen;
        isPromoted = true;
        // A replica that does not know of the purchase takes over.
        for (const key of await list()) await store.redis.del(key);
        for (const [key, dump] of replica) await store.redis.restore(key, 0, dump);
        await store.redis.replicaof('127.0.0.1', '1');
        await store.redis.replicaof('NO', 'ONE');
        return seen;
      },
    });
    await play.run('order', three);
    expect(isPromoted).toBe(true);
    expect(await play.run('order', two)).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('stock mark') as string,
    });
    expect(await countCreates(play)).toBe(2);
    expect(await store.gates.look(work.account.id, '', '')).toMatchObject({ kind: 'undecided' });
  });

  it('what a person must decide is announced once, whatever modules lead to the account', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const lost = await accept(play, 'two.example.com');
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'drop-before', count: 1 });
    await loseWhatIsWritten(play, () => play.run('order', lost));
    const { account } = play.bench.work;
    for (const module of ['default', 'second', 'default', 'second']) {
      play.bench.work.account = { ...account, module };
      expect(await play.run('order', lost)).toMatchObject({ kind: 'wait' });
    }
    expect((await play.readEvents()).filter(({ type }) => type === 'account.audit-failed')).toHaveLength(1);
  });
});

describe('an emptied database', () => {
  async function empty(play: Play): Promise<void> {
    const { store, work } = play.bench;
    const account = ['gate', 'claims', 'purchases', 'ledger', 'listing', 'live-names'];
    await store.redis.del(
      ...account.map((what) => store.keys.account(work.account.id, what)),
      store.keys.data,
    );
  }

  it('stops the purchases of a worker that has seen its data, until somebody reconciles', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    await empty(play);
    const order = await composeOrder('two.example.com');
    const end = await play.run('order', order);
    expect(end).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('module reconcile') as string,
    });
    expect(await countCreates(play)).toBe(1);
    expect((await play.readEvents()).filter(({ type }) => type === 'account.audit-failed')).toHaveLength(1);

    expect(await play.run('import', { module: 'default' })).toMatchObject({ kind: 'done' });
    expect(await play.run('order', order)).toMatchObject({ kind: 'done' });
    const again = await play.run('order', await composeOrder('one.example.com'));
    expect(again).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining('live certificate') as string,
    });
    expect(await countCreates(play)).toBe(2);
  });

  it('is promised not to be empty by PMNAMECHEAP_EXPECT_DATA', async () => {
    await using play = await Play.start(redis);
    const { store, work } = play.bench;
    const promised = createStore(store.redis, store.keys.data.replace(/:data$/, ''), () => play.now(), true);
    expect(await promised.gates.look(work.account.id, '', '')).toEqual({ kind: 'empty' });
    // To compare one account vouches for no other one.
    const server = await promised.gates.readServer();
    await promised.gates.finish(work.account.id, { server, startedAt: 1, isByPerson: true });
    expect(await promised.gates.look(work.account.id, '', '')).toMatchObject({ kind: 'open' });
    expect(await promised.gates.look('lost', '', '')).toEqual({ kind: 'empty' });
    // A second account of a database that holds data is a new one.
    await store.redis.set(promised.keys.data, '1');
    expect(await promised.gates.look('other', '', '')).toMatchObject({ kind: 'unread', isLoss: false });
  });
});

describe('the first contact with an account', () => {
  it('leaves what is there alone, and buys no second certificate for a name that has one', async () => {
    await using play = await Play.start(redis);
    const other = createStore(play.bench.store.redis, redis.createPrefix(), () => play.now());
    await play.order('one.example.com');
    await play.bench.control('_purchase', { type: 'PositiveSSL', years: 1 });
    const { work } = play.bench;
    play.wrap = (context) => ({
      ...context,
      store: other,
      certificates: other.certificates,
      purchases: other.purchases,
      listings: other.listings,
      gates: other.gates,
      announce: (event) => other.events.announce(event, play.now()),
    });
    await other.modules.save(
      JSON.parse(JSON.stringify(await play.bench.store.modules.load('default'))) as never,
    );
    expect(await play.run('order', await composeOrder('two.example.com'))).toMatchObject({ kind: 'done' });
    expect(await play.run('order', await composeOrder('one.example.com'))).toMatchObject({ kind: 'fail' });
    expect(await countCreates(play)).toBe(2);
    expect(await other.redis.hlen(other.keys.account(work.account.id, 'foreign'))).toBe(1);
  });
});

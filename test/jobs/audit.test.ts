import { describe, expect, it } from 'vitest';
import type { AuditsResult } from '../../jobs/audit.js';
import { namesStory, RenewStory } from '../helpers/stories.js';
import { expectClean, listAnnounced, nameHash, readPause, runAudit } from '../helpers/audits.js';
import { buyByHand, readOrder, startOrder } from '../helpers/decisions.js';
import { Play } from '../helpers/play.js';
import { FailError } from '../../src/errors.js';
import { accountId } from '../../src/modules/settings.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const HOUR_MS = 3_600_000;

async function setBalance(play: Play, balance: string): Promise<void> {
  await play.bench.control('_balance', { balance });
}

/** An order whose answer was lost, adopted from the list. */
async function orderAdopted(play: Play): Promise<number> {
  await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
  const { serviceId } = await startOrder(play);
  await play.run('order', await readOrder(play, serviceId));
  const { certificateId } = await play.bench.read(serviceId);
  return certificateId ?? 0;
}

describe('an account that adds up', () => {
  it('has no difference after orders, a renewal, names, an adopted order and one from stock', async () => {
    await using play = await Play.start(redis, { leafDays: 400, balance: '100000' });
    expect((await expectClean(play)).money).toContain('the next audit starts from it');
    await play.order('one.example.com');
    const { money } = await expectClean(play);
    expect(money).toMatch(/8\.8800 USD were charged for us .*, which explains it/);

    const names = await namesStory.prepare(play);
    await namesStory.act(play, names);
    const renew = new RenewStory();
    await renew.stock(play, 1);
    await renew.act(play, await renew.prepare(play));
    expect((await expectClean(play)).money).toContain('which explains it');

    const ledger = nameHash(play, 'ledger');
    const before = await redis.client.hgetall(ledger);
    const adopted = await orderAdopted(play);
    expect((await expectClean(play)).money).toMatch(
      new RegExp(
        `8\\.8800 USD were spent on what nobody told the price of \\(ledger entry adopted-${adopted}\\)`,
      ),
    );

    const stocked = await buyByHand(play);
    await play.run('import', { module: 'default' });
    await play.bench.store.stock.markOurs(play.bench.work.account.id, stocked, {
      ...{ product: 'dv-single', type: 'Standard SSL', years: 1, sansToAdd: 0, purchaseId: 'by-hand' },
    });
    const marked = await expectClean(play);
    expect(marked.counts.listed).toBe(1);
    expect(marked.money).toContain(`ledger entry adopted-${stocked}`);
    expect((await play.order('stock.example.com')).certificateId).toBe(stocked);
    await expectClean(play);
    expect(await listAnnounced(play)).toEqual([]);
    expect(await readPause(play)).toBeNull();
    // Entries are added, never changed.
    const after = await redis.client.hgetall(ledger);
    expect(Object.keys(after)).toHaveLength(Object.keys(before).length + 2);
    expect(after).toMatchObject(before);
  });

  it('takes what was bought by hand for foreign, and a rise for a top-up', async () => {
    await using play = await Play.start(redis);
    await expectClean(play);
    const foreign = await buyByHand(play);
    expect((await expectClean(play)).money).toContain(`certificate ${foreign}, bought by others`);
    await setBalance(play, '1500');
    expect((await expectClean(play)).money).toContain('a top-up or a refund');
    expect((await expectClean(play)).money).toContain('0.0000 USD were charged');
  });

  it('costs one call for the balance and three for the lists', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const count = async () =>
      [await play.bench.countCalls('getBalances'), await play.bench.countCalls('ssl.getList')] as const;
    const [balances, lists] = await count();
    await expectClean(play);
    expect(await count()).toEqual([balances + 1, lists + 3]);
  });
});

describe('a balance that fell', () => {
  it('without a charge of ours is announced once, stops purchases, and is accepted by a person', async () => {
    await using play = await Play.start(redis);
    await expectClean(play);
    await play.order('one.example.com');
    await setBalance(play, '900');
    const audit = await runAudit(play);
    expect(audit).toMatchObject({ isFailed: true, differences: [{ part: 'money', isNew: true }] });
    expect(audit.differences[0]?.text).toContain('91.1200 USD were spent on something else');
    expect(audit.differences[0]?.text).toContain('--shared-balance');
    expect(await readPause(play)).toContain('the audit found 1 difference(s)');
    const held = await startOrder(play);
    expect(held).toMatchObject({
      status: 'accepted',
      problem: expect.stringContaining('the audit found') as string,
    });

    expect(await runAudit(play)).toMatchObject({ isFailed: true, differences: [{ isNew: false }] });
    expect(await listAnnounced(play)).toHaveLength(1);

    const { store, work } = play.bench;
    expect(await store.audits.accept(work.account.id)).toMatchObject([{ part: 'money' }]);
    expect(await readPause(play)).toBeNull();
    await expectClean(play);
    await play.run('order', await readOrder(play, held.serviceId));
    expect((await play.bench.read(held.serviceId)).certificateId).not.toBeNull();
    await expectClean(play);

    await setBalance(play, '800');
    expect(await runAudit(play)).toMatchObject({ isFailed: true });
    expect(await listAnnounced(play)).toHaveLength(2);
  });

  it('proves nothing while a purchase is under way, and is judged once that is settled', async () => {
    await using play = await Play.start(redis);
    await expectClean(play);
    await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
    const { serviceId } = await startOrder(play);
    const during = await runAudit(play);
    expect(during).toMatchObject({ isFailed: false, differences: [] });
    expect(during.notJudged).toEqual([expect.stringContaining('purchases are under way')]);
    const known = await play.bench.store.audits.load(play.bench.work.account.id);
    expect(known?.state.dueAt).toBeLessThan(play.now() + HOUR_MS);
    await play.run('order', await readOrder(play, serviceId));
    await expectClean(play);
  });

  it('by a purchase that ends between the reading of ledger and balance is no difference', async () => {
    await using play = await Play.start(redis);
    await expectClean(play);
    let isFirst = true;
    withApi(play.bench, {
      getBalances: async (...args) => {
        if (isFirst) {
          isFirst = false;
          await startOrder(play);
        }
        return await play.bench.api.getBalances(...args);
      },
    });
    expect(await runAudit(play)).toMatchObject({
      ...{ isFailed: false, differences: [] },
      notJudged: [expect.stringContaining('purchases are under way') as string],
    });
    expect((await expectClean(play)).money).toContain('which explains it');
  });

  it('is not looked at where others spend from it', async () => {
    await using play = await Play.start(redis);
    const module = await play.bench.store.modules.load('default');
    if (module === null) throw new Error('no module');
    await play.bench.store.modules.save({
      ...module,
      parameters: { ...module.parameters, sharedBalance: true },
    });
    await expectClean(play);
    await setBalance(play, '10');
    expect((await expectClean(play)).money).toContain('others spend from this balance');
    expect(await play.bench.countCalls('getBalances')).toBe(0);
  });
});

describe('the repeating audit', () => {
  it('beside another one of the account gives way: a fall is announced once', async () => {
    await using play = await Play.start(redis);
    await expectClean(play);
    await setBalance(play, '900');
    let inner: Promise<unknown> | null = null;
    withApi(play.bench, {
      getBalances: async (...args) => {
        const told = await play.bench.api.getBalances(...args);
        if (inner === null) await (inner = runAudit(play));
        return told;
      },
    });
    expect(await play.run('audit', { module: 'default' })).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('Another audit of this account') as string,
    });
    expect(await listAnnounced(play)).toHaveLength(1);
    expect((await runAudit(play)).differences).toHaveLength(1);
  });

  it('audits each account once every six hours, whatever modules share it', async () => {
    await using play = await Play.start(redis);
    const { store } = play.bench;
    const module = await store.modules.load('default');
    if (module === null) throw new Error('no module');
    await store.modules.save({ ...module, name: 'second' });
    const audit = async () => {
      const end = await play.run('audit', {});
      if (end.kind !== 'done') throw new Error(end.reason);
      return end.result as AuditsResult;
    };
    expect(await audit()).toEqual({ audits: [], failed: [] });
    await play.pass(HOUR_MS);
    expect(await audit()).toMatchObject({ audits: [{ modules: ['default', 'second'] }], failed: [] });
    await play.pass(5 * HOUR_MS);
    expect(await audit()).toEqual({ audits: [], failed: [] });
    await play.pass(HOUR_MS);
    expect((await audit()).audits).toHaveLength(1);
  });

  it('judges the books of an account that cannot be called, and every other account', async () => {
    await using play = await Play.start(redis);
    const { store, work } = play.bench;
    const module = await store.modules.load('default');
    if (module === null) throw new Error('no module');
    await store.modules.save({ ...module, name: 'a-broken', username: 'broken' });
    await store.modules.save({ ...module, name: 'b-unreadable', username: 'unreadable' });
    await play.run('audit', {});

    const broken = accountId({ ...module, username: 'broken' });
    await redis.client.hset(
      store.keys.account(broken, 'ledger'),
      '77',
      '{"certificateId":5,"transactionId":77,"serviceId":"s","purchaseId":"p","charged":null,"at":0}',
    );
    await redis.client.hset(
      store.keys.account(accountId({ ...module, username: 'unreadable' }), 'audit'),
      'state',
      'broken',
    );
    await play.pass(HOUR_MS);
    play.wrap = (context) => ({
      ...context,
      openAccount: (name) =>
        name === 'default'
          ? Promise.resolve(work.account)
          : Promise.reject(new FailError('the key does not open', 'ERR_X')),
    });
    const end = await play.run('audit', {});
    expect(end).toMatchObject({
      result: {
        audits: [
          {
            module: 'a-broken',
            isFailed: true,
            notJudged: ['the key does not open'],
            differences: [{ id: 'unexplained:77' }],
          },
          { module: 'default', isFailed: false, notJudged: [] },
        ],
        failed: [{ module: 'b-unreadable' }],
      },
    });
  });
});

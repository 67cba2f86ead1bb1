import { describe, expect, it } from 'vitest';
import { expectClean, listAnnounced, nameHash, readPause, runAudit } from '../helpers/audits.js';
import { Process, runIn } from '../helpers/crash.js';
import { buyByHand, readOrder, startOrder } from '../helpers/decisions.js';
import { override } from '../helpers/override.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

describe('what the protocol allows is no difference', () => {
  it('an answer that comes after its certificate was adopted', async () => {
    await using play = await Play.start(redis);
    await expectClean(play);
    // The worker is stopped right before it writes what it bought; another one looks the purchase up meanwhile.
    let release: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (release = resolve));
    let isStopped: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (isStopped = resolve));
    const { purchases } = play.bench.work;
    const slow = override(purchases, {
      settleMade: async (...args) => {
        isStopped();
        await stopped;
        return await purchases.settleMade(...args);
      },
    });
    play.wrap = (context) => ({ ...context, purchases: slow });
    const ending = startOrder(play);
    await reached;
    play.wrap = (context) => context;
    await play.pass(120_000);
    const [serviceId] = await redis.client.smembers(play.bench.store.keys.services);
    await play.run('order', await readOrder(play, serviceId ?? ''));
    expect(await runAudit(play)).toMatchObject({ differences: [] });
    release();
    await ending;
    expect(await redis.client.hlen(nameHash(play, 'ledger'))).toBe(1);
    // The balance had fallen by it before: told twice, it would hide another fall of that size.
    expect((await expectClean(play)).money).toMatch(/ 0\.0000 USD were charged for us .*, which explains it/);
    await play.pass(3_600_000);
    await expectClean(play);
  });

  it('a purchase that appears after it counted as not made', async () => {
    await using play = await Play.start(redis);
    await expectClean(play);
    await play.bench.control('_fault', { command: 'ssl.create', fault: 'drop-before', count: 1 });
    const { serviceId } = await startOrder(play);
    await play.pass(61_000);
    for (let look = 0; look < 3; look++) await play.run('order', await readOrder(play, serviceId));
    await buyByHand(play, 'PositiveSSL');
    const first = await runAudit(play);
    expect(first).toMatchObject({
      ...{ differences: [], money: expect.stringContaining('has just appeared') as string },
      notJudged: [expect.stringContaining('has just appeared') as string],
    });
    const [late = ''] = await redis.client.hkeys(nameHash(play, 'stock'));
    expect((await expectClean(play)).money).toContain(`ledger entry adopted-${late}`);
  });
});

/** A charge for a certificate that nobody has. */
function composeLost(transactionId: number): string {
  return JSON.stringify({
    certificateId: 5,
    transactionId,
    serviceId: 's',
    purchaseId: 'p',
    charged: null,
    at: 0,
  });
}

describe('a worker that dies in an audit', () => {
  it('at any call leaves nothing half done: the difference is announced once, and purchases stand still', async () => {
    await using play = await Play.start(redis);
    await play.order('crash.example.com');
    const ledger = nameHash(play, 'ledger');
    await play.bench.control('_balance', { balance: '900' });
    const whole = new Process();
    await runIn(play, whole, () => play.run('audit', { module: 'default' }));
    expect(whole.calls.length).toBeGreaterThan(10);
    for (const side of ['before', 'after'] as const) {
      for (let call = 1; call <= whole.calls.length; call++) {
        const ledgerId = String(100_000 + call * 2 + (side === 'after' ? 1 : 0));
        await play.pass(3_600_000);
        await play.bench.store.audits.accept(play.bench.work.account.id);
        await redis.client.hset(ledger, ledgerId, composeLost(Number(ledgerId)));
        const dying = new Process({ call, side });
        await runIn(play, dying, () => play.run('audit', { module: 'default' }));
        expect(dying.isDead).toBe(true);
        const isTold = async () =>
          (await listAnnounced(play)).flat().filter((id) => id.endsWith(ledgerId)).length;
        // Announced and paused together, or neither.
        expect((await readPause(play)) !== null, `${side} ${whole.calls[call - 1] ?? ''}`).toBe(
          (await isTold()) === 1,
        );
        await play.pass(120_000);
        await runAudit(play);
        expect(await isTold()).toBe(1);
        expect(await readPause(play)).toContain(ledgerId);
        await redis.client.hdel(ledger, ledgerId);
      }
    }
    await expectClean(play);
  });
});

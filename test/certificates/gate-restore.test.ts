import { describe, expect, it } from 'vitest';
import { createStore } from '../../src/store/store.js';
import { exportLines, restoreLines } from '../helpers/archives.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

describe('an export that is restored after others were at work', () => {
  it('has its books compared again: what was ours is not foreign', async () => {
    await using play = await Play.start(redis);
    await play.order('one.example.com');
    const lost = await composeOrder('two.example.com');
    await play.bench.accept(lost);
    const { store, work } = play.bench;
    const prefix = store.keys.data.replace(/:data$/, '');
    const lines = await exportLines(store, prefix);
    await play.bench.control('_fault', { command: 'ssl.activate', fault: 'drop-before', count: 1 });
    await play.run('order', lost);
    const module = await store.modules.load('default');
    for (const key of await store.redis.keys(`${prefix}:*`)) await store.redis.del(key);
    // A worker that was not told to expect data meets the account for the first time.
    const fresh = createStore(store.redis, prefix, () => play.now());
    if (module !== null) await fresh.modules.save(module);
    const { certificates, purchases, listings, gates } = fresh;
    play.wrap = (context) => ({ ...context, store: fresh, certificates, purchases, listings, gates });
    expect(await play.run('order', await composeOrder('three.example.com'))).toMatchObject({ kind: 'done' });
    const foreign = store.keys.account(work.account.id, 'foreign');
    const [ours] = await store.redis.hkeys(foreign);
    expect((await restoreLines(fresh, lines)).left).toEqual([]);
    expect(await play.run('order', lost)).toMatchObject({
      kind: 'wait',
      reason: expect.stringContaining('stock mark') as string,
    });
    expect(await gates.look(work.account.id, '', '')).toMatchObject({
      kind: 'undecided',
      certificateIds: [Number(ours)],
    });
    expect(await play.bench.countCalls('ssl.create')).toBe(3);
    // Once more changes nothing.
    await fresh.stock.markForeign(work.account.id, Number(ours), new Date().toISOString());
    expect(await gates.look(work.account.id, '', '')).toMatchObject({ kind: 'open' });
    await restoreLines(fresh, lines);
    expect(await gates.look(work.account.id, '', '')).toMatchObject({ kind: 'open' });
    expect(await store.redis.hkeys(foreign)).toEqual([ours]);
  });
});

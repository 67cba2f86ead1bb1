import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WaitError } from '../../src/errors.js';
import { createNamecheap } from '../../src/namecheap/client.js';
import { AccountLimiter } from '../../src/quota/limiter.js';
import { makeCsr } from '../csr-fixtures.js';
import { buyByHand, importNow, loseData, readSandbox, reissueByHand } from '../helpers/imports.js';
import { override } from '../helpers/override.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();

/** The ids that getInfo was asked for, in order. */
async function listAsked(play: Play): Promise<number[]> {
  const { calls } = await readSandbox(play);
  return calls
    .filter(({ command }) => command.toLowerCase().endsWith('ssl.getinfo'))
    .map(({ certificateId }) => certificateId ?? 0);
}

describe('an import under a quota of 20 calls a minute', () => {
  it('goes on after each wait where it was: no page and no certificate is read twice', async () => {
    const LIMITS: [number, number, number] = [20, 700, 8000];
    await using play = await Play.start(redis, { limits: LIMITS, balance: '100000' });
    const { csr } = await makeCsr({ commonName: 'many.example.com' });
    const active: number[] = [];
    for (let count = 0; count < 45; count++) active.push(await buyByHand(play, csr));
    for (let count = 0; count < 170; count++) await buyByHand(play);
    const { store, sandbox } = play.bench;
    const limiter = new AccountLimiter(store.redis, (what) => store.keys.account('quota', what), randomUUID);
    const { user, apiKey, clientIp } = sandbox.account;
    const api = createNamecheap(
      { endpoint: sandbox.url, apiUser: user, userName: user, apiKey, clientIp },
      {
        timeoutMs: 5000,
        hooks: {
          admit: async () => {
            const { waitMs } = await limiter.take(LIMITS, play.now());
            if (waitMs > 0) throw new WaitError('the quota is used up', waitMs);
          },
        },
      },
    );
    play.bench.work.account = { ...play.bench.work.account, api };

    let end = await play.run('import', {}, 'import-1');
    let waits = 0;
    for (; end.kind === 'wait' && waits < 10; waits++) {
      await play.pass(61_000);
      end = await play.run('import', {}, 'import-1');
    }
    expect(end).toMatchObject({ kind: 'done', result: { listed: 215, problems: [] } });
    // 45 certificates, 3 pages of everything and 2 of what is bought and not activated.
    expect(waits).toBe(2);
    expect((await listAsked(play)).sort()).toEqual(active.sort());
    expect(await play.bench.countCalls('ssl.getList')).toBe(3 + 2);
    const { calls, charges } = await readSandbox(play);
    expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['OK']));
    expect(charges.every(({ byHand }) => byHand)).toBe(true);
    // Repeated, it answers without a call.
    expect(await play.run('import', {}, 'import-1')).toEqual(end);
    expect((await readSandbox(play)).calls).toHaveLength(calls.length);
  });

  it('leaves half of what is left to orders', async () => {
    await using play = await Play.start(redis);
    const { csr } = await makeCsr({ commonName: 'half.example.com' });
    for (let count = 0; count < 6; count++) await buyByHand(play, csr);
    const { account } = play.bench.work;
    play.bench.work.account = { ...account, readCallsLeft: () => Promise.resolve(9) };
    expect(await play.run('import', {}, 'one')).toMatchObject({ kind: 'wait' });
    expect((await readSandbox(play)).calls).toHaveLength(4);
    expect((await play.run('import', {}, 'one')).kind).toBe('done');
    expect((await readSandbox(play)).calls).toHaveLength(1 + 6);
  });
});

describe('a worker that is killed', () => {
  it('at any write of its progress changes nothing about the outcome', async () => {
    await using play = await Play.start(redis);
    const ours = await play.order('ours.example.com');
    const { csr } = await makeCsr({ commonName: 'theirs.example.com' });
    const first = await buyByHand(play, csr);
    const head = await reissueByHand(play, first);
    const plain = await buyByHand(play, csr);
    const payload = { map: [{ serviceId: 'mapped', certificateId: first }] };
    const { charges } = await readSandbox(play);
    let kills = 0;
    for (let at = 1; ; at++) {
      await loseData(play);
      await importNow(
        play,
        { map: [{ serviceId: ours.serviceId, certificateId: ours.certificateId }] },
        'base',
      );
      const now = await reissueByHand(play, (await play.bench.read(ours.serviceId)).certificateId ?? 0);
      const asked = (await listAsked(play)).length;
      let saves = 0;
      play.wrap = (context) => {
        const kill = (): Promise<never> => Promise.reject(new Error('killed'));
        const imports = override(context.store.imports, {
          save: (...args) => (++saves === at ? kill() : context.store.imports.save(...args)),
          rest: (...args) => (saves === at ? kill() : context.store.imports.rest(...args)),
        });
        return { ...context, store: { ...context.store, imports } };
      };
      const wasKilled = await play.run('import', payload, `kill-${at}`).then(
        () => false,
        (error: unknown) => String(error).includes('killed'),
      );
      if (!wasKilled) break;
      kills++;
      play.wrap = (context) => context;
      const result = await importNow(play, payload, `kill-${at}`);
      expect(result, `killed at ${at}`).toMatchObject({
        ...{ known: 0, problems: [], created: [], missing: [] },
        adopted: [{ serviceId: ours.serviceId, certificateId: now, state: 'issued' }],
        mapped: [{ serviceId: 'mapped', certificateId: head }],
        foreign: [{ certificateId: plain }],
      });
      // Ours, the head and the first of the mapped one; one more where the answer was lost with the worker.
      expect((await listAsked(play)).length - asked, `killed at ${at}`).toBeLessThanOrEqual(4);
    }
    expect(kills).toBeGreaterThanOrEqual(8);
    expect((await readSandbox(play)).charges).toEqual(charges);
  });

  it('while a lost inventory is rebuilt, loses no part of the report', async () => {
    await using play = await Play.start(redis);
    const { csr } = await makeCsr({ commonName: 'lost.example.com' });
    const ids = [await buyByHand(play, csr), await buyByHand(play, csr)];
    let kills = 0;
    for (let at = 1; ; at++) {
      await loseData(play);
      let saves = 0;
      play.wrap = (context) => {
        const imports = override(context.store.imports, {
          save: (...args) =>
            ++saves === at ? Promise.reject(new Error('killed')) : context.store.imports.save(...args),
        });
        return { ...context, store: { ...context.store, imports } };
      };
      const end = await play.run('import', {}, `kill-${at}`).catch(() => null);
      if (end !== null) break;
      kills++;
      play.wrap = (context) => context;
      const { created, known, foreign } = await importNow(play, {}, `kill-${at}`);
      expect({ ids: created.map(({ certificateId }) => certificateId), known, foreign }).toEqual({
        ...{ ids, known: 0, foreign: [] },
      });
    }
    expect(kills).toBe(1 + 1 + 1 + 2 * 2);
  });

  it('at a call, while another worker waits for its turn', async () => {
    await using play = await Play.start(redis);
    const { csr } = await makeCsr({ commonName: 'call.example.com' });
    const ids = [await buyByHand(play, csr), await buyByHand(play, csr), await buyByHand(play, csr)];
    const { api } = play.bench;
    let count = 0;
    let meanwhile: unknown;
    let same: unknown;
    withApi(play.bench, {
      getInfo: async (input, options) => {
        if (++count === 2) {
          meanwhile = await play.run('import', { map: [{ serviceId: 'x', certificateId: 1 }] }, 'two');
          same = await play.run('import', {}, 'same');
          throw new Error('killed');
        }
        return await api.getInfo(input, options);
      },
    });
    await expect(play.run('import', {}, 'one')).rejects.toThrow('killed');
    expect(meanwhile).toMatchObject({ kind: 'wait', reason: expect.stringContaining('under way') as string });
    expect(same).toEqual(meanwhile);
    // Another map still waits; the same import goes on under whatever id.
    expect((await play.run('import', { map: [] }, 'two')).kind).toBe('wait');
    const { created } = await importNow(play, {}, 'three');
    expect(created.map(({ certificateId }) => certificateId)).toEqual(ids);
    expect(await listAsked(play)).toEqual(ids);
    expect((await play.run('import', { map: [] }, 'two')).kind).toBe('done');
  });
});

describe('a request id', () => {
  it('is answered with its result, and refused for anything else', async () => {
    await using play = await Play.start(redis);
    await play.order('id.example.com');
    const payload = { requestId: 'reconcile-1' };
    const first = await importNow(play, payload);
    const calls = await play.bench.countCalls('ssl.getList');
    expect(await importNow(play, payload)).toEqual(first);
    expect(await play.bench.countCalls('ssl.getList')).toBe(calls);
    expect(await play.run('import', { ...payload, map: [] })).toMatchObject({
      kind: 'fail',
      reason: expect.stringContaining('ERR_IMPORT_DIFFERS') as string,
    });
  });
});

describe('a list that changes while it is read', () => {
  it('is read again from its first page', async () => {
    await using play = await Play.start(redis, { balance: '100000' });
    for (let count = 0; count < 101; count++) await buyByHand(play);
    const { api } = play.bench;
    let pages = 0;
    withApi(play.bench, {
      getList: async (input, options) => {
        if (input.listType === 'ALL' && ++pages === 2) await buyByHand(play);
        return await api.getList(input, options);
      },
    });
    expect(await importNow(play)).toMatchObject({ listed: 102 });
    expect(pages).toBe(4);
  });
});

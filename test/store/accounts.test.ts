import { beforeEach, describe, expect, it } from 'vitest';
import { createStore, type Store } from '../../src/store/store.js';
import { useRedis } from '../helpers/redis.js';

const NOW = 1_800_000_000_000;

const redis = useRedis();
let store: Store;

beforeEach(() => {
  store = createStore(redis.client, redis.createPrefix(), () => NOW);
});

async function listReasons(now = NOW): Promise<string[]> {
  return (await store.accounts.listPauses('acc', now)).map(({ reason }) => reason);
}

describe('a pause of an account', () => {
  it('by a person is not replaced by an automatic one, nor ended with it', async () => {
    await store.accounts.pause('acc', { scope: 'all', reason: 'by hand', until: null });
    await store.accounts.pause('acc', { scope: 'all', reason: 'refused key', until: NOW + 1000 });
    expect(await listReasons()).toEqual(['by hand']);
    await store.accounts.endAutomaticPauses('acc', NOW);
    expect(await listReasons()).toEqual(['by hand']);
    await store.accounts.resume('acc');
    expect(await listReasons()).toEqual([]);
  });

  it('is not shortened by a later, shorter one', async () => {
    await store.accounts.pause('acc', { scope: 'purchases', reason: 'long', until: NOW + 60_000 });
    await store.accounts.pause('acc', { scope: 'purchases', reason: 'short', until: NOW + 1000 });
    expect(await listReasons(NOW + 30_000)).toEqual(['long']);
  });

  it('ends by itself when it is automatic', async () => {
    await store.accounts.pause('acc', { scope: 'all', reason: 'refused key', until: NOW + 1000 });
    expect(await listReasons(NOW + 1001)).toEqual([]);
  });
});

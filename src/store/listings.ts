import { Big } from 'big.js';
import { z } from 'zod';
import type { Listing, ListingAnswer, ListingStore, LockPurpose } from '../certificates/ports.js';
import { readClock, type RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { RECORD_LISTING } from './listing-script.js';
import { accountKeys } from './purchase-scripts.js';
import { defineScript, runScript } from './script.js';

/** Only the holder unlocks: a lister that was too slow must not free the lock of the next one. */
const UNLOCK = defineScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`);

const figuresSchema = z.object({
  amount: z.string().regex(/^-?\d+(\.\d+)?$/),
  at: z.coerce.number(),
  charges: z.array(z.string().regex(/^-?\d+$/)),
});

const idsSchema = z.array(z.coerce.number());

/** {@link ListingStore} on Redis: what Namecheap last showed of each account. */
export class RedisListingStore implements ListingStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #now: () => number;

  constructor(redis: RedisClient, keys: Keys, now: () => number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
  }

  async lock(account: string, purpose: LockPurpose, token: string, durationMs: number): Promise<boolean> {
    return (
      (await this.#redis.set(
        this.#keys.account(account, `lock-${purpose}`),
        token,
        'PX',
        durationMs,
        'NX',
      )) === 'OK'
    );
  }

  async unlock(account: string, purpose: LockPurpose, token: string): Promise<void> {
    await runScript(this.#redis, UNLOCK, [this.#keys.account(account, `lock-${purpose}`)], [token]);
  }

  async readClock(): Promise<number> {
    return await readClock(this.#redis);
  }

  async saveListing(account: string, module: string, listing: Listing): Promise<ListingAnswer> {
    const { kind, startedAt, completedAt, rows } = listing;
    const listed = this.#keys.account(account, `listed-${kind}`);
    const keys = [...accountKeys(this.#keys, account), this.#keys.events, listed];
    const args = [
      startedAt,
      completedAt,
      JSON.stringify(rows),
      new Date(this.#now()).toISOString(),
      module,
      account,
      kind,
    ];
    const raw = await runScript(this.#redis, RECORD_LISTING, keys, args);
    const [open, foreign, stock] = z.tuple([idsSchema, idsSchema, idsSchema]).parse(raw);
    const candidates = rows.filter((row) => open.includes(row.certificateId));
    return { candidates: candidates.sort((a, b) => a.certificateId - b.certificateId), foreign, stock };
  }

  async readBalance(account: string): Promise<{ amount: string; at: number; chargedSince: string } | null> {
    const raw = await this.#redis.hgetall(this.#keys.account(account, 'balance'));
    if (raw['amount'] === undefined || raw['at'] === undefined) return null;
    if (!Number.isFinite(Number(raw['at']))) return null;
    const members = await this.#redis.zrangebyscore(this.#keys.account(account, 'spend'), raw['at'], '+inf');
    const charges = members.map((member) => /\|(-?\d+)$/.exec(member)?.[1] ?? 'unreadable');
    const figures = figuresSchema.safeParse({ ...raw, charges });
    // What cannot be read is no evidence, as if it had never been noted.
    if (!figures.success) return null;
    const units = figures.data.charges.reduce((sum, one) => sum.plus(one), new Big(0));
    return { amount: figures.data.amount, at: figures.data.at, chargedSince: units.div(10_000).toFixed(4) };
  }

  async saveBalance(account: string, amount: string, at: number): Promise<void> {
    // While a purchase is unsettled the old figure is the evidence: keep it.
    if ((await this.#redis.hlen(this.#keys.account(account, 'lanes'))) > 0) return;
    await this.#redis.hset(this.#keys.account(account, 'balance'), { amount, at });
  }
}

import { priceListSchema, type PriceList } from '../certificates/prices.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** The price list of each Namecheap account as it was last read. A cache: losing it costs one call. */
export class PriceStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;

  constructor(redis: RedisClient, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Null when none was read yet, or one that this version cannot read. */
  async load(account: string): Promise<PriceList | null> {
    const raw = await this.#redis.get(this.#keys.account(account, 'prices'));
    if (raw === null) return null;
    try {
      return priceListSchema.parse(JSON.parse(raw));
    } catch {
      return null;
    }
  }

  async save(account: string, list: PriceList): Promise<void> {
    await this.#redis.set(this.#keys.account(account, 'prices'), JSON.stringify(list));
  }
}

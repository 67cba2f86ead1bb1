import type { RedisClient } from '../../src/store/connection.js';

/** One value in Redis: a string, a field of a hash, an entry of a list, a member of a set or sorted set. */
export interface Place {
  key: string;
  type: string;
  /** The field, the index or the member; '' for a string. */
  at: string;
}

/** Every value under a prefix, but for streams. */
export async function listPlaces(client: RedisClient, prefix: string): Promise<Place[]> {
  const places: Place[] = [];
  for (const key of (await listKeys(client, prefix)).sort()) {
    const type = await client.type(key);
    for (const at of await listNames(client, key, type)) places.push({ key, type, at });
  }
  return places;
}

async function listKeys(client: RedisClient, prefix: string): Promise<string[]> {
  return (await client.keys('*')).filter((key) => key.startsWith(`${prefix}:`));
}

async function listNames(client: RedisClient, key: string, type: string): Promise<string[]> {
  switch (type) {
    case 'string':
      return [''];
    case 'hash':
      return await client.hkeys(key);
    case 'list':
      return Array.from({ length: await client.llen(key) }, (_, index) => String(index));
    case 'set':
      return await client.smembers(key);
    case 'zset':
      return await client.zrange(key, '0', '-1');
    default:
      return [];
  }
}

export async function readPlace(client: RedisClient, { key, type, at }: Place): Promise<string> {
  if (type === 'string') return (await client.get(key)) ?? '';
  if (type === 'hash') return (await client.hget(key, at)) ?? '';
  if (type === 'list') return (await client.lindex(key, Number(at))) ?? '';
  return at;
}

/** Puts another text in the place; a member of a set is replaced by it. */
export async function writePlace(client: RedisClient, { key, type, at }: Place, text: string): Promise<void> {
  switch (type) {
    case 'string':
      await client.set(key, text);
      return;
    case 'hash':
      await client.hset(key, at, text);
      return;
    case 'list':
      await client.lset(key, Number(at), text);
      return;
    case 'set':
      await client.multi().srem(key, at).sadd(key, text).exec();
      return;
    case 'zset': {
      const score = (await client.zscore(key, at)) ?? '0';
      await client.multi().zrem(key, at).zadd(key, score, text).exec();
    }
  }
}

/** Everything under a prefix as it was once, to be had again. */
export class Snapshot {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #dumps: ReadonlyMap<string, Buffer>;

  private constructor(client: RedisClient, prefix: string, dumps: ReadonlyMap<string, Buffer>) {
    this.#client = client;
    this.#prefix = prefix;
    this.#dumps = dumps;
  }

  static async take(client: RedisClient, prefix: string): Promise<Snapshot> {
    const dumps = new Map<string, Buffer>();
    for (const key of await listKeys(client, prefix)) dumps.set(key, await client.dumpBuffer(key));
    return new Snapshot(client, prefix, dumps);
  }

  async restore(): Promise<void> {
    const keys = await listKeys(this.#client, this.#prefix);
    if (keys.length > 0) await this.#client.del(...keys);
    for (const [key, dump] of this.#dumps) await this.#client.restore(key, 0, dump);
  }
}

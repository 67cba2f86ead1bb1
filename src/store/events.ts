import { randomUUID } from 'node:crypto';
import type { AccountEvent } from '../events.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** One entry of the stream: its position and the event's JSON as it was written. */
export interface StreamEntry {
  position: string;
  json: string;
}

/** Events of certificates are written with the record (see commit.ts); this writes the others and reads all. */
export class EventStore {
  readonly #redis: RedisClient;
  readonly #key: string;

  constructor(redis: RedisClient, keys: Keys) {
    this.#redis = redis;
    this.#key = keys.events;
  }

  async announce(event: Omit<AccountEvent, 'id' | 'at'>, now: number): Promise<void> {
    const full = { id: randomUUID(), ...event, at: new Date(now).toISOString() };
    await this.#redis.xadd(this.#key, 'MAXLEN', '~', 100_000, '*', 'event', JSON.stringify(full));
  }

  /** Entries after a position (`0` for the beginning), oldest first. */
  async readAfter(position: string, limit: number): Promise<StreamEntry[]> {
    const rows = await this.#redis.xrange(
      this.#key,
      position === '0' ? '-' : `(${position}`,
      '+',
      'COUNT',
      limit,
    );
    return rows.map(toEntry);
  }

  /** Waits up to `blockMs` for entries after a position. The client must be one of its own: it is blocked meanwhile. */
  async follow(client: RedisClient, position: string, blockMs: number): Promise<StreamEntry[]> {
    const answer = await client.xread('COUNT', 100, 'BLOCK', blockMs, 'STREAMS', this.#key, position);
    return (answer?.[0]?.[1] ?? []).map(toEntry);
  }

  /** The newest position, `0-0` when there is none. */
  async readLastPosition(): Promise<string> {
    const rows = await this.#redis.xrevrange(this.#key, '+', '-', 'COUNT', 1);
    return rows[0]?.[0] ?? '0-0';
  }
}

function toEntry([position, fields]: [string, string[]]): StreamEntry {
  return { position, json: fields[fields.indexOf('event') + 1] ?? '' };
}

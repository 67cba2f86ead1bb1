import { z } from 'zod';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { composeMember, nameOutbox, padPosition, readTime, type OutboxEvent } from './outbox-entry.js';
import { runScript } from './script.js';
import { REPLAY } from './webhook-scripts.js';
import { readStored } from './stored-value.js';

/** An event that the webhook's receiver did not take. */
export interface DeadLetter extends OutboxEvent {
  /** Of the last failure. */
  reason: string;
  attempts: number;
  /** ISO 8601, as is `givenUpAt`. */
  firstFailedAt: string;
  givenUpAt: string;
}

const deadLetterSchema = z.object({
  ...{ id: z.string(), type: z.string(), serviceId: z.string().nullable() },
  ...{ position: z.string(), json: z.string(), reason: z.string(), attempts: z.number() },
  ...{ firstFailedAt: z.string(), givenUpAt: z.string() },
});

const BATCH = 500;

/** Events that were given up, until a person has them sent again. */
export class DeadLetterStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;

  constructor(redis: RedisClient, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** All of them, in the order in which the events were written. */
  async list(): Promise<DeadLetter[]> {
    const ids = await this.#redis.zrange(this.#keys.webhook('dead-times'), '0', '-1');
    const letters: DeadLetter[] = [];
    for (let at = 0; at < ids.length; at += BATCH) {
      const raw = await this.#redis.hmget(this.#keys.webhook('dead'), ...ids.slice(at, at + BATCH));
      letters.push(...raw.filter((text) => text !== null).map(parseLetter));
    }
    return letters.sort(comparePositions);
  }

  /** Puts one back into its outbox, before everything that was written after it. False when there is none with that event id. */
  async replay(id: string, now: number): Promise<boolean> {
    const raw = await this.#redis.hget(this.#keys.webhook('dead'), id);
    if (raw === null) return false;
    const letter = parseLetter(raw);
    const name = nameOutbox(letter.serviceId);
    const names = [`outbox:${name}`, 'schedule', 'waiting', 'failures', 'dead', 'dead-times'];
    const { position } = letter;
    const answer = await runScript(
      this.#redis,
      REPLAY,
      names.map((one) => this.#keys.webhook(one)),
      [name, composeMember(letter), padPosition(position), readTime(position), now, id, raw],
    );
    return answer === 1;
  }
}

function parseLetter(raw: string): DeadLetter {
  return readStored(deadLetterSchema, raw, 'A dead letter of the webhook');
}

function comparePositions(one: DeadLetter, other: DeadLetter): number {
  return padPosition(one.position) < padPosition(other.position) ? -1 : 1;
}

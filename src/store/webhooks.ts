import { z } from 'zod';
import type { Failures } from '../webhook/failures.js';
import type { RedisClient } from './connection.js';
import { DeadLetterStore, type DeadLetter } from './dead-letters.js';
import { EventStore, type StreamEntry } from './events.js';
import type { Keys } from './keys.js';
import {
  composeMember,
  nameOutbox,
  padPosition,
  parseMember,
  readEvent,
  readTime,
  type OutboxEvent,
} from './outbox-entry.js';
import { runScript } from './script.js';
import { CONFIRM, FILL, FORGET_EMPTY, GIVE_UP, LOCK, POSTPONE, UNLOCK } from './webhook-scripts.js';
import { readWebhookSummary, type WebhookSummary } from './webhook-summary.js';
import { readStored, UnreadableValueError } from './stored-value.js';

/** Entries that one script moves: Redis serves nobody else meanwhile. */
const FILL_BATCH = 100;

/** An outbox that cannot be read is looked at again this much later, ms. */
const UNREADABLE_MS = 600_000;

const failuresSchema = z.object({
  position: z.string(),
  count: z.number(),
  firstAt: z.number(),
  refusedSince: z.number().nullable(),
  reason: z.string(),
});

/** The first event of an outbox, and how its delivery went so far. */
export interface Head {
  event: OutboxEvent;
  failures: Failures | null;
}

/**
 * Events on their way to the webhook's receiver. They leave the stream, which is trimmed, for outboxes, which are
 * not: one per service, so that a service whose event is refused holds up nobody else.
 */
export class WebhookStore {
  readonly dead: DeadLetterStore;
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #events: EventStore;
  readonly #deadLettersKept: number;

  /** @param deadLettersKept the newest so many. */
  constructor(redis: RedisClient, keys: Keys, deadLettersKept = 10_000) {
    this.#redis = redis;
    this.#keys = keys;
    this.#events = new EventStore(redis, keys);
    this.dead = new DeadLetterStore(redis, keys);
    this.#deadLettersKept = deadLettersKept;
  }

  /** The first time: starts at the present end of the stream, for a new receiver does not want years of old events. @returns the position up to which events were taken out of the stream. */
  async enable(): Promise<string> {
    const key = this.#keys.webhook('cursor');
    const cursor = await this.#redis.get(key);
    if (cursor !== null) return cursor;
    await this.#redis.set(key, await this.#events.readLastPosition(), 'NX');
    return (await this.#redis.get(key)) ?? '0-0';
  }

  /** Moves new entries of the stream into their outboxes. @returns how many, and the positions of those that are no events. */
  async fill(now: number): Promise<{ moved: number; unreadable: string[] }> {
    let moved = 0;
    const unreadable: string[] = [];
    for (;;) {
      const cursor = await this.enable();
      const entries = await this.#events.readAfter(cursor, FILL_BATCH);
      if (entries.length === 0) return { moved, unreadable };
      const events = entries.map(({ position, json }) => readEvent(position, json));
      // Another worker may have moved them meanwhile: then the next round reads on from where it came to.
      if (!(await this.#move(cursor, entries, events, now))) continue;
      moved += events.filter((event) => event !== null).length;
      unreadable.push(...entries.flatMap(({ position }, at) => (events[at] === null ? [position] : [])));
    }
  }

  async #move(
    cursor: string,
    entries: readonly StreamEntry[],
    events: readonly (OutboxEvent | null)[],
    now: number,
  ): Promise<boolean> {
    const known = events.filter((event) => event !== null);
    const outboxes = known.map((event) => this.#outbox(event));
    const keys = [...this.#listKeys('cursor', 'schedule', 'waiting'), ...outboxes];
    const args = known.flatMap((event) => [
      ...[nameOutbox(event.serviceId), composeMember(event), padPosition(event.position)],
      readTime(event.position),
    ]);
    const next = entries.at(-1)?.position ?? cursor;
    return (await runScript(this.#redis, FILL, keys, [cursor, next, now, ...args])) === 1;
  }

  /** The right to deliver: one worker at a time, or events of one service could overtake each other. Taken or prolonged by its token. */
  async lock(token: string, durationMs: number): Promise<boolean> {
    return (await runScript(this.#redis, LOCK, this.#listKeys('lock'), [token, durationMs])) === 1;
  }

  async unlock(token: string): Promise<void> {
    await runScript(this.#redis, UNLOCK, this.#listKeys('lock'), [token]);
  }

  /**
   * The first events of outboxes whose time has come, those that have been due longest first. An outbox that cannot be
   * read is put off and told of: it must not hold up the others.
   */
  async listDue(now: number, limit: number): Promise<{ heads: Head[]; unreadable: string[] }> {
    const schedule = this.#keys.webhook('schedule');
    const names = await this.#redis.zrangebyscore(schedule, '-inf', now, 'LIMIT', 0, limit);
    const unreadable: string[] = [];
    const heads = await Promise.all(
      names.map(async (name) => {
        try {
          return await this.#readHead(name);
        } catch (error) {
          if (!(error instanceof UnreadableValueError)) throw error;
          await this.#redis.zadd(schedule, 'XX', now + UNREADABLE_MS, name);
          unreadable.push(error.message);
          return null;
        }
      }),
    );
    return { heads: heads.filter((head) => head !== null), unreadable };
  }

  async #readHead(name: string): Promise<Head | null> {
    const [members, raw] = await Promise.all([
      this.#redis.zrange(this.#keys.webhook(`outbox:${name}`), '0', '0'),
      this.#redis.hget(this.#keys.webhook('failures'), name),
    ]);
    const [member] = members;
    if (member === undefined) {
      // In the schedule it would only take the place of others.
      await runScript(this.#redis, FORGET_EMPTY, this.#listKeys(`outbox:${name}`, 'schedule'), [name]);
      return null;
    }
    const event = parseMember(member);
    // The outbox of the event is told by the event: one in another's would never be confirmed.
    if (event === null || nameOutbox(event.serviceId) !== name)
      throw new UnreadableValueError(`The first event of the webhook's outbox ${name}`, null);
    const failures =
      raw === null ? null : readStored(failuresSchema, raw, `The failures of the webhook's outbox ${name}`);
    return { event, failures };
  }

  /** The receiver has the event: the next of its outbox may go. */
  async confirm(event: OutboxEvent, now: number): Promise<void> {
    const keys = [this.#outbox(event), ...this.#listKeys('schedule', 'waiting', 'failures', 'state')];
    await runScript(this.#redis, CONFIRM, keys, [...identify(event), padPosition(event.position), now]);
  }

  /** The delivery failed: the whole outbox waits, or its events would overtake each other. */
  async postpone(event: OutboxEvent, failures: Failures, retryAt: number, now: number): Promise<void> {
    const keys = [this.#outbox(event), ...this.#listKeys('schedule', 'failures', 'state')];
    const args = [...identify(event), JSON.stringify(failures), retryAt, composeNote(failures, now)];
    await runScript(this.#redis, POSTPONE, keys, args);
  }

  /** Puts the event among the dead letters; the outbox goes on. @returns how many old dead letters had to go for it. */
  async giveUp(event: OutboxEvent, failures: Failures, now: number): Promise<number> {
    const names = ['schedule', 'waiting', 'failures', 'state', 'dead', 'dead-times'];
    const letter: DeadLetter = {
      ...event,
      reason: failures.reason,
      attempts: failures.count,
      firstFailedAt: new Date(failures.firstAt).toISOString(),
      givenUpAt: new Date(now).toISOString(),
    };
    const args = [...identify(event), padPosition(event.position), now, event.id, JSON.stringify(letter)];
    const answer = await runScript(
      this.#redis,
      GIVE_UP,
      [this.#outbox(event), ...this.#listKeys(...names)],
      [...args, this.#deadLettersKept, composeNote(failures, now)],
    );
    return z.number().parse(answer);
  }

  async readSummary(): Promise<WebhookSummary> {
    return await readWebhookSummary(this.#redis, this.#keys);
  }

  #outbox({ serviceId }: OutboxEvent): string {
    return this.#keys.webhook(`outbox:${nameOutbox(serviceId)}`);
  }

  #listKeys(...names: readonly string[]): string[] {
    return names.map((name) => this.#keys.webhook(name));
  }
}

function identify(event: OutboxEvent): [name: string, member: string] {
  return [nameOutbox(event.serviceId), composeMember(event)];
}

function composeNote({ reason }: Failures, now: number): string {
  return JSON.stringify({ at: now, reason });
}

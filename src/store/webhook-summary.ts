import { z } from 'zod';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { readTime } from './outbox-entry.js';
import { runScript } from './script.js';
import { COUNT_BEHIND } from './webhook-scripts.js';
import { readStored } from './stored-value.js';

/** Entries of the stream behind the cursor are counted up to here. */
const MOST_COUNTED = 1000;

const noteSchema = z.object({ at: z.number(), reason: z.string() });

/** How the webhook stands. Times in ms. */
export interface WebhookSummary {
  /** Events that the receiver does not have yet. */
  waiting: number;
  /** When the oldest of them was written. */
  oldestAt: number | null;
  dead: number;
  /** Dead letters that were dropped because too many came after them. */
  dropped: number;
  lastFailure: { at: number; reason: string } | null;
  deliveredAt: number | null;
}

/** Costs the same however many events wait. */
export async function readWebhookSummary(redis: RedisClient, keys: Keys): Promise<WebhookSummary> {
  const cursor = await redis.get(keys.webhook('cursor'));
  const [waiting, oldest, dead, state, behind] = await Promise.all([
    redis.zcard(keys.webhook('waiting')),
    redis.zrange(keys.webhook('waiting'), '0', '0', 'WITHSCORES'),
    redis.zcard(keys.webhook('dead-times')),
    redis.hgetall(keys.webhook('state')),
    countBehind(redis, keys, cursor),
  ]);
  const times = [...(oldest[1] === undefined ? [] : [Number(oldest[1])]), ...behind.times];
  const { lastFailure, deliveredAt, dropped } = state;
  return {
    waiting: waiting + behind.count,
    oldestAt: times.length === 0 ? null : Math.min(...times),
    dead,
    dropped: Number(dropped ?? 0),
    lastFailure:
      lastFailure === undefined
        ? null
        : readStored(noteSchema, lastFailure, 'The last failure of the webhook'),
    deliveredAt: deliveredAt === undefined ? null : Number(deliveredAt),
  };
}

/** What no worker has taken out of the stream yet. */
async function countBehind(
  redis: RedisClient,
  keys: Keys,
  cursor: string | null,
): Promise<{ count: number; times: number[] }> {
  if (cursor === null) return { count: 0, times: [] };
  const answer = await runScript(redis, COUNT_BEHIND, [keys.events], [cursor, MOST_COUNTED]);
  const [count, first] = z.tuple([z.number(), z.string()]).parse(answer);
  return { count, times: first === '' ? [] : [readTime(first)] };
}

import { z } from 'zod';
import type { RedisClient } from './connection.js';
import { isLost, readReplicas } from './info.js';

/** How long the replicas have to confirm a write, ms. They need one round trip; the call has to follow within 5 s. */
const CONFIRM_MS = 1000;

/** What a pipeline answers. */
type Answers = [error: Error | null, value: unknown][] | null;

/** The value at this place of a pipeline's answers. @throws the error that is there instead. */
export function readAnswer(answers: Answers, index: number): unknown {
  const [error, value] = answers?.[index] ?? [
    new Error('Redis left a command of a pipeline unanswered'),
    null,
  ];
  if (error !== null) throw error;
  return value;
}

/**
 * How many replicas must confirm what is written now: all that are online and have been heard of within 10 s, by the
 * primary's own word. One that died holds purchases up for those 10 s and no longer; one that lives but cannot keep
 * up within a second holds them up until a person mends or detaches it, for it could be promoted at any time.
 *
 * `key` leads the question to the primary of our slot in a Cluster: INFO by itself goes to any node.
 */
export async function countReplicas(redis: RedisClient, key: string): Promise<number> {
  const answers = await redis.pipeline().exists(key).info('replication').exec();
  readAnswer(answers, 0);
  return countReady(readAnswer(answers, 1));
}

/** @param info INFO replication */
export function countReady(info: unknown): number {
  return readReplicas(z.string().parse(info)).filter((replica) => !isLost(replica)).length;
}

/**
 * Waits until this many replicas have everything that Redis had written so far, or for a second.
 *
 * WAIT counts from the last write of its own connection, so on one that was made anew meanwhile it would say at once that
 * all is well: a write precedes it in the same pipeline. What was written before, by whomever, is replicated before that.
 * @param key where to write; it leads to the primary of our slot in a Cluster
 * @returns how many have not confirmed: 0 is well.
 */
export async function awaitReplicas(redis: RedisClient, key: string, count: number): Promise<number> {
  if (count === 0) return 0;
  const answers = await redis.pipeline().set(key, String(count)).wait(count, CONFIRM_MS).exec();
  readAnswer(answers, 0);
  return Math.max(0, count - z.number().parse(readAnswer(answers, 1)));
}

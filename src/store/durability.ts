import { z } from 'zod';
import type { RedisClient } from './connection.js';
import { judgeDurability, SETTING_NAMES, type Durability } from './durability-rules.js';
import { readAnswer } from './replicas.js';

/**
 * Reads how Redis keeps what it acknowledged, in one round trip. Nothing is remembered: a setting that was changed at
 * runtime, or another primary after a failover, is seen at once.
 * @param key any key of ours: in a Cluster it leads to the primary of our slot
 */
export async function inspectDurability(redis: RedisClient, key: string): Promise<Durability> {
  const pipeline = redis.pipeline().exists(key).info();
  for (const name of SETTING_NAMES) pipeline.config('GET', name);
  const answers = await pipeline.exec();
  readAnswer(answers, 0);
  const info = z.string().parse(readAnswer(answers, 1));
  const settings = SETTING_NAMES.map((name, index) => [name, readSetting(answers?.[index + 2])]);
  return judgeDurability(info, settingsSchema.parse(Object.fromEntries(settings)));
}

/** Why nothing may be bought in production through this Redis; null when nothing speaks against it. */
export async function readVolatility(redis: RedisClient, key: string): Promise<string | null> {
  const { faults } = await inspectDurability(redis, key);
  if (faults.length === 0) return null;
  return `This Redis could lose the record of a purchase in a crash, so nothing is bought in production: ${faults.join('; ')}`;
}

const settingsSchema = z.record(z.enum(SETTING_NAMES), z.string());

/** Unknown where an ACL forbids CONFIG: then we cannot promise durability. */
function readSetting(answer: [error: Error | null, value: unknown] | undefined): string {
  const parsed = z.tuple([z.string(), z.string()]).safeParse(answer?.[1]);
  return parsed.success ? parsed.data[1] : 'unknown';
}

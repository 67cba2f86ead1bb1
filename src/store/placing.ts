import { z } from 'zod';
import { computeNextScan, PLACING_RULE } from '../certificates/agenda.js';
import type { CertificateRecord } from '../certificates/record.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { recordSchema } from './schemas.js';
import { defineScript, runScript } from './script.js';

/** Service ids that are asked for in one step. */
const BATCH = 500;

/** Nothing is moved when the record was saved meanwhile: who saves it places it. KEYS: certificate, due. ARGV: service id, version, score or ''. */
const PLACE = defineScript(`
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then return 0 end
if ARGV[3] == '' then return redis.call('ZREM', KEYS[2], ARGV[1]) end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return 1`);

/** Null cursor: all are placed by this rule. A cursor means something only to the Redis process that gave it. */
const progressSchema = z.object({ rule: z.number(), cursor: z.string().nullable(), runId: z.string() });
type Progress = z.output<typeof progressSchema>;

/** As `CertificateStore.placeAnew`: what one call did not reach the next one does, also one of another worker. */
export async function placeAnew(
  redis: RedisClient,
  keys: Keys,
  limit: number,
): Promise<{ moved: number; unreadable: string[] }> {
  const unreadable: string[] = [];
  const known = readProgress(await redis.get(keys.placed));
  if (known?.rule === PLACING_RULE && known.cursor === null) return { moved: 0, unreadable };
  const runId = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? '';
  const isOurs = known?.rule === PLACING_RULE && known.runId === runId;
  let cursor = isOurs ? (known.cursor ?? '0') : '0';
  let moved = 0;
  let seen = 0;
  do {
    const [next, ids] = await redis.sscan(keys.services, cursor, 'COUNT', Math.min(BATCH, limit));
    const placed = await Promise.all(ids.map((id) => place(redis, keys, id)));
    moved += placed.filter((one) => one === true).length;
    unreadable.push(...ids.filter((_, index) => placed[index] === null));
    seen += ids.length;
    cursor = next;
    const progress: Progress = { rule: PLACING_RULE, cursor: next === '0' ? null : next, runId };
    await redis.set(keys.placed, JSON.stringify(progress));
  } while (cursor !== '0' && seen < limit);
  return { moved, unreadable };
}

function readProgress(json: string | null): Progress | null {
  if (json === null) return null;
  try {
    return progressSchema.parse(JSON.parse(json));
  } catch {
    return null; // Placing all of them once more changes nothing that is right.
  }
}

/** @returns whether it was moved; null when it cannot be read. */
async function place(redis: RedisClient, keys: Keys, serviceId: string): Promise<boolean | null> {
  const key = keys.certificate(serviceId);
  const [[version, json], score] = await Promise.all([
    redis.hmget(key, 'version', 'record'),
    redis.zscore(keys.due, serviceId),
  ]);
  if (!version || !json) return false;
  const record = readRecord(json);
  if (record === null) return null;
  const at = computeNextScan(record);
  if (at === (score === null ? null : Number(score))) return false;
  const args = [serviceId, version, at === null ? '' : String(at)];
  return (await runScript(redis, PLACE, [key, keys.due], args)) === 1;
}

function readRecord(json: string): CertificateRecord | null {
  try {
    return recordSchema.parse(JSON.parse(json));
  } catch {
    return null; // Whoever works on it tells why.
  }
}

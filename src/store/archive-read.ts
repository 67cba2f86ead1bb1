import type { ChainableCommander } from 'ioredis';
import { z } from 'zod';
import { SORTED_PARTS, type AccountPart } from './archive-format.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** A service as it is stored: the fields of its hash and the entries of its history. No fields: it is not there. */
export interface RawService {
  serviceId: string;
  fields: Record<string, string>;
  history: string[];
}

/** One entry of an account's hash or sorted set. */
export type RawEntry = readonly [name: string, value: string | number];

const fieldsSchema = z.record(z.string(), z.string());
const textsSchema = z.array(z.string());

/** The answers of one MULTI: what it reads, it reads at one moment. */
async function execute(transaction: ChainableCommander): Promise<unknown[]> {
  const answers = await transaction.exec();
  if (answers === null) throw new Error('Redis gave no answer to a transaction');
  return answers.map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}

/** Services and parts of an account, all of them as they were at one moment. */
export async function readTogether(
  redis: RedisClient,
  keys: Keys,
  serviceIds: readonly string[],
  account: { id: string; parts: readonly AccountPart[] } | null = null,
): Promise<{ services: RawService[]; parts: RawEntry[][] }> {
  const parts = account?.parts ?? [];
  if (serviceIds.length + parts.length === 0) return { services: [], parts: [] };
  const transaction = redis.multi();
  for (const id of serviceIds) transaction.hgetall(keys.certificate(id)).lrange(keys.history(id), 0, -1);
  for (const part of parts) {
    const key = keys.account(account?.id ?? '', part);
    if (SORTED_PARTS.has(part)) transaction.zrange(key, '0', '-1', 'WITHSCORES');
    else transaction.hgetall(key);
  }
  const answers = await execute(transaction);
  const services = serviceIds.map((serviceId, index) => ({
    serviceId,
    fields: fieldsSchema.parse(answers[2 * index]),
    history: textsSchema.parse(answers[2 * index + 1]),
  }));
  return {
    services,
    parts: parts.map((part, index) => {
      const answer = answers[2 * serviceIds.length + index];
      return SORTED_PARTS.has(part)
        ? pair(textsSchema.parse(answer)).map(([name, score]) => [name, Number(score)] as const)
        : Object.entries(fieldsSchema.parse(answer));
    }),
  };
}

/** A large hash, in batches. An entry may come twice while the hash grows. */
export async function* scanHash(redis: RedisClient, key: string, count: number): AsyncGenerator<RawEntry[]> {
  let cursor = '0';
  do {
    const [next, flat] = await redis.hscan(key, cursor, 'COUNT', count);
    cursor = next;
    if (flat.length > 0) yield pair(flat);
  } while (cursor !== '0');
}

function pair(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? '']] : []));
}

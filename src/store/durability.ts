import type { RedisClient } from './connection.js';

/** What a crash of this Redis would lose, and what else is wrong with it for money. */
export interface Durability {
  isDurable: boolean;
  /** One sentence per fault, with its remedy. */
  faults: string[];
  version: string;
}

/**
 * Reads how Redis keeps what it acknowledged. A purchase's intent must survive a crash in the next instant:
 * `appendonly yes`, `appendfsync always`, `noeviction`.
 */
export async function inspectDurability(redis: RedisClient): Promise<Durability> {
  const info = await redis.info();
  const read = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const faults: string[] = [];
  if (read('aof_enabled') !== '1')
    faults.push('appendonly is off: set "appendonly yes" (see config/redis.conf)');
  else {
    const fsync = await readSetting(redis, 'appendfsync');
    if (fsync !== 'always')
      faults.push(`appendfsync is "${fsync}": set "appendfsync always" (see config/redis.conf)`);
  }
  const policy = read('maxmemory_policy');
  if (policy !== 'noeviction')
    faults.push(`maxmemory-policy is "${policy}": set "maxmemory-policy noeviction"`);
  return { isDurable: faults.length === 0, faults, version: read('valkey_version') || read('redis_version') };
}

/** Unknown where an ACL forbids CONFIG: then we cannot promise durability. */
async function readSetting(redis: RedisClient, name: string): Promise<string> {
  try {
    const answer = await redis.config('GET', name);
    return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : 'unknown';
  } catch {
    return 'unknown';
  }
}

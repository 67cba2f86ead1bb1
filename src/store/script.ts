import { createHash } from 'node:crypto';
import type { RedisClient } from './connection.js';

/** A Lua script and its SHA-1, by which Redis knows it. */
export interface Script {
  source: string;
  sha: string;
}

export function defineScript(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** Runs the script by its hash; sends its text once where the server does not know it (a new or restarted one). */
export async function runScript(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    // NOSCRIPT means nothing of the script ran, so running it now cannot run it twice.
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.eval(script.source, keys.length, ...keys, ...args);
  }
}

import { createHash } from 'node:crypto';
import type { RedisClient } from './connection.js';
import { UnreadableValueError } from './stored-value.js';

/** A Lua script and its SHA-1, by which Redis knows it. */
export interface Script {
  source: string;
  sha: string;
}

export function defineScript(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/**
 * Runs the script by its hash; sends its text once where the server does not know it (a new or restarted one).
 * @throws UnreadableValueError when it ended at a stored value that cannot be read
 */
export async function runScript(
  redis: RedisClient,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await run(redis, script, keys, args);
  } catch (error) {
    if (error instanceof Error && UNREADABLE.test(error.message)) {
      const places = [...new Set(keys.map((key) => key.replace(/:[^:]*$/, '')))].join(', ');
      throw new UnreadableValueError(`A value that this step needs, in one of the keys of ${places},`, error);
    }
    throw error;
  }
}

/** How Lua ends at a value that it cannot decode, or that has not what must be in it; and Redis at a key of another type. */
const UNREADABLE = /^(ERR user_script:\d+: |ERR Lua redis lib command arguments |WRONGTYPE )/;

async function run(
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

import { z } from 'zod';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { defineScript, runScript } from './script.js';
import { readStored } from './stored-value.js';

export type StoredPauseScope = 'all' | 'purchases';

export interface Pause {
  scope: StoredPauseScope;
  reason: string;
  /** ms, or null until somebody resumes it. */
  until: number | null;
}

const pauseSchema = z.object({ reason: z.string(), until: z.coerce.number().nullable() });

const PAUSE = defineScript(`
local old = redis.call('HGET', KEYS[1], ARGV[1])
local new = cjson.decode(ARGV[2])
if old and new['until'] ~= cjson.null then
  local known = cjson.decode(old)
  if known['until'] == cjson.null or tonumber(known['until']) > tonumber(new['until']) then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`);

const END_AUTOMATIC = defineScript(`
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old and cjson.decode(old)['until'] ~= cjson.null then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0`);

/** The brakes of each Namecheap account. */
export class AccountStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;

  constructor(redis: RedisClient, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** An automatic pause never replaces a person's (without an end), nor a longer one. */
  async pause(account: string, pause: Pause): Promise<void> {
    const { scope, reason, until } = pause;
    // The time travels as a string: Lua, which compares it here and in `begin`, would print a number in exponent form.
    const json = JSON.stringify({ reason, until: until === null ? null : String(until) });
    await runScript(this.#redis, PAUSE, [this.#keys.account(account, 'pause')], [scope, json]);
  }

  async resume(account: string): Promise<void> {
    await this.#redis.del(this.#keys.account(account, 'pause'));
  }

  /** Ends what ends by itself sooner: a test has just shown that the account works. A person's pause stays. */
  async endAutomaticPauses(account: string, now: number): Promise<void> {
    const pauses = await this.listPauses(account, now);
    for (const { scope } of pauses) {
      await runScript(this.#redis, END_AUTOMATIC, [this.#keys.account(account, 'pause')], [scope]);
    }
  }

  /** The pauses in force. */
  async listPauses(account: string, now: number): Promise<Pause[]> {
    const raw = await this.#redis.hgetall(this.#keys.account(account, 'pause'));
    return (['all', 'purchases'] as const).flatMap((scope) => {
      const text = raw[scope];
      if (text === undefined) return [];
      const { reason, until } = readStored(pauseSchema, text, `The pause ${scope} of account ${account}`);
      return until === null || until > now ? [{ scope, reason, until }] : [];
    });
  }

  /** Unsettled purchases, certificates in stock and foreign ones, for people. */
  async countCertificates(account: string): Promise<{ unsettled: number; stock: number; foreign: number }> {
    const [unsettled, stock, foreign] = await Promise.all(
      ['lanes', 'stock', 'foreign'].map((what) => this.#redis.hlen(this.#keys.account(account, what))),
    );
    return { unsettled: unsettled ?? 0, stock: stock ?? 0, foreign: foreign ?? 0 };
  }
}

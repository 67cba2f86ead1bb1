import { z } from 'zod';
import type { RedisClient } from '../store/connection.js';
import { defineScript, runScript } from '../store/script.js';

/** Windows are counted a second long, so that a difference of clocks never pushes us over Namecheap's count. */
const MARGIN_MS = 1000;

const WINDOWS_MS = [60_000, 3_600_000, 86_400_000] as const;

/** How much longer the account rests at the second and third refusal in a row. */
const REST_FACTORS = [1, 5, 15] as const;

/**
 * KEYS: calls, rest. ARGV: now (or '' for the server's clock), member (or '' to look without taking), limits of minute, hour, day (0 = off).
 * Takes from all windows or from none. Answers how many ms until it is worth asking again; 0: taken; -1: taken, and the
 * account rested lately.
 * A sorted set of call times per account: own Lua, because a limiter per window (as the libraries have it) takes from
 * the first windows although a later one refuses.
 */
const TAKE = defineScript(`
local now = tonumber(ARGV[1])
if not now then
  local t = redis.call('TIME')
  now = t[1] * 1000 + math.floor(t[2] / 1000)
end
local untilAt = tonumber(redis.call('HGET', KEYS[2], 'until') or '0')
if untilAt > now then return untilAt - now end
local windows = {${WINDOWS_MS.map((ms) => ms + MARGIN_MS).join(', ')}}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - windows[3])
local wait = 0
for i = 1, 3 do
  local limit = tonumber(ARGV[2 + i])
  if limit > 0 then
    local from = now - windows[i]
    local used = redis.call('ZCOUNT', KEYS[1], '(' .. string.format('%.0f', from), '+inf')
    if used >= limit then
      local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', from), '+inf', 'WITHSCORES', 'LIMIT', used - limit, 1)
      wait = math.max(wait, tonumber(oldest[2]) + windows[i] - now + 1)
    end
  end
end
if wait > 0 then return wait end
if ARGV[2] == '' then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[2])
redis.call('PEXPIRE', KEYS[1], windows[3])
return -redis.call('HEXISTS', KEYS[2], 'level')`);

/** KEYS: rest. ARGV: first rest in ms. The rest grows with every refusal in a row; answers how long it is, ms. */
const REST = defineScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if tonumber(redis.call('HGET', KEYS[1], 'until') or '0') > now then return tonumber(redis.call('HGET', KEYS[1], 'until')) - now end
local level = math.min(tonumber(redis.call('HGET', KEYS[1], 'level') or '0') + 1, ${REST_FACTORS.length})
local factors = {${REST_FACTORS.join(', ')}}
local rest = tonumber(ARGV[1]) * factors[level]
redis.call('HSET', KEYS[1], 'level', level, 'until', string.format('%.0f', now + rest))
return rest`);

/** A call that was admitted before a newer rest began must not end that rest. */
const WAKE = defineScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if tonumber(redis.call('HGET', KEYS[1], 'until') or '0') <= now then redis.call('DEL', KEYS[1]) end
return 0`);

export interface Taken {
  /** 0: taken. Else nothing was taken, and it is not worth asking again before this, ms. */
  waitMs: number;
  /** The account rested lately: tell {@link AccountLimiter.wake} when the call goes through. */
  hasRested: boolean;
}

export type Limits = readonly [minute: number, hour: number, day: number];

/** The calls of one Namecheap account, counted over all workers in one Redis. */
export class AccountLimiter {
  readonly #redis: RedisClient;
  readonly #calls: string;
  readonly #rest: string;
  readonly #createId: () => string;

  /** @param keyOf the account's key for a word. */
  constructor(redis: RedisClient, keyOf: (what: string) => string, createId: () => string) {
    this.#redis = redis;
    this.#calls = keyOf('calls');
    this.#rest = keyOf('rest');
    this.#createId = createId;
  }

  /** Takes one call from every window, or none. `now` in ms replaces Redis's clock in tests. */
  async take(limits: Limits, now?: number): Promise<Taken> {
    const args = [now ?? '', this.#createId(), ...limits];
    const answer = z.number().parse(await runScript(this.#redis, TAKE, [this.#calls, this.#rest], args));
    return { waitMs: Math.max(0, answer), hasRested: answer < 0 };
  }

  /** As {@link take}, but takes nothing. @returns ms until it is worth asking again. */
  async look(limits: Limits): Promise<number> {
    const answer = await runScript(this.#redis, TAKE, [this.#calls, this.#rest], ['', '', ...limits]);
    return Math.max(0, z.number().parse(answer));
  }

  /** Namecheap said "too many requests": the account rests. @returns for how long, ms. */
  async rest(firstMs: number): Promise<number> {
    return z.number().parse(await runScript(this.#redis, REST, [this.#rest], [firstMs]));
  }

  /** A call went through: the next rest is a short one again. */
  async wake(): Promise<void> {
    await runScript(this.#redis, WAKE, [this.#rest], []);
  }

  /** Calls counted in each window, for people. */
  async count(now: number): Promise<[minute: number, hour: number, day: number]> {
    const [minute, hour, day] = await Promise.all(
      WINDOWS_MS.map((window) => this.#redis.zcount(this.#calls, now - window - MARGIN_MS, '+inf')),
    );
    return [minute ?? 0, hour ?? 0, day ?? 0];
  }
}

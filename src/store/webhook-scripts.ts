import { defineScript } from './script.js';

/** KEYS: lock. ARGV: token, duration ms. Takes or prolongs it. */
export const LOCK = defineScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`);

/** KEYS: lock. ARGV: token. */
export const UNLOCK = defineScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`);

/**
 * KEYS: cursor, schedule, waiting, then the outbox of each entry. ARGV: the cursor that was read, the next one, now,
 * then per entry: outbox name, member, padded position, its time. All of it or nothing: a crash repeats no entry and
 * skips none.
 */
export const FILL = defineScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for i = 4, #KEYS do
  local at = 4 + (i - 4) * 4
  redis.call('ZADD', KEYS[i], 0, ARGV[at + 1])
  redis.call('ZADD', KEYS[2], 'NX', ARGV[3], ARGV[at])
  redis.call('ZADD', KEYS[3], ARGV[at + 3], ARGV[at + 2])
end
redis.call('SET', KEYS[1], ARGV[2])
return 1`);

/** An outbox stands in the schedule exactly as long as it holds something. */
const RESCHEDULE = `
local function reschedule(outbox, name, now)
  if redis.call('ZCARD', outbox) == 0 then redis.call('ZREM', KEYS[2], name)
  else redis.call('ZADD', KEYS[2], now, name) end
end
`;

/** KEYS: outbox, schedule, waiting, failures, state. ARGV: outbox name, member, padded position, now. */
export const CONFIRM = defineScript(`${RESCHEDULE}
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HSET', KEYS[5], 'deliveredAt', ARGV[4])
reschedule(KEYS[1], ARGV[1], ARGV[4])
return 1`);

/** KEYS: outbox, schedule, failures, state. ARGV: outbox name, member, failures JSON, when to try again, note JSON. */
export const POSTPONE = defineScript(`
if not redis.call('ZSCORE', KEYS[1], ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
redis.call('HSET', KEYS[4], 'lastFailure', ARGV[5])
return 1`);

/**
 * KEYS: outbox, schedule, waiting, failures, state, dead letters, their times. ARGV: outbox name, member, padded
 * position, now, event id, dead letter JSON, how many are kept, note JSON. @returns how many old ones were dropped.
 */
export const GIVE_UP = defineScript(`${RESCHEDULE}
if redis.call('ZREM', KEYS[1], ARGV[2]) == 0 then return 0 end
redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('HSET', KEYS[5], 'lastFailure', ARGV[8])
redis.call('HSET', KEYS[6], ARGV[5], ARGV[6])
redis.call('ZADD', KEYS[7], ARGV[4], ARGV[5])
reschedule(KEYS[1], ARGV[1], ARGV[4])
local surplus = redis.call('ZCARD', KEYS[7]) - ARGV[7]
if surplus <= 0 then return 0 end
local oldest = redis.call('ZRANGE', KEYS[7], 0, surplus - 1)
for _, id in ipairs(oldest) do
  redis.call('ZREM', KEYS[7], id)
  redis.call('HDEL', KEYS[6], id)
end
redis.pcall('HINCRBY', KEYS[5], 'dropped', surplus)
return surplus`);

/**
 * KEYS: outbox, schedule, waiting, failures, dead letters, their times. ARGV: outbox name, member, padded position,
 * its time, now, event id, the dead letter as it was read. 0 when somebody else has put it back already.
 */
export const REPLAY = defineScript(`
if redis.call('HGET', KEYS[5], ARGV[6]) ~= ARGV[7] then return 0 end
redis.call('HDEL', KEYS[5], ARGV[6])
redis.call('ZREM', KEYS[6], ARGV[6])
redis.call('ZADD', KEYS[1], 0, ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])
redis.call('HDEL', KEYS[4], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[1])
return 1`);

/** KEYS: outbox, schedule. ARGV: outbox name. For an outbox that somebody deleted by hand. */
export const FORGET_EMPTY = defineScript(`
if redis.call('ZCARD', KEYS[1]) == 0 then redis.call('ZREM', KEYS[2], ARGV[1]) end
return 0`);

/** KEYS: stream. ARGV: cursor, at most so many. How many entries stand behind the cursor, and the first one's position. */
export const COUNT_BEHIND = defineScript(`
local rows = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
return {#rows, rows[1] and rows[1][1] or ''}`);

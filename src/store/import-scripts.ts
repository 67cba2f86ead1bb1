import { COMMIT_LUA } from './commit.js';
import { defineScript } from './script.js';

/** KEYS 8–20 are the account's as in purchase-scripts.ts; of them: 11 claims, 12 stock, 13 foreign. 21: uses of modules. */
const CHAIN_LUA = `${COMMIT_LUA}
local function findOwner(ids, allowed)
  for _, id in ipairs(ids) do
    local owner = redis.call('HGET', KEYS[11], id)
    if owner and owner ~= allowed then return owner end
  end
end
local function claim(ids, serviceId)
  for _, id in ipairs(ids) do
    redis.call('HSET', KEYS[11], id, serviceId)
    redis.call('HDEL', KEYS[12], id)
    redis.call('HDEL', KEYS[13], id)
  end
end
`;

/** ARGV: commit JSON, JSON of the chain's ids, module. */
export const CREATE = defineScript(`${CHAIN_LUA}
local c, ids = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
if check(c) ~= 'ok' then return {'exists'} end
local owner = findOwner(ids, nil)
if owner then return {'claimed', owner} end
claim(ids, c.id)
write(c)
if c.expect == '' then redis.pcall('HINCRBY', KEYS[21], ARGV[3], 1) end
return {'created'}`);

/**
 * KEYS 22: the old record, 23: its history. ARGV: commit JSON, JSON of the chain's ids, module, old service id, old
 * version, old module. A record with errands is not moved. The history moves along; the commit adds its line to it.
 */
export const MOVE = defineScript(`${CHAIN_LUA}
local c, ids = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
if check(c) ~= 'ok' then return {'exists'} end
local old = redis.call('HMGET', KEYS[22], 'version', 'lease', 'leaseUntil')
if old[1] ~= ARGV[5] then return {'stale'} end
if old[2] and tonumber(old[3] or '0') > clock() then return {'stale'} end
local owner = findOwner(ids, ARGV[4])
if owner then return {'claimed', owner} end
if c.expect == '' then redis.call('DEL', KEYS[2]) end
for _, line in ipairs(redis.call('LRANGE', KEYS[23], 0, -1)) do redis.call('RPUSH', KEYS[2], line) end
redis.call('DEL', KEYS[22], KEYS[23])
for _, index in ipairs({3, 4}) do redis.call('ZREM', KEYS[index], ARGV[4]) end
redis.call('SREM', KEYS[6], ARGV[4])
redis.pcall('HINCRBY', KEYS[21], ARGV[6], -1)
if c.expect == '' then redis.pcall('HINCRBY', KEYS[21], ARGV[3], 1) end
claim(ids, c.id)
write(c)
return {'created'}`);

/** KEYS: claims, stock, foreign, events. ARGV: certificate id, ISO time, event JSON. */
export const MARK_FOREIGN = defineScript(`
for i = 1, 3 do
  if redis.call('HEXISTS', KEYS[i], ARGV[1]) == 1 then return 0 end
end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
redis.call('XADD', KEYS[4], 'MAXLEN', '~', 100000, '*', 'event', ARGV[3])
return 1`);

/** A job that waits may come this much later than it said before it counts as lost, ms. */
const ABANDONED_MS = 600_000;

const CLOCK_LUA = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function ms(n) return string.format('%.0f', n) end
local function hold(token, holdMs)
  redis.call('HSET', KEYS[1], 'holder', token, 'heldUntil', ms(now + holdMs), 'awaitedTill', ms(now + holdMs + ${ABANDONED_MS}))
end
`;

/** KEYS: the import. ARGV: id, subject, token, hold in ms. */
export const TAKE = defineScript(`${CLOCK_LUA}
local known = redis.call('HMGET', KEYS[1], 'id', 'subject', 'holder', 'heldUntil', 'awaitedTill', 'result')
if known[1] == ARGV[1] and known[2] ~= ARGV[2] then return {'differs'} end
if known[6] and known[1] == ARGV[1] then return {'finished', known[6]} end
if known[1] and not known[6] then
  local held = tonumber(known[4])
  if known[3] ~= ARGV[3] and held > now then return {'busy', ms(held - now)} end
  if known[2] == ARGV[2] then
    hold(ARGV[3], tonumber(ARGV[4]))
    return {'taken'}
  end
  if tonumber(known[5]) > now then return {'busy', ms(tonumber(known[5]) - now)} end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'subject', ARGV[2])
hold(ARGV[3], tonumber(ARGV[4]))
return {'taken'}`);

/** KEYS: the import. ARGV: token, hold in ms, then field and value in turn; an empty value removes the field. */
export const SAVE_PROGRESS = defineScript(`${CLOCK_LUA}
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
hold(ARGV[1], tonumber(ARGV[2]))
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[i]) else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return 1`);

/** KEYS: the import. ARGV: token, ms until it is taken up again. */
export const REST = defineScript(`${CLOCK_LUA}
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'holder', '', 'heldUntil', '0', 'awaitedTill', ms(now + ARGV[2] + ${ABANDONED_MS}))
return 1`);

/** KEYS: the import. ARGV: token, result JSON, ms that it is kept. */
export const FINISH = defineScript(`
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
local known = redis.call('HMGET', KEYS[1], 'id', 'subject')
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', known[1], 'subject', known[2], 'result', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`);

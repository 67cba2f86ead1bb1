import { COMMIT_LUA } from './commit.js';
import { IDENTITY_LUA } from './gate-scripts.js';
import type { Keys } from './keys.js';
import { defineScript } from './script.js';

/** A listing older than this may hide what somebody bought by hand meanwhile. */
const LISTING_MAX_AGE_MS = 600_000;

/** Names of the account's keys; in every script below they are KEYS 8 onwards, in this order. */
const ACCOUNT_KEYS = [
  'lanes', // 8: hash lane → the one unsettled purchase
  'purchases', // 9: hash purchase key → unsettled or made purchase
  'not-made', // 10: hash purchase id → purchase that was settled as not made
  'claims', // 11: hash certificate id → service id
  'stock', // 12: hash certificate id → paid certificate that no order owns
  'foreign', // 13: hash certificate id → when it was first seen
  'ledger', // 14: hash transaction id → entry
  'spend', // 15: sorted set "transaction|1/10000 of a unit" by time
  'begun', // 16: sorted set purchase id by time
  'listing', // 17: hash <kind>.startedAt, <kind>.completedAt of the last complete listing of each kind
  'pause', // 18: hash scope → { reason, until }
  'balance', // 19: hash amount, at: the last balance seen while nothing was unsettled
  'gate', // 20: hash server: the Redis on which the books were last compared with Namecheap
] as const;

export function accountKeys(keys: Keys, account: string): string[] {
  return ACCOUNT_KEYS.map((name) => keys.account(account, name));
}

/** Shared by the scripts: the pause in force for a purchase, the spending of the last 24 hours, and whether the books may be trusted. */
const ACCOUNT_LUA = `${COMMIT_LUA}${IDENTITY_LUA}
local function isGateOpen() return redis.call('HGET', KEYS[20], 'server') == identity() end
local function pause(now)
  for _, scope in ipairs({'all', 'purchases'}) do
    local raw = redis.call('HGET', KEYS[18], scope)
    if raw then
      local p = cjson.decode(raw)
      if p['until'] == cjson.null or tonumber(p['until']) > now then return p end
    end
  end
  return nil
end
local function units(now)
  local sum = 0
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[15], now - 86400000, '+inf')) do
    sum = sum + tonumber(string.match(member, '|(%-?%d+)$'))
  end
  return sum
end
local function ms(n) return string.format('%.0f', n) end
`;

/**
 * ARGV: commit JSON, intent JSON, lane, purchase key, purchase id, max purchases per hour or '', max spend per day
 * in 1/10000 or '', kind of the listing that must be fresh or ''. Every refusal leaves everything unchanged.
 */
export const BEGIN = defineScript(`${ACCOUNT_LUA}
local now = clock()
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
if not isGateOpen() then return {'gate'} end
local stop = pause(now)
if stop then return {'paused', stop.reason, stop['until'] == cjson.null and '' or ms(stop['until'])} end
local known = redis.call('HGET', KEYS[9], ARGV[4])
if known then return {'bought', known} end
local holder = redis.call('HGET', KEYS[8], ARGV[3])
if holder then
  holder = cjson.decode(holder)
  return {'lane-busy', holder.key, ms(now - holder.begunAt)}
end
if ARGV[8] ~= '' then
  local listed = tonumber(redis.call('HGET', KEYS[17], ARGV[8] .. '.completedAt') or '')
  -- One of the future is of before the clock went back, nobody knows how old.
  if not listed or listed < now - ${LISTING_MAX_AGE_MS} or listed > now then return {'listing-old'} end
end
if ARGV[6] ~= '' and redis.call('ZCOUNT', KEYS[16], now - 3600000, '+inf') >= tonumber(ARGV[6]) then
  local first = redis.call('ZRANGEBYSCORE', KEYS[16], now - 3600000, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return {'guarded', 'purchases', first[2] and ms(tonumber(first[2]) + 3600000 - now) or '3600000'}
end
if ARGV[7] ~= '' and units(now) >= tonumber(ARGV[7]) then return {'guarded', 'spend', '3600000'} end
write(c)
redis.call('HSET', KEYS[8], ARGV[3], ARGV[2])
redis.call('HSET', KEYS[9], ARGV[4], ARGV[2])
redis.call('ZADD', KEYS[16], now, ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[16], '-inf', now - 86400000)
return {'begun'}`);

/**
 * ARGV: commit JSON, lane, purchase key, purchase id, settled purchase JSON, certificate id, service id,
 * ledger id, ledger entry JSON, charge in 1/10000 or '' when it is not known, stock JSON or '' for what is bound to its
 * service and therefore claimed in any case. Money first: the ledger
 * entry is written whatever else has changed. An unknown charge, or one that is told late, makes the stored balance worthless as evidence. An answer that
 * comes after its certificate was adopted tells the amount at last: its entry takes the place of the one without.
 */
export const SETTLE_MADE = defineScript(`${ACCOUNT_LUA}
local now = clock()
local isTold = ARGV[10] ~= ''
-- The entry of the adoption goes, and whoever was settled with it is told its new name.
local function takePlace(name, entry)
  local raw = redis.call('HGET', KEYS[14], name)
  if not raw then return entry end
  local old, new = cjson.decode(raw), cjson.decode(entry)
  redis.call('HDEL', KEYS[14], name)
  local settled = old.key and redis.call('HGET', KEYS[9], old.key)
  if settled then
    local renamed = string.gsub(settled, '"ledgerId":"adopted%-[^"]*"', '"ledgerId":"' .. ARGV[8] .. '"')
    redis.call('HSET', KEYS[9], old.key, renamed)
  end
  for _, field in ipairs({'serviceId', 'purchaseId', 'key', 'kind'}) do new[field] = old[field] or new[field] end
  new.adoptedAs, new.adoptedAt = name, old.at
  return cjson.encode(new)
end
local function enter()
  local entry = ARGV[9]
  if isTold then
    entry = takePlace('adopted-' .. ARGV[6], entry)
    entry = takePlace('adopted-' .. ARGV[6] .. '-' .. ARGV[4], entry)
  end
  if redis.call('HSETNX', KEYS[14], ARGV[8], entry) == 1 then
    if isTold then redis.call('ZADD', KEYS[15], now, ARGV[8] .. '|' .. ARGV[10]) end
    redis.call('ZREMRANGEBYSCORE', KEYS[15], '-inf', now - 172800000)
  end
end
local lane = redis.call('HGET', KEYS[8], ARGV[2])
local held = lane and cjson.decode(lane)
local holds = held and held.id == ARGV[4]
local owner = redis.call('HGET', KEYS[11], ARGV[6])
if not holds then
  -- One that was adopted while its answer came in is in the ledger with its amount.
  local settled = redis.call('HGET', KEYS[9], ARGV[3])
  if isTold or not settled or cjson.decode(settled).id ~= ARGV[4] then enter() end
  redis.call('DEL', KEYS[19])
  if not owner then
    if ARGV[11] == '' then redis.call('HSET', KEYS[11], ARGV[6], ARGV[7])
    else redis.call('HSET', KEYS[12], ARGV[6], ARGV[11]) end
    redis.call('HDEL', KEYS[13], ARGV[6])
    redis.call('HDEL', KEYS[10], ARGV[4])
  end
  return {'moved-on'}
end
if isTold or not held.isTold then enter() end
-- Noted in the lane, for the record may be newer and somebody else may adopt the certificate.
if isTold and not held.isTold then redis.call('HSET', KEYS[8], ARGV[2], string.sub(lane, 1, -2) .. ',"isTold":true}') end
if owner and owner ~= ARGV[7] then return {'claimed', owner} end
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
if not isTold then redis.call('DEL', KEYS[19]) end
redis.call('HSET', KEYS[11], ARGV[6], ARGV[7])
redis.call('HDEL', KEYS[12], ARGV[6])
redis.call('HDEL', KEYS[13], ARGV[6])
redis.call('HDEL', KEYS[8], ARGV[2])
redis.call('HSET', KEYS[9], ARGV[3], ARGV[5])
write(c)
return {'made'}`);

/**
 * ARGV: commit JSON, lane, purchase key, purchase id, purchase JSON, '1' to remember it. Only a purchase that was
 * concluded by looking is remembered: its certificate may still appear; a refused one never will, and remembering it
 * would take somebody's purchase by hand for ours.
 */
export const SETTLE_NOT_MADE = defineScript(`${ACCOUNT_LUA}
local c = cjson.decode(ARGV[1])
local lane = redis.call('HGET', KEYS[8], ARGV[2])
if not lane or cjson.decode(lane).id ~= ARGV[4] then return {'stale', 'version'} end
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
redis.call('HDEL', KEYS[8], ARGV[2])
redis.call('HDEL', KEYS[9], ARGV[3])
if ARGV[6] == '1' then redis.call('HSET', KEYS[10], ARGV[4], ARGV[5]) end
redis.call('ZREM', KEYS[16], ARGV[4])
write(c)
return {'not-made'}`);

/** ARGV: commit JSON, service id, certificate ids. New ids of the service's chain, which nobody else may own. */
export const CLAIM = defineScript(`${ACCOUNT_LUA}
for i = 3, #ARGV do
  local owner = redis.call('HGET', KEYS[11], ARGV[i])
  if owner and owner ~= ARGV[2] then return {'claimed', owner} end
end
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
for i = 3, #ARGV do
  redis.call('HSET', KEYS[11], ARGV[i], ARGV[2])
  redis.call('HDEL', KEYS[12], ARGV[i])
  redis.call('HDEL', KEYS[13], ARGV[i])
end
write(c)
return {'made'}`);

/** ARGV: commit JSON, purchase key, purchase JSON, certificate id, service id. The caller chose the id; here it must still be free. */
export const TAKE_STOCK = defineScript(`${ACCOUNT_LUA}
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
if not isGateOpen() then return {'none'} end
if redis.call('HEXISTS', KEYS[9], ARGV[2]) == 1 or redis.call('HDEL', KEYS[12], ARGV[4]) == 0 then return {'none'} end
if redis.call('HEXISTS', KEYS[11], ARGV[4]) == 1 then return {'none'} end
redis.call('HSET', KEYS[11], ARGV[4], ARGV[5])
redis.call('HSET', KEYS[9], ARGV[2], ARGV[3])
write(c)
return {'taken'}`);

/** KEYS: lanes, claims, stock, ledger. ARGV: lane, purchase id, certificate id, stock JSON, ledger id, ledger entry JSON. */
export const ADD_STOCK = defineScript(`
local lane = redis.call('HGET', KEYS[1], ARGV[1])
if not lane or cjson.decode(lane).id ~= ARGV[2] or redis.call('HEXISTS', KEYS[2], ARGV[3]) == 1 then return 0 end
redis.call('HSETNX', KEYS[4], ARGV[5], ARGV[6])
return redis.call('HSETNX', KEYS[3], ARGV[3], ARGV[4])`);

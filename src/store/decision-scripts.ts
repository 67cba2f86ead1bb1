import { COMMIT_LUA } from './commit.js';
import { defineScript } from './script.js';

/**
 * KEYS as in the purchase scripts. `find(key)`: the purchase under a key, its text, whether it is unsettled, and whether its
 * lane still waits for it. An order's that has no certificate is unsettled without its lane too: a restore of an older
 * version lost it. Renewals and names tell from the beginning which certificate they are for: there only the lane tells.
 */
const DECISION_LUA = `${COMMIT_LUA}
local function find(key)
  local raw = redis.call('HGET', KEYS[9], key)
  if not raw then return nil, nil, false, false end
  local p = cjson.decode(raw)
  local held = redis.call('HGET', KEYS[8], p.lane)
  local isHeld = held and cjson.decode(held).id == p.id
  return p, raw, isHeld or type(p.certificateId) ~= 'number', isHeld
end
`;

/**
 * ARGV: commit JSON, purchase key, settled purchase JSON, purchase id, certificate id, service id, ledger id, ledger entry.
 * As after a purchase that was answered, but without an amount: what was charged is not known here, so the stored balance
 * is no evidence any more. A purchase that was remembered as not made explains no second certificate.
 */
export const ADOPT = defineScript(`${DECISION_LUA}
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
local owner = redis.call('HGET', KEYS[11], ARGV[5])
if owner and owner ~= ARGV[6] then return {'claimed', owner} end
local p, _, isOpen, isHeld = find(ARGV[2])
if p and not isOpen and p.certificateId ~= tonumber(ARGV[5]) then
  return {'made', type(p.certificateId) == 'number' and string.format('%.0f', p.certificateId) or ''}
end
if isHeld then redis.call('HDEL', KEYS[8], p.lane) end
redis.call('HSET', KEYS[9], ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[10], ARGV[4])
redis.call('HSET', KEYS[11], ARGV[5], ARGV[6])
redis.call('HDEL', KEYS[12], ARGV[5])
redis.call('HDEL', KEYS[13], ARGV[5])
redis.call('HSETNX', KEYS[14], ARGV[7], ARGV[8])
redis.call('DEL', KEYS[19])
write(c)
return {'done'}`);

/**
 * ARGV: commit JSON, purchase key. What is made stays made. As a conclusion by looking it is remembered:
 * a certificate that appears late becomes stock instead of foreign (names have no list that could show them).
 */
export const DECIDE_NOT_MADE = defineScript(`${DECISION_LUA}
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
local p, raw, isOpen, isHeld = find(ARGV[2])
if p and not isOpen then
  return {'made', type(p.certificateId) == 'number' and string.format('%.0f', p.certificateId) or ''}
end
if p then
  if isHeld then redis.call('HDEL', KEYS[8], p.lane) end
  redis.call('HDEL', KEYS[9], ARGV[2])
  redis.call('ZREM', KEYS[16], p.id)
  if p.kind ~= 'names' then redis.call('HSET', KEYS[10], p.id, raw) end
end
redis.call('DEL', KEYS[19])
write(c)
return {'done'}`);

/**
 * ARGV: commit JSON, purchase key, certificate id, service id, stock JSON or '' when it is dead, ISO time. What another
 * service owns, or what stands in stock or among the foreign ones already, stays where it is.
 */
export const GIVE_UP = defineScript(`${DECISION_LUA}
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict ~= 'ok' then return {'stale', verdict} end
local owner = redis.call('HGET', KEYS[11], ARGV[3])
local isLoose = redis.call('HEXISTS', KEYS[12], ARGV[3]) + redis.call('HEXISTS', KEYS[13], ARGV[3]) > 0
if owner == ARGV[4] then redis.call('HDEL', KEYS[11], ARGV[3]) end
if owner == ARGV[4] or (not owner and not isLoose) then
  if ARGV[5] ~= '' then redis.call('HSET', KEYS[12], ARGV[3], ARGV[5])
  else redis.call('HSET', KEYS[13], ARGV[3], ARGV[6]) end
end
redis.call('HDEL', KEYS[9], ARGV[2])
write(c)
return {'done'}`);

/**
 * KEYS: claims, stock, foreign, ledger. ARGV: certificate id, stock JSON or '' for foreign, ISO time, ledger id and entry
 * JSON of what becomes ours: somebody paid for it from this account, nobody knows how much.
 */
export const MARK = defineScript(`
local owner = redis.call('HGET', KEYS[1], ARGV[1])
if owner then return {'claimed', owner} end
if ARGV[2] == '' then
  if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then return {'unchanged'} end
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
else
  if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then return {'unchanged'} end
  redis.call('HDEL', KEYS[3], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  redis.call('HSETNX', KEYS[4], ARGV[4], ARGV[5])
end
return {'marked'}`);

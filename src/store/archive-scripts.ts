import { ERRANDS_LUA } from './commit.js';
import { defineScript } from './script.js';

/**
 * Writes one service whole, or nothing of it. KEYS: certificate, history, open, due, services, module uses, the
 * account's claims, purchases, gate and foreign ids, errands. ARGV: JSON of what is expected and of the indexes, the number of hash fields, their
 * names and values, then the history. A lease that somebody holds stays: its holder notices the raised version.
 */
export const RESTORE_SERVICE = defineScript(`${ERRANDS_LUA}
local c = cjson.decode(ARGV[1])
local version = redis.call('HGET', KEYS[1], 'version')
if (version or '') ~= c.expect then return {'changed'} end
for _, id in ipairs(c.certificateIds) do
  local owner = redis.call('HGET', KEYS[7], id)
  if owner and owner ~= c.id then return {'claimed', id, owner} end
end
if c.purchaseKey ~= '' then
  local known = redis.call('HGET', KEYS[8], c.purchaseKey)
  if known and cjson.decode(known).id ~= c.purchaseId then return {'bought', c.purchaseKey} end
end
local lease = redis.call('HMGET', KEYS[1], 'lease', 'leaseUntil')
redis.call('DEL', KEYS[1], KEYS[2])
local last = 2 + 2 * tonumber(ARGV[2])
for i = 3, last, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
if lease[1] and lease[2] then redis.call('HSET', KEYS[1], 'lease', lease[1], 'leaseUntil', lease[2]) end
for i = last + 1, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
if c.open ~= '' then redis.call('ZADD', KEYS[3], c.open, c.id) else redis.call('ZREM', KEYS[3], c.id) end
if c.due ~= '' then redis.call('ZADD', KEYS[4], c.due, c.id) else redis.call('ZREM', KEYS[4], c.id) end
-- What somebody compared without this service took what was bought for it for foreign: it is compared again.
if c.expect == '' then
  redis.call('HDEL', KEYS[9], 'server', 'surveyed')
  redis.call('DEL', KEYS[10])
end
indexErrands(KEYS[11], c.errands)
redis.call('SADD', KEYS[5], c.id)
if c.module ~= c.oldModule then
  if c.oldModule ~= '' then redis.pcall('HINCRBY', KEYS[6], c.oldModule, -1) end
  redis.pcall('HINCRBY', KEYS[6], c.module, 1)
end
return {'written'}`);

/**
 * Merges one line of an account: first every entry is judged, then all new ones are written, or none when one
 * conflicts. What the store knows is never changed, with one exception: a certificate is exactly one of claimed, stock
 * and foreign, in this order, and a list that was read before the restore has called ours foreign. Lines of foreign ones
 * come after those that forget them.
 * KEYS: the parts in the order of their names in `at`. ARGV: part, then names and values (or scores).
 */
export const MERGE_ACCOUNT = defineScript(`
local part = ARGV[1]
local names = {'lanes', 'purchases', 'not-made', 'claims', 'stock', 'foreign', 'ledger', 'balance', 'spend', 'begun', 'gate'}
local at = {}
for i, name in ipairs(names) do at[name] = KEYS[i] end
local function has(name, field) return redis.call('HEXISTS', at[name], field) == 1 end
local function known(p)
  local raw = redis.call('HGET', at.purchases, p.key)
  if not raw then return nil end
  local found = cjson.decode(raw)
  if found.id == p.id then return found end
  return nil
end
local judge = {}
function judge.lanes(old, new)
  local p = cjson.decode(new)
  if old then
    local holder = cjson.decode(old)
    if holder.id == p.id then return 'keep' end
    return 'conflict', holder.key
  end
  local found = known(p)
  if found and found.certificateId then return 'keep' end
  return 'add'
end
function judge.purchases(old, new)
  if not old then return 'add' end
  local found = cjson.decode(old)
  if found.id == cjson.decode(new).id then return 'keep' end
  return 'conflict', found.id
end
judge['not-made'] = function(old, new)
  if old or known(cjson.decode(new)) then return 'keep' end
  return 'add'
end
function judge.claims(old, new)
  if not old then return 'add' end
  if old == new then return 'keep' end
  return 'conflict', old
end
function judge.stock(old, _, field)
  if old or has('claims', field) then return 'keep' end
  return 'add'
end
function judge.foreign(old, _, field)
  if old or has('claims', field) or has('stock', field) then return 'keep' end
  return 'add'
end
function judge.ledger(old, new)
  if not old then return 'add' end
  if old == new then return 'keep' end
  return 'conflict', 'another entry'
end
local isKept = redis.call('EXISTS', at.balance) == 1
function judge.balance() return isKept and 'keep' or 'add' end
local own = at[part]
if part == 'spend' or part == 'begun' then
  local added = 0
  for i = 2, #ARGV, 2 do added = added + redis.call('ZADD', own, 'NX', ARGV[i + 1], ARGV[i]) end
  return {'merged', tostring(added)}
end
local adds, conflicts = {}, {'conflict'}
for i = 2, #ARGV, 2 do
  local old = redis.call('HGET', own, ARGV[i])
  local verdict, detail = judge[part](old, ARGV[i + 1], ARGV[i])
  if verdict == 'add' then table.insert(adds, i) end
  if verdict == 'conflict' then
    table.insert(conflicts, ARGV[i])
    table.insert(conflicts, detail)
  end
end
if #conflicts > 1 then return conflicts end
-- These books had lost something, so whoever compared them before took ours for foreign: they are compared again.
if #adds > 0 and (part == 'lanes' or part == 'purchases' or part == 'claims') then
  redis.call('HDEL', at.gate, 'server', 'surveyed')
  redis.call('DEL', at.foreign)
end
for _, i in ipairs(adds) do
  redis.call('HSET', own, ARGV[i], ARGV[i + 1])
  if part == 'claims' then redis.call('HDEL', at.stock, ARGV[i]) end
  if part == 'claims' or part == 'stock' then redis.call('HDEL', at.foreign, ARGV[i]) end
end
return {'merged', tostring(#adds)}`);

/** The keys of {@link MERGE_ACCOUNT}, by name. */
export const MERGE_KEYS = [
  ...['lanes', 'purchases', 'not-made', 'claims', 'stock'],
  ...['foreign', 'ledger', 'balance', 'spend', 'begun', 'gate'],
] as const;

import { defineScript } from './script.js';

/** The process and the history of data that answer: a restart, a failover and a copy of other data change them. */
export const IDENTITY_LUA = `
local function identity()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') or ''
  local data = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
  return run .. ' ' .. data
end
`;

/** Names of the account's keys in the scripts below, in this order. */
export const GATE_KEYS = [
  'gate', // 1: hash server, surveyed, surveyedAt, lostAt, empty, told; u:<id> for each undecided certificate
  'claims', // 2
  'stock', // 3
  'foreign', // 4
  'purchases', // 5
  'live-names', // 6: hash common name → JSON of a live certificate that no service owned when it was seen
] as const;

const GATE_LUA = `${IDENTITY_LUA}
local gate, claims, stock, foreign, purchases, names = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local function ms(n) return string.format('%.0f', n) end
local function isKept(owner) return owner and string.match(owner, '^nc%-%d+$') end
`;

/** KEYS 7: the mark of a database that holds data. ARGV: common name, service id, '1' where data is promised. */
export const LOOK = defineScript(`${GATE_LUA}
local function findTwin()
  local raw = redis.call('HGET', names, ARGV[1])
  if not raw then return '', '' end
  local row = cjson.decode(raw)
  local owner = redis.call('HGET', claims, row.id)
  if owner == ARGV[2] or (owner and not isKept(owner)) then return '', '' end
  if row.endsAt and tonumber(row.endsAt) < now then return '', '' end
  return row.id, owner or ''
end
local function open()
  redis.call('SET', KEYS[7], ms(now), 'NX')
  local twin, keeper = findTwin()
  local hasLost = redis.call('HEXISTS', gate, 'lostAt') == 1
  return {'open', hasLost and '1' or '', twin, redis.call('HGET', gate, 'surveyedAt') or '', keeper}
end
local here = identity()
if redis.call('HGET', gate, 'server') == here then return open() end
local hasBooks = redis.call('EXISTS', claims, purchases) > 0
if redis.call('HGET', gate, 'surveyed') == here then
  local twin, keeper = findTwin()
  local undecided = {'undecided', twin, keeper}
  for _, field in ipairs(redis.call('HKEYS', gate)) do
    local id = string.match(field, '^u:(%d+)$')
    if id then
      local isDecided = redis.call('HEXISTS', claims, id) + redis.call('HEXISTS', stock, id) + redis.call('HEXISTS', foreign, id) > 0
      if isDecided then redis.call('HDEL', gate, field) else table.insert(undecided, id) end
    end
  end
  if #undecided > 3 then return undecided end
  redis.call('HSET', gate, 'server', here)
  redis.call('HDEL', gate, 'told')
  return open()
end
-- One account that was compared says nothing of another one: in a database that was emptied each is compared by itself.
local data = redis.call('GET', KEYS[7])
local isEmpty = ARGV[3] == '1' and redis.call('EXISTS', gate) == 0 and (not data or data == 'emptied')
if not hasBooks and isEmpty then redis.call('SET', KEYS[7], 'emptied') end
if not hasBooks and (isEmpty or redis.call('HEXISTS', gate, 'empty') == 1) then
  redis.call('HSET', gate, 'empty', '1')
  return {'empty'}
end
local isLoss = hasBooks or redis.call('EXISTS', gate) == 1
return {'unread', redis.call('HGET', gate, 'surveyedAt') or '', isLoss and '1' or ''}`);

/** KEYS 7: events, 8: the survey under way. ARGV: module, account, ISO time, rows JSON, progress JSON or ''. A stock certificate that is in use was used by others. */
export const NOTE_ROWS = defineScript(`${GATE_LUA}
local isStrict = redis.call('HGET', gate, 'server') ~= identity() and redis.call('EXISTS', gate, claims, purchases) > 0
for _, row in ipairs(cjson.decode(ARGV[4])) do
  local owner = redis.call('HGET', claims, row.id)
  if row.state ~= 'unused' and redis.call('HEXISTS', stock, row.id) == 1 then
    redis.call('HDEL', stock, row.id)
    redis.call('HSET', foreign, row.id, ARGV[3])
    local event = {
      id = 'foreign-' .. ARGV[2] .. '-' .. row.id, type = 'account.foreign', at = ARGV[3], serviceId = cjson.null,
      module = ARGV[1], data = {certificateId = tonumber(row.id), wasStock = true},
    }
    redis.call('XADD', KEYS[7], 'MAXLEN', '~', 100000, '*', 'event', cjson.encode(event))
  end
  if row.state == 'gone' and row.name ~= '' then
    local old = redis.call('HGET', names, row.name)
    if old and cjson.decode(old).id == row.id then redis.call('HDEL', names, row.name) end
  end
  if row.state == 'live' and (not owner or isKept(owner)) then
    if row.name ~= '' then
      local old = redis.call('HGET', names, row.name)
      old = old and cjson.decode(old)
      if not old or not old.endsAt or not row.endsAt or tonumber(row.endsAt) >= tonumber(old.endsAt) then
        redis.call('HSET', names, row.name, cjson.encode({id = row.id, endsAt = row.endsAt}))
      end
    elseif isStrict and not owner and redis.call('HEXISTS', foreign, row.id) == 0 then
      redis.call('HSET', gate, 'u:' .. row.id, '1')
    end
  end
end
if ARGV[5] ~= '' then redis.call('SET', KEYS[8], ARGV[5]) else redis.call('DEL', KEYS[8]) end
return 1`);

/** ARGV: server, startedAt, '1' when a person asked for it. */
export const FINISH_SURVEY = defineScript(`${GATE_LUA}
if identity() ~= ARGV[1] then return 0 end
if redis.call('HEXISTS', gate, 'empty') == 1 and ARGV[3] ~= '1' and redis.call('EXISTS', claims, purchases) == 0 then return 0 end
local known = redis.call('HGET', gate, 'server')
local hadBooks = redis.call('EXISTS', gate, claims, purchases) > 0
if hadBooks and known ~= ARGV[1] and redis.call('HGET', gate, 'surveyed') ~= ARGV[1] then
  redis.call('HSET', gate, 'lostAt', ms(now))
end
redis.call('HSET', gate, 'surveyed', ARGV[1], 'surveyedAt', ARGV[2])
redis.call('HDEL', gate, 'empty')
return 1`);

/** KEYS: gate. ARGV: text. */
export const NOTE_TOLD = defineScript(`
if redis.call('HGET', KEYS[1], 'told') == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'told', ARGV[1])
return 1`);

export const READ_SERVER = defineScript(`${IDENTITY_LUA}
return identity()`);

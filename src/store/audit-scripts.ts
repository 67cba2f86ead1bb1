import { defineScript } from './script.js';

/** Each of these reads a batch of rows with all that must fit them in one step: what a worker changes meanwhile is never seen by halves. */
const READ_LUA = `
local function decode(raw)
  if not raw then return nil end
  local ok, value = pcall(cjson.decode, raw)
  if ok and type(value) == 'table' then return value end
  return nil
end
local function text(value) return type(value) == 'string' and value or nil end
local function name(n) return string.format('%.0f', n) end
`;

const PLACE_LUA = `
local function place(id)
  if redis.call('HEXISTS', claims, id) == 1 then return 'owned' end
  if redis.call('HEXISTS', stock, id) == 1 then return 'stock' end
  if redis.call('HEXISTS', foreign, id) == 1 then return 'foreign' end
  return 'nowhere'
end
`;

/** KEYS: purchases, lanes, ledger, claims, stock, foreign. ARGV: purchase keys. One that is gone has no row. */
export const SEE_PURCHASES = defineScript(`${READ_LUA}
local claims, stock, foreign = KEYS[4], KEYS[5], KEYS[6]
${PLACE_LUA}
local rows = {}
for _, key in ipairs(ARGV) do
  local raw = redis.call('HGET', KEYS[1], key)
  local p = decode(raw)
  local row = {key = key, place = 'nowhere', isHeld = false, hasEntry = false}
  if p then
    local lane = text(p.lane) and decode(redis.call('HGET', KEYS[2], p.lane))
    row.serviceId, row.isHeld = text(p.serviceId), lane and lane.id == p.id or false
    if type(p.certificateId) == 'number' then
      row.certificateId, row.place = p.certificateId, place(name(p.certificateId))
    end
    if type(p.ledgerId) == 'string' then
      local entry = decode(redis.call('HGET', KEYS[3], p.ledgerId))
      row.ledgerId, row.hasEntry = p.ledgerId, entry ~= nil and entry.purchaseId == p.id
    end
  end
  if raw then table.insert(rows, cjson.encode(row)) end
end
return rows`);

/** KEYS: lanes, purchases. ARGV: lanes. One that is free again has no row. */
export const SEE_LANES = defineScript(`${READ_LUA}
local rows = {}
for _, lane in ipairs(ARGV) do
  local raw = redis.call('HGET', KEYS[1], lane)
  local p = decode(raw)
  local known = p and text(p.key) and decode(redis.call('HGET', KEYS[2], p.key))
  if raw then
    local isKeyed = (known and known.id == p.id) or false
    table.insert(rows, cjson.encode({
      lane = lane, key = p and text(p.key) or '', purchaseId = p and text(p.id) or '',
      serviceId = p and text(p.serviceId) or '', isKeyed = isKeyed,
    }))
  end
end
return rows`);

/**
 * KEYS: ledger, purchases, claims, stock, foreign. ARGV: ledger ids. A charge that was adopted and answered late tells under which
 * name it stood until then. What names were bought for has entries of its own in any case.
 */
export const SEE_ENTRIES = defineScript(`${READ_LUA}
local claims, stock, foreign = KEYS[3], KEYS[4], KEYS[5]
${PLACE_LUA}
local function findRival(ledgerId, e, id)
  if type(e.transactionId) ~= 'number' then return nil end
  local made = text(e.key) and decode(redis.call('HGET', KEYS[2], e.key))
  local owner = redis.call('HGET', claims, id)
  local bought = owner and e.kind ~= 'names' and decode(redis.call('HGET', KEYS[2], 'order-' .. owner))
  local rivals = {}
  if made and made.id == e.purchaseId then table.insert(rivals, made) end
  if e.kind and bought and bought.certificateId == e.certificateId then table.insert(rivals, bought) end
  for _, p in ipairs(rivals) do
    local known = type(p.ledgerId) == 'string' and p.ledgerId or ledgerId
    -- An adopted one tells of no charge: another certificate of this purchase may be what it bought.
    if known ~= ledgerId and not string.find(known, 'adopted-', 1, true) then return known end
  end
  return nil
end
local rows = {}
for _, ledgerId in ipairs(ARGV) do
  local raw = redis.call('HGET', KEYS[1], ledgerId)
  local e = decode(raw)
  local row = {ledgerId = ledgerId, place = 'nowhere', at = 0, serviceId = ''}
  if e and type(e.certificateId) == 'number' and text(e.serviceId) and text(e.purchaseId) and type(e.at) == 'number' then
    local id = name(e.certificateId)
    row.certificateId, row.serviceId, row.at, row.place = e.certificateId, e.serviceId, e.at, place(id)
    if type(e.transactionId) == 'number' then row.transactionId = e.transactionId end
    if type(e.charged) == 'table' then row.amount = text(e.charged.amount) end
    if type(e.adoptedAt) == 'number' then row.adoptedAs, row.adoptedAt = e.adoptedAs, e.adoptedAt end
    row.rival = findRival(ledgerId, e, id)
  end
  if raw then table.insert(rows, cjson.encode(row)) end
end
return rows`);

/** KEYS: claims, stock, foreign. ARGV: certificate ids. */
export const SEE_PLACES = defineScript(`
local rows = {}
for _, id in ipairs(ARGV) do
  local row = {certificateId = tonumber(id), isStock = redis.call('HEXISTS', KEYS[2], id) == 1}
  row.owner = redis.call('HGET', KEYS[1], id) or nil
  row.foreignSince = redis.call('HGET', KEYS[3], id) or nil
  table.insert(rows, cjson.encode(row))
end
return rows`);

/**
 * KEYS: audit, differences, pause, events. ARGV: version, state JSON, found differences JSON, judged parts JSON, ISO time,
 * account, module, the pause's remedy. An endless pause that somebody else set keeps its reason.
 */
export const FINISH_AUDIT = defineScript(`
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then return {'overtaken'} end
version = string.format('%.0f', tonumber(version) + 1)
redis.call('HSET', KEYS[1], 'version', version, 'state', ARGV[2])
local isFound, isJudged, fresh, ids = {}, {}, {}, {'done'}
for _, part in ipairs(cjson.decode(ARGV[4])) do isJudged[part] = true end
for _, d in ipairs(cjson.decode(ARGV[3])) do
  isFound[d.id] = true
  if redis.call('HEXISTS', KEYS[2], d.id) == 0 then
    redis.call('HSET', KEYS[2], d.id, cjson.encode({part = d.part, text = d.text, since = ARGV[5]}))
    table.insert(fresh, d)
    table.insert(ids, d.id)
  end
end
local open = 0
local rows = redis.call('HGETALL', KEYS[2])
for i = 1, #rows, 2 do
  local d = cjson.decode(rows[i + 1])
  if isJudged[d.part] and not isFound[rows[i]] then redis.call('HDEL', KEYS[2], rows[i])
  elseif not d.acceptedAt then open = open + 1 end
end
if #fresh == 0 then return ids end
local reason = 'the audit found ' .. open .. ' difference(s): ' .. fresh[1].text .. ' ' .. ARGV[8]
local old = redis.call('HGET', KEYS[3], 'purchases')
old = old and cjson.decode(old)
if old and old['until'] == cjson.null and not string.find(old.reason, 'the audit found', 1, true) then
  reason = old.reason .. '; and ' .. reason
end
redis.call('HSET', KEYS[3], 'purchases', cjson.encode({reason = reason, ['until'] = cjson.null}))
local event = {
  id = 'audit-' .. ARGV[6] .. '-' .. version, type = 'account.audit-failed', at = ARGV[5], serviceId = cjson.null,
  module = ARGV[7], data = {account = ARGV[6], differences = fresh},
}
redis.call('XADD', KEYS[4], 'MAXLEN', '~', 100000, '*', 'event', cjson.encode(event))
return ids`);

/** KEYS: differences, pause. ARGV: ISO time. What happened to the money is over once it is accepted: its baseline moved on. */
export const ACCEPT = defineScript(`
redis.call('DEL', KEYS[2])
local accepted = {}
local rows = redis.call('HGETALL', KEYS[1])
for i = 1, #rows, 2 do
  local d = cjson.decode(rows[i + 1])
  if not d.acceptedAt then
    table.insert(accepted, rows[i])
    table.insert(accepted, rows[i + 1])
    d.acceptedAt = ARGV[1]
    if d.part == 'money' then redis.call('HDEL', KEYS[1], rows[i])
    else redis.call('HSET', KEYS[1], rows[i], cjson.encode(d)) end
  end
end
return accepted`);

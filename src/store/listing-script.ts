import { IDENTITY_LUA } from './gate-scripts.js';
import { defineScript } from './script.js';

const DAY_MS = 86_400_000;

/**
 * KEYS: the account's, that is 1–13, then events, then the hash that keeps what this list showed of ids that no service owns. ARGV: startedAt, completedAt, rows JSON,
 * ISO time, module, account, kind (order: NewPurchase, renew: NewRenewal).
 * An unclaimed id is ours only if one of our unsettled or settled-as-not-made purchases explains it; else it is foreign, or
 * undecided while data may have been lost: then a purchase of ours may be the one that nobody remembers.
 */
export const RECORD_LISTING = defineScript(`${IDENTITY_LUA}
local lanes, purchases, notMade, claims, stock, foreign, gate = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[13]
local isStrict = redis.call('HGET', gate, 'server') ~= identity() and redis.call('EXISTS', gate, claims, purchases) > 0
local kind = ARGV[7]
local unsettled, settled = {}, {}
for _, raw in ipairs(redis.call('HVALS', lanes)) do
  local p = cjson.decode(raw)
  if (p.kind or 'order') == kind then table.insert(unsettled, p) end
end
local completedAt = tonumber(ARGV[2])
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for _, raw in ipairs(redis.call('HVALS', notMade)) do
  local p = cjson.decode(raw)
  -- Executed a day later is not plausible any more: from then on it would only take somebody's purchase for ours.
  if p.begunAt + ${DAY_MS} < completedAt then redis.call('HDEL', notMade, p.id) elseif (p.kind or 'order') == kind then table.insert(settled, p) end
end
local function explains(p, row)
  if row.product ~= cjson.null and row.product ~= p.product then return false end
  if row.years ~= cjson.null and row.years ~= p.years then return false end
  -- Bought on an earlier day than our intent, give or take a day for the zone: not by us.
  return row.purchasedAt == cjson.null or row.purchasedAt + ${2 * DAY_MS} > p.begunAt
end
redis.call('DEL', KEYS[15])
local candidates, newForeign, newStock = {}, {}, {}
for _, row in ipairs(cjson.decode(ARGV[3])) do
  local id = string.format('%.0f', row.certificateId)
  if redis.call('HEXISTS', claims, id) == 0 then
    redis.call('HSET', KEYS[15], id, cjson.encode({type = row.type, years = row.years}))
  end
  local known = redis.call('HEXISTS', claims, id) + redis.call('HEXISTS', stock, id) + redis.call('HEXISTS', foreign, id)
  if known == 0 then
    local isOpen = false
    for _, p in ipairs(unsettled) do
      -- Begun after the list was read: not in it. Begun in the future: the clock went back, and tells nothing of the order.
      if (p.begunAt <= completedAt or p.begunAt > now) and explains(p, row) then isOpen = true end
    end
    if isOpen then
      table.insert(candidates, id)
      -- Whoever adopts it decides; where nobody does, it may be what another service of ours has forgotten.
      if isStrict then redis.call('HSET', gate, 'u:' .. id, '1') end
    elseif redis.call('HEXISTS', gate, 'u:' .. id) == 0 then
      local late
      for _, p in ipairs(settled) do
        if not p.used and row.product ~= cjson.null and explains(p, row) then late = p break end
      end
      if late then
        late.used = true
        redis.call('HDEL', notMade, late.id)
        -- Paid by us, nobody told how much.
        redis.call('DEL', KEYS[12])
        -- A renewal is bound to the certificate it follows: it is its service's, never stock.
        local entry = {
          certificateId = row.certificateId, type = row.type, orderId = cjson.null, transactionId = cjson.null, charged = cjson.null,
          serviceId = late.serviceId, purchaseId = late.id, key = late.key, kind = kind, at = completedAt,
        }
        redis.call('HSETNX', KEYS[7], 'adopted-' .. id, cjson.encode(entry))
        if kind == 'renew' then redis.call('HSET', claims, id, late.serviceId)
        else redis.call('HSET', stock, id, cjson.encode({product = late.product, type = row.type, years = late.years, sansToAdd = late.sansToAdd, purchaseId = late.id})) end
        table.insert(newStock, id)
      elseif isStrict then
        redis.call('HSET', gate, 'u:' .. id, '1')
      else
        redis.call('HSET', foreign, id, ARGV[4])
        local event = {
          id = 'foreign-' .. ARGV[6] .. '-' .. id, type = 'account.foreign', at = ARGV[4], serviceId = cjson.null,
          module = ARGV[5], data = {certificateId = row.certificateId, type = row.type, years = row.years},
        }
        redis.call('XADD', KEYS[14], 'MAXLEN', '~', 100000, '*', 'event', cjson.encode(event))
        table.insert(newForeign, id)
      end
    end
  end
end
redis.call('HSET', KEYS[10], kind .. '.startedAt', ARGV[1], kind .. '.completedAt', ARGV[2])
return {candidates, newForeign, newStock}`);

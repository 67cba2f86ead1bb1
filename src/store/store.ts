import type { AuditStore } from '../certificates/audit-ports.js';
import type { DecisionStore, StockStore } from '../certificates/decision-ports.js';
import type { ImportStore, InventoryStore } from '../certificates/import-ports.js';
import type { CertificateStore, ListingStore, PurchaseStore } from '../certificates/ports.js';
import { AccountStore } from './accounts.js';
import { RedisAuditStore } from './audits.js';
import { RedisCertificateStore } from './certificates.js';
import type { RedisClient } from './connection.js';
import { RedisDecisionStore } from './decisions.js';
import { EventStore } from './events.js';
import type { GateStore } from '../certificates/gate-ports.js';
import { RedisGateStore } from './gates.js';
import { RedisImportStore } from './imports.js';
import { RedisInventoryStore } from './inventory.js';
import { createKeys, type Keys } from './keys.js';
import { RedisListingStore } from './listings.js';
import { ModuleStore } from './modules.js';
import { PriceStore } from './prices.js';
import { RedisPurchaseStore } from './purchases.js';
import { RedisStockStore } from './stock.js';
import { WebhookStore } from './webhooks.js';

/** All durable state, over one connection. */
export interface Store {
  redis: RedisClient;
  keys: Keys;
  certificates: CertificateStore;
  purchases: PurchaseStore;
  listings: ListingStore;
  gates: GateStore;
  decisions: DecisionStore;
  stock: StockStore;
  imports: ImportStore;
  inventory: InventoryStore;
  modules: ModuleStore;
  accounts: AccountStore;
  audits: AuditStore;
  events: EventStore;
  prices: PriceStore;
  webhooks: WebhookStore;
}

/**
 * @param now the wall clock, ms
 * @param isDataPromised an empty database is not a new one
 */
export function createStore(
  redis: RedisClient,
  prefix: string,
  now: () => number,
  isDataPromised = false,
): Store {
  const keys = createKeys(prefix);
  return {
    redis,
    keys,
    certificates: new RedisCertificateStore(redis, keys, now),
    purchases: new RedisPurchaseStore(redis, keys, now),
    listings: new RedisListingStore(redis, keys, now),
    gates: new RedisGateStore(redis, keys, now, isDataPromised),
    decisions: new RedisDecisionStore(redis, keys, now),
    stock: new RedisStockStore(redis, keys),
    imports: new RedisImportStore(redis, keys),
    inventory: new RedisInventoryStore(redis, keys, now),
    modules: new ModuleStore(redis, keys),
    accounts: new AccountStore(redis, keys),
    audits: new RedisAuditStore(redis, keys, now),
    events: new EventStore(redis, keys),
    prices: new PriceStore(redis, keys),
    webhooks: new WebhookStore(redis, keys),
  };
}

import { z } from 'zod';
import type {
  AuditEnd,
  AuditState,
  AuditStore,
  Difference,
  EntrySeen,
  Placed,
  PurchaseSeen,
  StoredDifference,
  HeldLane,
} from '../certificates/audit-ports.js';
import { ACCEPT, FINISH_AUDIT, SEE_ENTRIES, SEE_LANES, SEE_PLACES, SEE_PURCHASES } from './audit-scripts.js';
import {
  differenceSchema,
  entrySchema,
  placedSchema,
  purchaseSeenSchema,
  stateSchema,
  heldLaneSchema,
} from './audit-schemas.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { defineScript, runScript, type Script } from './script.js';
import { readStored } from './stored-value.js';

/** Rows that are read in one step: Redis serves nobody else meanwhile, so a step stays far below a millisecond or two. */
const BATCH = 100;

/** Stands in the pause's reason, before the command that ends it. */
const REMEDY = 'Look at it with pmnamecheap module audit; module resume accepts it';

const REGISTER = defineScript(`
if redis.call('HSETNX', KEYS[1], 'state', ARGV[1]) == 1 then redis.call('HSET', KEYS[1], 'version', '0') end
return 0`);

const textsSchema = z.array(z.string());

type Part = 'purchases' | 'lanes' | 'ledger' | 'claims' | 'stock' | 'foreign';

/** {@link AuditStore} on Redis. */
export class RedisAuditStore implements AuditStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #now: () => number;

  constructor(redis: RedisClient, keys: Keys, now: () => number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
  }

  async load(account: string): Promise<{ version: number; state: AuditState } | null> {
    const [version, state] = await this.#redis.hmget(this.#key(account, 'audit'), 'version', 'state');
    if (!version || !state) return null;
    return {
      version: Number(version),
      state: readStored(stateSchema, state, `The state of the audit of account ${account}`),
    };
  }

  async register(account: string, dueAt: number): Promise<void> {
    const state: AuditState = { at: null, dueAt, tries: 0, baseline: null, missing: {} };
    await runScript(this.#redis, REGISTER, [this.#key(account, 'audit')], [JSON.stringify(state)]);
  }

  async *readPurchases(account: string): AsyncIterable<PurchaseSeen[]> {
    const parts: Part[] = ['purchases', 'lanes', 'ledger', 'claims', 'stock', 'foreign'];
    for await (const keys of this.#scan(account, 'purchases'))
      yield await this.#see(SEE_PURCHASES, account, parts, keys, purchaseSeenSchema);
  }

  async listLanes(account: string): Promise<HeldLane[]> {
    const found: HeldLane[] = [];
    for await (const lanes of this.#scan(account, 'lanes'))
      found.push(...(await this.#see(SEE_LANES, account, ['lanes', 'purchases'], lanes, heldLaneSchema)));
    return found;
  }

  async *readEntries(account: string): AsyncIterable<EntrySeen[]> {
    const parts: Part[] = ['ledger', 'purchases', 'claims', 'stock', 'foreign'];
    for await (const ids of this.#scan(account, 'ledger'))
      yield await this.#see(SEE_ENTRIES, account, parts, ids, entrySchema);
  }

  async *readLoose(account: string): AsyncIterable<Placed[]> {
    for (const part of ['stock', 'foreign'] as const)
      for await (const ids of this.#scan(account, part)) yield await this.#locate(account, ids);
  }

  async listStock(account: string): Promise<number[]> {
    const found: number[] = [];
    for await (const ids of this.#scan(account, 'stock')) found.push(...ids.map(Number));
    return found;
  }

  async locate(account: string, certificateIds: readonly number[]): Promise<Placed[]> {
    const found: Placed[] = [];
    for (let at = 0; at < certificateIds.length; at += BATCH)
      found.push(...(await this.#locate(account, certificateIds.slice(at, at + BATCH).map(String))));
    return found;
  }

  async count(account: string): Promise<{ unsettled: number; purchases: number; ledger: number }> {
    const [unsettled = 0, purchases = 0, ledger = 0] = await Promise.all(
      ['lanes', 'purchases', 'ledger'].map((part) => this.#redis.hlen(this.#key(account, part))),
    );
    return { unsettled, purchases, ledger };
  }

  async finish(end: AuditEnd): Promise<{ known: StoredDifference[]; fresh: string[] } | null> {
    const { account, module, version, state, found, judged } = end;
    const keys = [
      ...['audit', 'differences', 'pause'].map((what) => this.#key(account, what)),
      this.#keys.events,
    ];
    const answer = textsSchema.parse(
      await runScript(this.#redis, FINISH_AUDIT, keys, [
        ...[version, JSON.stringify(state), JSON.stringify(found), JSON.stringify(judged)],
        ...[this.#readIsoTime(), account, module, REMEDY],
      ]),
    );
    const [kind, ...fresh] = answer;
    return kind === 'overtaken' ? null : { known: await this.listDifferences(account), fresh };
  }

  async accept(account: string): Promise<Difference[]> {
    const keys = ['differences', 'pause'].map((what) => this.#key(account, what));
    const flat = textsSchema.parse(await runScript(this.#redis, ACCEPT, keys, [this.#readIsoTime()]));
    return flat.flatMap((id, at) => (at % 2 === 0 ? [{ id, ...readDifference(flat[at + 1] ?? '') }] : []));
  }

  async listDifferences(account: string): Promise<StoredDifference[]> {
    const rows = Object.entries(await this.#redis.hgetall(this.#key(account, 'differences')));
    return rows.map(([id, json]) => ({ id, ...readDifference(json) })).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async #locate(account: string, ids: readonly string[]): Promise<Placed[]> {
    return await this.#see(SEE_PLACES, account, ['claims', 'stock', 'foreign'], ids, placedSchema);
  }

  /** Field names in batches; one that is there all the time comes at least once. */
  async *#scan(account: string, part: Part): AsyncIterable<string[]> {
    let cursor = '0';
    do {
      const [next, flat] = await this.#redis.hscan(this.#key(account, part), cursor, 'COUNT', BATCH);
      // A small hash comes whole, however small the count.
      const fields = flat.filter((_, at) => at % 2 === 0);
      for (let at = 0; at < fields.length; at += BATCH) yield fields.slice(at, at + BATCH);
      cursor = next;
    } while (cursor !== '0');
  }

  async #see<T>(
    script: Script,
    account: string,
    parts: readonly Part[],
    names: readonly string[],
    schema: z.ZodType<T>,
  ): Promise<T[]> {
    const keys = parts.map((part) => this.#key(account, part));
    const rows = textsSchema.parse(await runScript(this.#redis, script, keys, names));
    return rows.map((row) => readStored(schema, row, `A row of the ${parts[0] ?? ''} of account ${account}`));
  }

  #key(account: string, what: string): string {
    return this.#keys.account(account, what);
  }

  #readIsoTime(): string {
    return new Date(this.#now()).toISOString();
  }
}

function readDifference(json: string): Omit<StoredDifference, 'id'> {
  return readStored(differenceSchema, json, 'A difference that an audit found');
}

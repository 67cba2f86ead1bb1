import { z } from 'zod';
import type { CreateAnswer, InventoryStore, Newcomer, Standing } from '../certificates/import-ports.js';
import type { CertificateRecord } from '../certificates/record.js';
import { commitKeys, composeCommit } from './commit.js';
import type { RedisClient } from './connection.js';
import { CREATE, MARK_FOREIGN, MOVE } from './import-scripts.js';
import type { Keys } from './keys.js';
import { accountKeys } from './purchase-scripts.js';
import { runScript, type Script } from './script.js';

const answerSchema = z.tuple([z.enum(['created', 'exists', 'claimed', 'stale'])], z.string());

/** {@link InventoryStore} on Redis. */
export class RedisInventoryStore implements InventoryStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #now: () => number;

  constructor(redis: RedisClient, keys: Keys, now: () => number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
  }

  async readStanding(account: string): Promise<Standing> {
    const key = (what: string) => this.#keys.account(account, what);
    const [claims, stock, foreign] = await Promise.all([
      this.#redis.hgetall(key('claims')),
      this.#redis.hkeys(key('stock')),
      this.#redis.hkeys(key('foreign')),
    ]);
    return {
      owners: new Map(Object.entries(claims).map(([id, serviceId]) => [Number(id), serviceId])),
      stock: new Set(stock.map(Number)),
      foreign: new Set(foreign.map(Number)),
    };
  }

  async create(newcomer: Newcomer, former: CertificateRecord | null): Promise<CreateAnswer> {
    return await this.#run(CREATE, newcomer, former);
  }

  async move(
    from: CertificateRecord,
    newcomer: Newcomer,
    former: CertificateRecord | null,
  ): Promise<CreateAnswer> {
    const keys = [this.#keys.certificate(from.serviceId), this.#keys.history(from.serviceId)];
    const args = [from.serviceId, String(from.version), from.module];
    return await this.#run(MOVE, newcomer, former, keys, args);
  }

  async #run(
    script: Script,
    { record, request, change }: Newcomer,
    former: CertificateRecord | null,
    keys: readonly string[] = [],
    args: readonly string[] = [],
  ): Promise<CreateAnswer> {
    const { argument } = composeCommit({
      ...{ before: former, after: record, now: this.#now() },
      change: { ...change, request, ...(former === null ? {} : { draft: null }) },
    });
    const all = [
      ...commitKeys(this.#keys, record.serviceId),
      ...accountKeys(this.#keys, record.account),
      this.#keys.moduleUses,
      ...keys,
    ];
    // As texts: Lua would print a large number in exponent form.
    const ids = JSON.stringify(record.certificateIds.map(String));
    const [kind, owner = ''] = answerSchema.parse(
      await runScript(this.#redis, script, all, [argument, ids, record.module, ...args]),
    );
    return kind === 'claimed' ? { kind, owner } : { kind };
  }

  async markForeign(
    account: string,
    module: string,
    certificate: { certificateId: number; type: string; years: number | null },
  ): Promise<void> {
    const at = new Date(this.#now()).toISOString();
    const { certificateId } = certificate;
    const event = {
      ...{ id: `foreign-${account}-${certificateId}`, type: 'account.foreign', at },
      ...{ serviceId: null, module, data: certificate },
    };
    const keys = ['claims', 'stock', 'foreign'].map((what) => this.#keys.account(account, what));
    await runScript(
      this.#redis,
      MARK_FOREIGN,
      [...keys, this.#keys.events],
      [certificateId, at, JSON.stringify(event)],
    );
  }
}

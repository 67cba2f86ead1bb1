import { z } from 'zod';
import { spellType } from '../../config/products.js';
import type {
  LastListed,
  LooseCertificate,
  MarkAnswer,
  StockRow,
  StockStore,
} from '../certificates/decision-ports.js';
import { readClock, type RedisClient } from './connection.js';
import { MARK } from './decision-scripts.js';
import type { Keys } from './keys.js';
import { runScript } from './script.js';
import { readStored } from './stored-value.js';

const rowSchema = z.looseObject({
  type: z.string(),
  years: z.number(),
  purchaseId: z.string().optional(),
  since: z.string().optional(),
});
const listedSchema = z.object({ type: z.string(), years: z.number().nullable() });
const markSchema = z.tuple([z.enum(['marked', 'unchanged', 'claimed'])]).rest(z.string());

/** {@link StockStore} on Redis. */
export class RedisStockStore implements StockStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;

  constructor(redis: RedisClient, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async list(account: string): Promise<LooseCertificate[]> {
    const [stock, foreign] = await Promise.all([
      this.#read(account, 'stock'),
      this.#read(account, 'foreign'),
    ]);
    const owned = stock.map(([id, json]): LooseCertificate => {
      const {
        type,
        years,
        purchaseId = null,
        since = null,
      } = readStored(rowSchema, json, `Certificate ${id} in stock`);
      return { certificateId: Number(id), kind: 'stock', type, years, since, purchaseId };
    });
    const others = foreign.map(async ([id, since]): Promise<LooseCertificate> => {
      const { type = null, years = null } = (await this.readListed(account, Number(id))) ?? {};
      return { certificateId: Number(id), kind: 'foreign', type, years, since, purchaseId: null };
    });
    return [...owned, ...(await Promise.all(others))].sort((a, b) => a.certificateId - b.certificateId);
  }

  async #read(account: string, what: 'stock' | 'foreign'): Promise<[string, string][]> {
    return Object.entries(await this.#redis.hgetall(this.#keys.account(account, what)));
  }

  async readListed(account: string, certificateId: number): Promise<LastListed | null> {
    for (const kind of ['order', 'renew'] as const) {
      const raw = await this.#redis.hget(
        this.#keys.account(account, `listed-${kind}`),
        String(certificateId),
      );
      if (raw === null) continue;
      const { type, years } = readStored(
        listedSchema,
        raw,
        `What was listed of certificate ${certificateId}`,
      );
      return { kind, type: spellType(type), years };
    }
    return null;
  }

  async markForeign(account: string, certificateId: number, at: string): Promise<MarkAnswer> {
    return await this.#mark(account, certificateId, ['', at, '', '']);
  }

  async markOurs(account: string, certificateId: number, row: StockRow): Promise<MarkAnswer> {
    const entry = {
      ...{ certificateId, type: row.type, orderId: null, transactionId: null, charged: null },
      ...{ serviceId: '', purchaseId: row.purchaseId, kind: 'order', at: await readClock(this.#redis) },
    };
    const ledgerId = `adopted-${certificateId}`;
    return await this.#mark(account, certificateId, [
      JSON.stringify(row),
      '',
      ledgerId,
      JSON.stringify(entry),
    ]);
  }

  async #mark(account: string, certificateId: number, args: readonly string[]): Promise<MarkAnswer> {
    const keys = ['claims', 'stock', 'foreign', 'ledger'].map((what) => this.#keys.account(account, what));
    const [kind, owner = ''] = markSchema.parse(
      await runScript(this.#redis, MARK, keys, [certificateId, ...args]),
    );
    return kind === 'claimed' ? { kind, owner } : { kind };
  }
}

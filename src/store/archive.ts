import { createHash } from 'node:crypto';
import { accountId } from '../modules/settings.js';
import {
  ARCHIVE_VERSION,
  certificateSchema,
  encodeValue,
  isBuying,
  LEASE_FIELDS,
  readRecord,
  type AccountPart,
} from './archive-format.js';
import { readTogether, scanHash, type RawEntry, type RawService } from './archive-read.js';
import type { Store } from './store.js';

/** Services that are read in one step. */
const BATCH = 100;

/** So many entries of an account stand in one line: a line stays small however large the account is. */
const ENTRIES_PER_LINE = 500;

/** Small parts, which change while something is bought: read in one step with the services that are buying. */
const SNAPSHOT = ['lanes', 'not-made', 'stock', 'balance', 'spend', 'begun'] as const;

/** Parts that grow with the number of services. */
const GROWING = ['purchases', 'claims', 'foreign', 'ledger'] as const;

export interface ExportOptions {
  prefix: string;
  /** The wall clock, ms. */
  now: number;
  /** Told of every service whose record this version cannot read: it is in the file as it is, but not restorable. */
  onUnreadable: (serviceId: string, why: string) => void;
}

/** What an export holds. */
export interface ExportCounts {
  certificates: number;
  accounts: number;
}

/**
 * Everything that cannot be had again from elsewhere, as JSON lines, in chunks of whole lines: services, then what
 * money depends on, per account. The rest is not in it: modules and their keys, events, queues, locks, what is cached.
 *
 * Each service is read in one step. A service that is buying is read in one step with the lanes of its account, and
 * purchases, claims and ledger are read after all services: so whatever goes on meanwhile, the file knows of every
 * purchase that its services know of. Nothing is held in memory but a batch and the ids of the services.
 */
export async function* exportStore(
  store: Store,
  options: ExportOptions,
): AsyncGenerator<string, ExportCounts> {
  const run = new Export(store, options);
  yield* run.writeHeader();
  yield* run.writeServices();
  yield* run.writeAccounts();
  yield run.writeEnd();
  return run.counts;
}

class Export {
  readonly counts: ExportCounts = { certificates: 0, accounts: 0 };
  readonly #store: Store;
  readonly #options: ExportOptions;
  readonly #hash = createHash('sha256');
  #lines = 0;
  readonly #accounts = new Set<string>();
  /** Account → the services that are buying. */
  readonly #buying = new Map<string, string[]>();

  constructor(store: Store, options: ExportOptions) {
    this.#store = store;
    this.#options = options;
  }

  *writeHeader(): Generator<string> {
    const { prefix, now } = this.#options;
    const at = new Date(now).toISOString();
    yield this.#write({ kind: 'pmnamecheap-export', version: ARCHIVE_VERSION, at, prefix });
  }

  async *writeServices(): AsyncGenerator<string> {
    // Redis may give out an id twice while the set grows.
    const seen = new Set<string>();
    for await (const batch of this.#store.certificates.listServiceIds()) {
      const fresh = batch.filter((id) => !seen.has(id));
      for (const id of fresh) seen.add(id);
      for (const ids of cut(fresh, BATCH)) {
        const { services } = await readTogether(this.#store.redis, this.#store.keys, ids);
        yield services.map((service) => this.#writeOrDefer(service)).join('');
      }
    }
  }

  /** The service's line, or nothing yet when it is buying. */
  #writeOrDefer(service: RawService): string {
    const line = composeLine(service);
    const checked = certificateSchema.safeParse(line);
    if (!checked.success) {
      const [issue] = checked.error.issues;
      this.#options.onUnreadable(
        service.serviceId,
        `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
      );
      return this.#writeService(line);
    }
    const record = readRecord(checked.data.fields.record);
    this.#accounts.add(record.account);
    if (!isBuying(record)) return this.#writeService(line);
    this.#buying.set(record.account, [...(this.#buying.get(record.account) ?? []), record.serviceId]);
    return '';
  }

  async *writeAccounts(): AsyncGenerator<string> {
    for (const module of await this.#store.modules.list()) this.#accounts.add(accountId(module));
    for (const account of [...this.#accounts].sort()) {
      const first = this.#lines;
      yield await this.#writeSnapshot(account);
      yield* this.#writeGrowing(account);
      if (this.#lines > first) this.counts.accounts += 1;
    }
  }

  async #writeSnapshot(account: string): Promise<string> {
    const { redis, keys } = this.#store;
    const wanted = { id: account, parts: SNAPSHOT };
    const read = await readTogether(redis, keys, this.#buying.get(account) ?? [], wanted);
    const services = read.services.map((service) => this.#writeService(composeLine(service)));
    const parts = SNAPSHOT.flatMap((part, index) =>
      cut(read.parts[index] ?? [], ENTRIES_PER_LINE).map((entries) =>
        this.#writeEntries(account, part, entries),
      ),
    );
    return [...services, ...parts].join('');
  }

  async *#writeGrowing(account: string): AsyncGenerator<string> {
    const { redis, keys } = this.#store;
    for (const part of GROWING) {
      for await (const entries of scanHash(redis, keys.account(account, part), ENTRIES_PER_LINE))
        yield this.#writeEntries(account, part, entries);
    }
  }

  #writeService(line: object): string {
    this.counts.certificates += 1;
    return this.#write(line);
  }

  #writeEntries(account: string, part: AccountPart, entries: readonly RawEntry[]): string {
    const encoded = entries.map(([name, value]) => [
      name,
      typeof value === 'number' ? value : encodeValue(value),
    ]);
    return this.#write({ kind: 'account', account, part, entries: sortFields(encoded) });
  }

  #write(value: object): string {
    const line = `${JSON.stringify(value)}\n`;
    this.#hash.update(line);
    this.#lines += 1;
    return line;
  }

  writeEnd(): string {
    const sha256 = this.#hash.digest('hex');
    return `${JSON.stringify({ kind: 'end', ...this.counts, lines: this.#lines, sha256 })}\n`;
  }
}

/** The same service always gives the same line. */
function composeLine({ serviceId, fields, history }: RawService) {
  const kept = Object.entries(fields).filter(([name]) => !LEASE_FIELDS.has(name));
  return {
    kind: 'certificate',
    serviceId,
    fields: sortFields(kept.map(([name, raw]) => [name, encodeValue(raw)])),
    history: history.map(encodeValue),
  };
}

function sortFields(entries: readonly (readonly unknown[])[]): Record<string, unknown> {
  const named = entries.map(([name, value]) => [String(name), value] as const);
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function cut<T>(all: readonly T[], size: number): T[][] {
  const slices: T[][] = [];
  for (let start = 0; start < all.length; start += size) slices.push(all.slice(start, start + size));
  return slices;
}

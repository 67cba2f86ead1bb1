import { z } from 'zod';
import type { CheckedArchive } from './archive-check.js';
import {
  decodeValue,
  isBuying,
  listPurchaseIds,
  tryToReadRecord,
  type AccountLine,
  type ArchiveValue,
} from './archive-format.js';
import { readTogether, type RawService } from './archive-read.js';
import { MERGE_ACCOUNT, MERGE_KEYS } from './archive-scripts.js';
import { purchaseSchema } from './schemas.js';
import { runScript } from './script.js';
import type { Store } from './store.js';
import { readStored } from './stored-value.js';

type Entry = [name: string, value: ArchiveValue | number];

/** What became of one line: entries that are new, and what contradicts the store (then nothing was written). */
export interface Merged {
  added: number;
  conflicts: string[];
}

const answerSchema = z.tuple([z.enum(['merged', 'conflict'])], z.string());

const CONFLICTS: Readonly<Record<string, (name: string, known: string) => string>> = {
  lanes: (name, known) => `lane ${name} is held by the purchase ${known}`,
  purchases: (name, known) => `${name} is another purchase here (${known})`,
  claims: (name, known) => `certificate ${name} belongs to service ${known} here`,
  ledger: (name) => `transaction ${name} has other values here`,
};

/** Merges the accounts of a file into the store: what the store knows stays, what it does not know is added. */
export class AccountMerger {
  readonly #store: Store;
  readonly #checked: CheckedArchive;
  /** Purchases that were under way or undecided in the file and that the store has settled meanwhile. */
  readonly #settled = new Set<string>();
  /** Purchases that hold a lane in the file; its lanes stand before its purchases. */
  readonly #unsettled = new Set<string>();
  /** Lanes of the file that are wanted, by purchase. */
  readonly #lanes = new Map<string, { account: string; lane: string }>();

  constructor(store: Store, checked: CheckedArchive) {
    this.#store = store;
    this.#checked = checked;
  }

  /** Looks which of the purchases under way the store has overtaken; before the first {@link merge}. */
  async prepare(): Promise<void> {
    const { redis, keys } = this.#store;
    for (const [purchaseId, serviceId] of this.#checked.buying) {
      const { services } = await readTogether(redis, keys, [serviceId]);
      if (services.some((service) => isOvertaken(service, purchaseId))) this.#settled.add(purchaseId);
    }
  }

  async merge(line: AccountLine): Promise<Merged> {
    const { account, part } = line;
    const entries = Object.entries(line.entries).filter((entry) => this.#isWanted(line, entry));
    if (entries.length === 0) return { added: 0, conflicts: [] };
    const keys = MERGE_KEYS.map((name) => this.#store.keys.account(account, name));
    const args = entries.flatMap(([name, value]) => [
      name,
      typeof value === 'number' ? String(value) : decodeValue(value),
    ]);
    const raw = await runScript(this.#store.redis, MERGE_ACCOUNT, keys, [part, ...args]);
    const [verdict, ...rest] = answerSchema.parse(raw);
    if (verdict === 'merged') return { added: Number(rest[0]), conflicts: [] };
    const describe = CONFLICTS[part] ?? ((name: string) => name);
    const conflicts = rest.flatMap((name, index) =>
      index % 2 === 0 ? [`account ${account}, ${part}: ${describe(name, rest[index + 1] ?? '')}`] : [],
    );
    return { added: 0, conflicts };
  }

  /**
   * A lane without a service that is buying would be held for ever: the purchase was begun while the file was
   * written. Its key is kept among the purchases, so nobody buys it again. What the store has settled stays settled.
   */
  #isWanted({ account, part }: AccountLine, [lane, value]: Entry): boolean {
    if ((part !== 'lanes' && part !== 'purchases') || typeof value === 'number') return true;
    const purchase = purchaseSchema.parse(JSON.parse(decodeValue(value)));
    const isSettled = this.#settled.has(purchase.id);
    if (part === 'lanes') this.#unsettled.add(purchase.id);
    else return !isSettled || (purchase['certificateId'] !== undefined && !this.#unsettled.has(purchase.id));
    if (isSettled || !this.#checked.buying.has(purchase.id)) return false;
    this.#lanes.set(purchase.id, { account, lane });
    return true;
  }

  /** Services that are buying in the file, but whose lane the store could not give them; after the last {@link merge}. */
  async listLaneless(): Promise<Set<string>> {
    const laneless = new Set<string>();
    for (const [purchaseId, { account, lane }] of this.#lanes) {
      const held = await this.#store.redis.hget(this.#store.keys.account(account, 'lanes'), lane);
      const isHeld =
        held !== null &&
        readStored(purchaseSchema, held, `The lane ${lane} of account ${account}`).id === purchaseId;
      const serviceId = this.#checked.buying.get(purchaseId);
      if (!isHeld && serviceId !== undefined) laneless.add(serviceId);
    }
    return laneless;
  }
}

/** Whether the store knows the service, and not as one that waits for this purchase. */
function isOvertaken({ fields }: RawService, purchaseId: string): boolean {
  if (Object.keys(fields).length === 0) return false;
  const record = tryToReadRecord(fields['record']);
  return record === null || !isBuying(record) || !listPurchaseIds(fields).has(purchaseId);
}

import { AccountMerger } from './archive-accounts.js';
import type { ArchiveSource, CheckedArchive } from './archive-check.js';
import { accountSchema, certificateSchema, type CertificateLine } from './archive-format.js';
import { writeServices, type ServiceOutcome } from './archive-services.js';
import type { Store } from './store.js';

/** Services that are looked at and written together. */
const BATCH = 50;

export interface RestoreOptions {
  /** Services that the store knows with other values are replaced instead of left alone. */
  isReplacing: boolean;
  /** The wall clock, ms. */
  now: number;
  /** Ends the restore between two steps; running it again goes on. */
  signal: AbortSignal;
  /** Told of everything in the file that was not written, and why. */
  onLeft: (what: string) => void;
}

/** Counts of services, but `entries`, which were added to accounts. `isComplete`: it was not interrupted. */
export interface RestoreCounts {
  restored: number;
  identical: number;
  replaced: number;
  different: number;
  entries: number;
  conflicts: number;
  isComplete: boolean;
}

/**
 * Writes what {@link CheckedArchive | a checked file} holds. Accounts first: whatever is interrupted, the store then
 * knows every purchase before the service that made it, so no order buys it again. Every step is one script, and what
 * is there already is skipped: running it again completes it.
 */
export async function restoreArchive(
  store: Store,
  source: ArchiveSource,
  checked: CheckedArchive,
  options: RestoreOptions,
): Promise<RestoreCounts> {
  const restore = new Restore(store, source, options);
  const laneless = await restore.restoreAccounts(checked);
  await restore.restoreServices(laneless);
  await restore.restoreForeign(checked);
  return restore.counts;
}

class Restore {
  readonly counts: RestoreCounts = {
    ...{ restored: 0, identical: 0, replaced: 0, different: 0, entries: 0, conflicts: 0 },
    isComplete: true,
  };
  readonly #store: Store;
  readonly #source: ArchiveSource;
  readonly #options: RestoreOptions;

  constructor(store: Store, source: ArchiveSource, options: RestoreOptions) {
    this.#store = store;
    this.#source = source;
    this.#options = options;
  }

  async restoreAccounts(checked: CheckedArchive): Promise<Set<string>> {
    const merger = new AccountMerger(this.#store, checked);
    await merger.prepare();
    await this.#merge(merger, (part) => part !== 'foreign');
    return await merger.listLaneless();
  }

  /** After the services: each that comes back makes what is called foreign here uncertain, but not what the file calls so. */
  async restoreForeign(checked: CheckedArchive): Promise<void> {
    if (!this.counts.isComplete) return;
    await this.#merge(new AccountMerger(this.#store, checked), (part) => part === 'foreign');
  }

  async #merge(merger: AccountMerger, isWanted: (part: string) => boolean): Promise<void> {
    for await (const value of this.#read('account')) {
      const line = accountSchema.parse(value);
      if (!isWanted(line.part)) continue;
      const { added, conflicts } = await merger.merge(line);
      this.counts.entries += added;
      for (const conflict of conflicts) this.#noteConflict(`${conflict}; nothing of this line was written`);
    }
  }

  async restoreServices(laneless: ReadonlySet<string>): Promise<void> {
    let batch: CertificateLine[] = [];
    for await (const value of this.#read('certificate')) {
      batch.push(certificateSchema.parse(value));
      if (batch.length < BATCH) continue;
      await this.#write(batch, laneless);
      batch = [];
    }
    if (this.counts.isComplete) await this.#write(batch, laneless);
  }

  /** The lines of a kind, until the restore is to end. */
  async *#read(kind: 'account' | 'certificate'): AsyncGenerator {
    for await (const text of this.#source()) {
      if (this.#options.signal.aborted) {
        this.counts.isComplete = false;
        return;
      }
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && Reflect.get(value, 'kind') === kind) yield value;
    }
  }

  async #write(lines: readonly CertificateLine[], laneless: ReadonlySet<string>): Promise<void> {
    if (lines.length === 0) return;
    const { isReplacing, now } = this.#options;
    const outcomes = await writeServices(this.#store, lines, { isReplacing, now, laneless });
    for (const [index, outcome] of outcomes.entries()) this.#count(lines[index]?.serviceId ?? '', outcome);
  }

  #count(serviceId: string, outcome: ServiceOutcome): void {
    if (outcome.kind === 'conflict') {
      this.#noteConflict(`service ${serviceId}: ${outcome.why}; it was left out`);
      return;
    }
    this.counts[outcome.kind] += 1;
    if (outcome.kind === 'different')
      this.#options.onLeft(`service ${serviceId} differs and was left as it is: ${outcome.why}`);
  }

  #noteConflict(text: string): void {
    this.counts.conflicts += 1;
    this.#options.onLeft(`conflict: ${text}`);
  }
}

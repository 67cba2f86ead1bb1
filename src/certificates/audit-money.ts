import { Big } from 'big.js';
import type { Baseline, Difference, EntrySeen, Placed } from './audit-ports.js';

/**
 * Entries and foreign ids carry the time of a worker's clock, the balance that of Redis's. Those of a day around the
 * balance are therefore known by their ids: clocks may differ by as much.
 */
const MARGIN_MS = 86_400_000;

/** A charge that the ledger tells of. */
export interface Charge {
  ledgerId: string;
  /** USD; null when it is not known. */
  amount: string | null;
}

/** Keeps of the rows of a long ledger what the balance of this audit has to do with. */
export class RecentCharges {
  readonly #since: number;
  readonly #charges = new Map<string, Charge & { at: number; adoptedAs: string | null }>();

  /** @param now Redis's clock, ms */
  constructor(baseline: Baseline | null, now: number) {
    this.#since = Math.min(baseline?.readAt ?? now, now) - MARGIN_MS;
  }

  add({ ledgerId, amount, at, adoptedAs, adoptedAt }: EntrySeen): void {
    // The balance fell before it was adopted, not when its amount was told.
    const paidAt = Math.min(at, adoptedAt ?? at);
    if (paidAt >= this.#since) this.#charges.set(ledgerId, { ledgerId, amount, adoptedAs, at: paidAt });
  }

  /** Those that the balance of the baseline has not paid for. */
  listSince(baseline: Baseline): Charge[] {
    const paid = new Set(baseline.ledger);
    return [...this.#charges.values()].filter(
      ({ ledgerId, adoptedAs }) => !paid.has(ledgerId) && !(adoptedAs !== null && paid.has(adoptedAs)),
    );
  }

  /** For the next baseline. @param readAt ms */
  listIds(readAt: number): string[] {
    return [...this.#charges.values()]
      .filter(({ at }) => at >= readAt - MARGIN_MS)
      .map((one) => one.ledgerId);
  }
}

/** As {@link RecentCharges}, for what others have bought in this account. */
export class RecentForeign {
  readonly #since: number;
  readonly #seen = new Map<string, number>();

  constructor(baseline: Baseline | null, now: number) {
    this.#since = Math.min(baseline?.readAt ?? now, now) - MARGIN_MS;
  }

  add({ certificateId, foreignSince }: Placed): void {
    const at = Date.parse(foreignSince ?? '');
    if (at >= this.#since) this.#seen.set(String(certificateId), at);
  }

  listSince(baseline: Baseline): string[] {
    return [...this.#seen.keys()].filter((id) => !baseline.foreign.includes(id));
  }

  /** One that was seen after the balance may have been paid after it. */
  listIds(readAt: number): string[] {
    return [...this.#seen].filter(([, at]) => at >= readAt - MARGIN_MS && at < readAt).map(([id]) => id);
  }
}

export interface MoneyVerdict {
  /** One sentence for people. */
  text: string;
  difference: Difference | null;
}

/**
 * Whether what we were charged explains how the balance moved. A rise is a top-up or a refund. Where the amount of a
 * charge is not known, a fall that it may explain is told, not judged.
 */
export function judgeMoney(
  before: Baseline | null,
  now: Pick<Baseline, 'amount' | 'currency' | 'readAt'>,
  charges: readonly Charge[],
  foreign: readonly string[],
): MoneyVerdict {
  const balance = `${now.amount} ${now.currency}`;
  if (before?.currency !== now.currency)
    return { text: `the balance is ${balance}; the next audit starts from it`, difference: null };
  const known = charges.reduce((sum, { amount }) => sum.plus(amount ?? 0), new Big(0));
  const left = new Big(before.amount).minus(known).minus(now.amount);
  const span = `between ${writeTime(before.readAt)} and ${writeTime(now.readAt)}`;
  const ours = `${known.toFixed(4)} ${now.currency} were charged for us ${span}`;
  const told = (text: string): MoneyVerdict => ({
    text: `the balance is ${balance}; ${text}`,
    difference: null,
  });
  if (left.eq(0)) return told(`${ours}, which explains it`);
  const rest = `${left.abs().toFixed(4)} ${now.currency}`;
  if (left.lt(0)) return told(`${ours}, and it rose by ${rest} besides: a top-up or a refund`);
  const unknown = [
    ...charges.filter(({ amount }) => amount === null).map(({ ledgerId }) => `ledger entry ${ledgerId}`),
    ...foreign.map((id) => `certificate ${id}, bought by others`),
  ];
  if (unknown.length > 0)
    return told(
      `${ours}, and ${rest} were spent on what nobody told the price of (${describe(unknown)}): check that it is plausible`,
    );
  const text =
    `The balance fell from ${before.amount} to ${balance} ${span}, and the ledger explains only ${known.toFixed(4)} of it: ${rest} were spent on something else. ` +
    'Look at the transactions of that time at Namecheap (Profile > Billing > Transactions). If others buy from this balance too, say so once with module add … --shared-balance.';
  return {
    text: `the balance is ${balance}; ${rest} are missing`,
    difference: { id: `money:${before.readAt}-${now.readAt}`, part: 'money', text },
  };
}

const NAMED = 5;

function describe(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function writeTime(ms: number): string {
  return new Date(ms).toISOString();
}

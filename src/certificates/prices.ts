import { Big } from 'big.js';
import { z } from 'zod';
import { findProduct, foldType, spellType } from '../../config/products.js';
import type { Price } from '../namecheap/api.js';

/** What is paid for: a first term, or the follow-up term of a certificate. */
export const PRICED_ACTIONS = ['PURCHASE', 'RENEW'] as const;
export type PricedAction = (typeof PRICED_ACTIONS)[number];

const entrySchema = z.object({
  /** As in the catalogue: the class of certificates. */
  product: z.string(),
  /** The name under which it is listed, in the catalogue's spelling. */
  name: z.string(),
  action: z.enum(PRICED_ACTIONS),
  years: z.number(),
  /** For all years together; null when the list does not say whether its price is for one. */
  amount: z.string().nullable(),
  currency: z.string().nullable(),
});
export type PriceEntry = z.infer<typeof entrySchema>;

/** The certificates in an account's price list. `at`: when it was read, ms. */
export const priceListSchema = z.object({ at: z.number(), entries: z.array(entrySchema) });
export type PriceList = z.infer<typeof priceListSchema>;

/** What a price list tells of a purchase. */
export type PriceAnswer =
  /** `name`: the entry that was taken; `others`: what the same class costs under other names, where that differs. */
  | { kind: 'listed'; amount: string; currency: string | null; name: string; others: PriceEntry[] }
  /** The product is listed, but only for these numbers of years. */
  | { kind: 'not-sold'; years: number[] }
  | { kind: 'unknown'; reason: string };

/**
 * Namecheap's price list writes products with hyphens, and some with the CA's name before them
 * (`comodossl-multi-domain-ssl` is the Type "Multi Domain SSL").
 */
function readName(listed: string): string {
  return foldType(listed).replace(/^comodossl /, '');
}

function isPriced(action: string): action is PricedAction {
  return (PRICED_ACTIONS as readonly string[]).includes(action);
}

/**
 * The price list of an account, without what is not in the catalogue: other brands, and the rows for added names
 * (`…-moresans`), in which Namecheap was seen to write 0.00 instead of a price.
 * @param at when the rows were read, ms
 */
export function composePriceList(rows: readonly Price[], at: number): PriceList {
  const entries = new Map<string, PriceEntry>();
  for (const { product: listed, action, years, total, currency } of rows) {
    const product = findProduct(readName(listed));
    if (product === null || !isPriced(action)) continue;
    const name = spellType(readName(listed));
    entries.set(`${name} ${action} ${years}`, {
      ...{ product: product.canonical, name, action, years },
      ...{ amount: total, currency },
    });
  }
  return { at, entries: [...entries.values()] };
}

/**
 * What a purchase costs by the list, names beyond the included ones not counted. Namecheap sells one class under
 * several names and replaces old ones by new ones: where all cost the same, the name does not matter; else the price
 * of the very name is taken, else that of the name by which Namecheap replaces it.
 */
export function findPrice(list: PriceList, type: string, action: PricedAction, years: number): PriceAnswer {
  const product = findProduct(type);
  if (product === null) return { kind: 'unknown', reason: `"${type}" is not in the catalogue` };
  const known = list.entries.filter(
    (entry) => entry.product === product.canonical && entry.action === action,
  );
  if (known.length === 0) {
    const what = action === 'RENEW' ? 'renewals' : 'purchases';
    return { kind: 'unknown', reason: `Namecheap's price list has no ${what} of ${spellType(type)}` };
  }
  const fitting = known.filter((entry) => entry.years === years);
  if (fitting.length === 0) return { kind: 'not-sold', years: listYears(known) };
  return pickEntry(fitting, [spellType(type), product.names[0] ?? type]);
}

function listYears(entries: readonly PriceEntry[]): number[] {
  return [...new Set(entries.map(({ years }) => years))].sort((a, b) => a - b);
}

function pickEntry(entries: readonly PriceEntry[], names: readonly string[]): PriceAnswer {
  const [first] = entries;
  const areEqual = entries.every((entry) => first !== undefined && hasSamePrice(entry, first));
  const named = names.map((name) => entries.find((entry) => entry.name === name)).find((entry) => entry);
  const entry = named ?? (areEqual ? first : undefined);
  if (entry === undefined) {
    const reason = `the list has only other names of it, with different prices: ${describeEntries(entries)}`;
    return { kind: 'unknown', reason };
  }
  const { amount, currency, name } = entry;
  if (amount === null) {
    return { kind: 'unknown', reason: 'the list does not say whether its price is for each year or for all' };
  }
  const others = entries.filter((other) => !hasSamePrice(other, entry));
  return { kind: 'listed', amount, currency, name, others };
}

function hasSamePrice(a: PriceEntry, b: PriceEntry): boolean {
  if (a.amount === null || b.amount === null) return a.amount === b.amount;
  return a.currency === b.currency && new Big(a.amount).eq(b.amount);
}

/** `44.4000 USD as Standard SSL, …` */
export function describeEntries(entries: readonly PriceEntry[]): string {
  return entries
    .map(({ amount, currency, name }) => `${describeAmount(amount, currency)} as ${name}`)
    .join(', ');
}

/** An amount with its currency, as far as they were told. */
export function describeAmount(amount: string | null, currency: string | null): string {
  return amount === null ? 'unknown' : `${amount} ${currency ?? '(currency not told)'}`;
}

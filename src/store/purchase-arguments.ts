import { Big } from 'big.js';
import { z } from 'zod';
import type { BeginAnswer, Bought, Intent, SpendingGuard } from '../certificates/ports.js';
import type { Purchase } from '../certificates/record.js';
import { readStored } from './stored-value.js';

const stockSchema = z.object({
  product: z.string(),
  type: z.string(),
  years: z.number(),
  sansToAdd: z.number(),
});

const knownSchema = z.object({ certificateId: z.number().optional() });

/** A paid certificate that no service owns. */
export type StockRow = z.output<typeof stockSchema> & { certificateId: number };

/** Namecheap's money has four decimals; whole numbers of 1/10000 add up exactly in Lua. */
function countUnits(amount: string): string {
  return new Big(amount).times(10_000).toFixed(0);
}

/** The arguments of BEGIN after its commit. */
export function composeBegin(purchase: Purchase, guard: SpendingGuard): string[] {
  return [
    JSON.stringify(purchase),
    purchase.lane,
    purchase.key,
    purchase.id,
    guard.maxPurchasesPerHour === null ? '' : String(guard.maxPurchasesPerHour),
    guard.maxSpendPerDay === null ? '' : countUnits(guard.maxSpendPerDay),
    // Names are counted on their certificate; there is no list that could tell of them.
    purchase.kind === 'names' ? '' : purchase.kind,
  ];
}

/** Why BEGIN did not begin. */
export function readBeginRefusal(answer: readonly string[]): Exclude<BeginAnswer, { kind: 'begun' }> {
  const [kind, first = '', second = ''] = answer;
  switch (kind) {
    case 'lane-busy':
      return { kind, key: first, ageMs: Number(second) };
    case 'listing-old':
    case 'gate':
      return { kind };
    case 'paused':
      return { kind, reason: first, untilMs: second === '' ? null : Number(second) };
    case 'guarded':
      return { kind, limit: first === 'spend' ? 'spend' : 'purchases', retryInMs: Number(second) };
    case 'bought': {
      const known = readStored(knownSchema, first, 'The purchase that is known for this service');
      return { kind, certificateId: known.certificateId ?? null };
    }
    default:
      throw new Error(`Unknown answer of the begin script: ${String(kind)}`);
  }
}

/** The arguments of SETTLE_MADE after its commit. `at` in ms. */
export function composeSettlement(
  serviceId: string,
  purchase: Purchase,
  bought: Bought,
  at: number,
): (string | number)[] {
  const { product, years, sansToAdd } = purchase;
  const { ledgerId, entry } = composeEntry(serviceId, purchase, bought, at);
  return [
    purchase.lane,
    purchase.key,
    purchase.id,
    JSON.stringify({ ...purchase, certificateId: bought.certificateId, ledgerId }),
    bought.certificateId,
    serviceId,
    ledgerId,
    entry,
    bought.charged === null ? '' : countUnits(bought.charged.amount),
    purchase.kind === 'order'
      ? JSON.stringify({ product, type: bought.type, years, sansToAdd, purchaseId: purchase.id })
      : '',
  ];
}

/** One charge as the ledger keeps it, and its unique name there. It tells its purchase, as the settled purchase tells it: the audit goes both ways. `at` in ms. */
export function composeEntry(
  serviceId: string,
  purchase: Purchase,
  bought: Bought,
  at: number,
): { ledgerId: string; entry: string } {
  const { id: purchaseId, key, kind } = purchase;
  const ledgerId =
    bought.transactionId === null ? nameAdopted(purchase, bought) : String(bought.transactionId);
  return { ledgerId, entry: JSON.stringify({ ...bought, serviceId, purchaseId, key, kind, at }) };
}

/** What was adopted has no transaction id of its own: its certificate id is as unique. Names are added to one that may be in the ledger already. */
function nameAdopted({ id, kind }: Purchase, { certificateId }: Bought): string {
  return kind === 'names' ? `adopted-${certificateId}-${id}` : `adopted-${certificateId}`;
}

/** The oldest certificate of the stock that serves the intent. @param stock JSON by certificate id */
export function chooseStock(stock: Readonly<Record<string, string>>, intent: Intent): StockRow | undefined {
  return Object.entries(stock)
    .map(([id, json]) => ({
      certificateId: Number(id),
      ...readStored(stockSchema, json, `Certificate ${id} in stock`),
    }))
    .filter(
      (row) =>
        row.product === intent.product && row.years === intent.years && row.sansToAdd >= intent.sansToAdd,
    )
    .sort((a, b) => a.certificateId - b.certificateId)[0];
}

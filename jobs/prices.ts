import { z } from 'zod';
import { readDuration } from '../config/duration.js';
import { readWithBrake } from '../src/certificates/brake.js';
import type { AccountWork } from '../src/certificates/ports.js';
import { composePriceList, PRICED_ACTIONS } from '../src/certificates/prices.js';
import { defineJob, done } from '../src/job.js';
import { requireModule } from '../src/modules/require-module.js';
import { moduleNameSchema } from '../src/modules/settings.js';
import type { Price } from '../src/namecheap/api.js';

const payloadSchema = z.strictObject({
  module: moduleNameSchema.default('default'),
  /** A list that was read within this time is not read again, such as `1h`; `0s` reads it in any case. */
  maxAge: z
    .string()
    .refine((text) => readDuration(text) !== null, 'give a duration such as 30m, 12h or 1d')
    .default('1d'),
});

/** `at`: ISO 8601, UTC. */
export interface PricesResult {
  module: string;
  /** When the list was read. */
  at: string;
  /** Prices of known products, one per name, action and number of years. */
  count: number;
  /** False when the list that is kept was young enough: nothing was called. */
  isRefreshed: boolean;
}

/** One call, and one more for each action that the whole tree does not tell by itself. */
async function readPrices(work: AccountWork): Promise<Price[]> {
  const { api } = work.account;
  const options = { signal: work.signal };
  const rows = await api.getPricing({}, options);
  const missing = PRICED_ACTIONS.filter((action) => !rows.some((row) => row.action === action));
  for (const action of missing) rows.push(...(await api.getPricing({ action }, options)));
  return rows;
}

/** Keeps the account's price list fresh. Namecheap asks to cache it; a worker reads it because its address is allow-listed. */
export const prices = defineJob<z.output<typeof payloadSchema>, PricesResult>({
  name: 'prices',
  summary: "read the account's price list, at most once a day unless maxAge says otherwise",
  schema: payloadSchema,
  example: { module: 'default' },
  subject: ({ module }) => module,
  // One at a time: of many that ask together the first reads, the others find what it kept.
  options: { concurrency: 1, priority: 5, attempts: 3 },
  accept: async ({ module }, store) => {
    await requireModule(store.modules, module);
  },
  async run({ module, maxAge }, context) {
    const account = await context.openAccount(module);
    const { prices: store } = context.store;
    const now = await context.listings.readClock();
    const kept = await store.load(account.id);
    const isRefreshed = kept === null || now - kept.at >= (readDuration(maxAge) ?? 0);
    const work = { ...context, account };
    const list = isRefreshed
      ? composePriceList(await readWithBrake(work, () => readPrices(work)), now)
      : kept;
    if (isRefreshed) await store.save(account.id, list);
    const at = new Date(list.at).toISOString();
    return done({ module, at, count: list.entries.length, isRefreshed });
  },
});

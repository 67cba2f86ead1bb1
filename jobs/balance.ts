import { z } from 'zod';
import { readWithBrake } from '../src/certificates/brake.js';
import { defineJob, done } from '../src/job.js';
import { noteBalance } from '../src/modules/balance.js';
import { requireModule } from '../src/modules/require-module.js';
import { moduleNameSchema } from '../src/modules/settings.js';

const payloadSchema = z.strictObject({ module: moduleNameSchema.default('default') });

/** Money as decimal strings; `at`: ISO 8601, UTC. */
export interface BalanceResult {
  module: string;
  /** What purchases draw on. */
  balance: { amount: string; currency: string };
  /** In the same currency: what Namecheap sets aside for renewals that it makes by itself. */
  fundsRequiredForAutoRenew: string;
  /** The price list that is kept for this account: when it was read and how many prices it has; null when none was. */
  prices: { at: string; count: number } | null;
}

/** The account's money, for one call; announces `module.low-balance` below the module's mark. */
export const balance = defineJob<z.output<typeof payloadSchema>, BalanceResult>({
  name: 'balance',
  summary: "read the balance of a module's account",
  schema: payloadSchema,
  example: { module: 'default' },
  subject: ({ module }) => module,
  options: { concurrency: 2, priority: 5, attempts: 3 },
  accept: async ({ module }, store) => {
    await requireModule(store.modules, module);
  },
  async run({ module }, context) {
    const { parameters } = await requireModule(context.store.modules, module);
    const { lowBalance, sharedBalance: isShared } = parameters;
    const account = await context.openAccount(module);
    const readAt = await context.listings.readClock();
    const told = await readWithBrake({ ...context, account }, () =>
      account.api.getBalances({ signal: context.signal }),
    );
    const money = { amount: told.availableBalance, currency: told.currency };
    await noteBalance(context, account, { balance: money, lowBalance, isShared, readAt });
    const list = await context.store.prices.load(account.id);
    return done({
      module,
      balance: money,
      fundsRequiredForAutoRenew: told.fundsRequiredForAutoRenew,
      prices: list === null ? null : { at: new Date(list.at).toISOString(), count: list.entries.length },
    });
  },
});

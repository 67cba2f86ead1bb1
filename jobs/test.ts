import { z } from 'zod';
import type { Account } from '../src/certificates/ports.js';
import { WaitError } from '../src/errors.js';
import { defineJob, done, type JobContext } from '../src/job.js';
import { noteBalance } from '../src/modules/balance.js';
import { describeConnectionFailure } from '../src/modules/connection-failure.js';
import { requireModule } from '../src/modules/require-module.js';
import type { TestResult } from '../src/modules/test-result.js';
import { accountSettingsSchema, moduleNameSchema, moduleParametersSchema } from '../src/modules/settings.js';
import { NamecheapError } from '../src/namecheap/errors.js';

/** A stored module, or settings that are not stored yet (the key sealed by the producer). */
const payloadSchema = z
  .strictObject({ module: moduleNameSchema.optional(), settings: accountSettingsSchema.optional() })
  .refine(
    (payload) => payload.module === undefined || payload.settings === undefined,
    'give either module or settings, not both',
  )
  .transform((payload) =>
    payload.settings === undefined ? { module: payload.module ?? 'default' } : payload,
  );

type Payload = z.infer<typeof payloadSchema>;

async function openTested(
  payload: Payload,
  context: JobContext,
): Promise<{ account: Account; isSandbox: boolean; lowBalance: string | null; isShared: boolean }> {
  if ('settings' in payload && payload.settings !== undefined) {
    const account = context.openForTest(payload.settings, moduleParametersSchema.parse({}), '');
    return { account, isSandbox: payload.settings.sandbox, lowBalance: null, isShared: false };
  }
  const name = payload.module ?? 'default';
  const module = await requireModule(context.store.modules, name);
  const account = context.openForTest(module, module.parameters, name);
  const { lowBalance, sharedBalance: isShared } = module.parameters;
  return { account, isSandbox: module.sandbox, lowBalance, isShared };
}

/** The connection test. It runs in a worker because Namecheap allow-lists the worker's address. A refused connection is a result, not a failure of the job. */
export const test = defineJob<Payload, TestResult>({
  name: 'test',
  summary: 'test the connection of a module to Namecheap, from a worker',
  schema: payloadSchema,
  example: { module: 'default' },
  subject: (payload) => payload.module ?? 'settings',
  options: { concurrency: 4, priority: 1, attempts: 3 },
  // Sealed as it is, a key that is not to be stored must not stay behind in a finished job.
  scrub: (payload) =>
    'settings' in payload
      ? { settings: { ...payload.settings, sealedKey: 'removed after the test' } }
      : payload,
  accept: async (payload, store) => {
    if ('module' in payload) await requireModule(store.modules, payload.module ?? 'default');
  },
  async run(payload, context) {
    const { account, isSandbox, lowBalance, isShared } = await openTested(payload, context);
    const started = context.monotonic();
    // Before the call: a charge made meanwhile then counts as made after the balance was seen.
    const readAt = await context.listings.readClock();
    try {
      const balances = await account.api.getBalances({ signal: context.signal });
      const latencyMs = Math.round(context.monotonic() - started);
      const balance = { amount: balances.availableBalance, currency: balances.currency };
      if (account.module !== '') {
        await context.store.accounts.endAutomaticPauses(account.id, context.now());
        await noteBalance(context, account, { balance, lowBalance, isShared, readAt });
      }
      return done({ ok: true, module: account.module || null, balance, sandbox: isSandbox, latencyMs });
    } catch (error) {
      if (!(error instanceof NamecheapError)) throw error;
      // The limiter tells at the next try for how long the account rests.
      if (error.errorClass === 'throttle') throw new WaitError(error.message, 1000);
      if (account.module !== '') {
        await context.announce({
          type: 'module.unreachable',
          serviceId: null,
          module: account.module,
          data: { problem: error.message },
        });
      }
      const { clientIp, endpoint } = account.api.connection;
      return done(describeConnectionFailure(error, clientIp, endpoint));
    }
  },
});

import type { z } from 'zod';
import { importPayloadSchema } from '../src/certificates/import-request.js';
import type { ImportResult } from '../src/certificates/import-result.js';
import { runImport } from '../src/certificates/import.js';
import { defineJob, done } from '../src/job.js';
import { requireModule } from '../src/modules/require-module.js';

/** Rebuilds or reconciles the inventory from Namecheap, and brings existing customers in. Nothing is charged or changed there. */
export const importJob = defineJob<z.output<typeof importPayloadSchema>, ImportResult>({
  name: 'import',
  summary: 'compare the account with what is known, and bring in what is not (nothing is charged)',
  schema: importPayloadSchema,
  example: {
    module: 'default',
    map: [{ serviceId: '1001', certificateId: 9000001, paidTill: '2029-11-22' }],
  },
  subject: ({ module }) => module,
  // One account is read by one worker at a time in any case; orders come first.
  options: { concurrency: 2, priority: 20, attempts: 20 },
  accept: async ({ module }, store) => {
    await requireModule(store.modules, module);
  },
  async run(payload, context) {
    const account = await context.openAccount(payload.module, 'import');
    const { imports, inventory } = context.store;
    const work = { ...context, account, imports, inventory };
    return done(await runImport(work, payload, payload.requestId ?? context.jobId));
  },
});

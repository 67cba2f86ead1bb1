import { z } from 'zod';
import type { Audited } from '../src/certificates/audit-work.js';
import { AUDIT_EVERY_MS, runAudit, type AuditResult } from '../src/certificates/audit.js';
import { describeError } from '../src/errors.js';
import { defineJob, done, type JobContext } from '../src/job.js';
import { requireModule } from '../src/modules/require-module.js';
import { accountId, moduleNameSchema, type ModuleRecord } from '../src/modules/settings.js';

/** How often the accounts that are due are looked for, ms: it costs a command each. */
const LOOK_EVERY_MS = 600_000;

const payloadSchema = z.strictObject({
  /** Its account, at once. Without it: every account that is due. */
  module: moduleNameSchema.optional(),
});

/** `failed`: accounts that could not be audited at all, by module; they are tried again. */
export interface AuditsResult {
  audits: AuditResult[];
  failed: { module: string; problem: string }[];
}

/** Each account once, whatever modules share it. */
function groupAccounts(context: JobContext, modules: readonly ModuleRecord[]): Audited[] {
  const accounts = new Set(modules.map(accountId));
  return [...accounts].flatMap((account) => {
    const [first, ...others] = modules.filter((module) => accountId(module) === account);
    if (first === undefined) return [];
    const names: Audited['modules'] = [first.name, ...others.map(({ name }) => name)];
    const isShared = [first, ...others].some(({ parameters }) => parameters.sharedBalance);
    return [{ account, modules: names, isShared, open: () => openFirst(context, names) }];
  });
}

/** Through the first module whose key opens. */
async function openFirst(context: JobContext, [first, ...others]: Audited['modules']) {
  try {
    return await context.openAccount(first, 'audit');
  } catch (error) {
    const [next, ...rest] = others;
    if (next === undefined) throw error;
    return await openFirst(context, [next, ...rest]);
  }
}

/** Whether its time has come. One that is seen for the first time comes next: a worker that starts calls nobody. */
async function isDue({ store, now }: JobContext, account: string): Promise<boolean> {
  const known = await store.audits.load(account);
  if (known === null) await store.audits.register(account, now() + LOOK_EVERY_MS);
  // A clock that stepped back must not put it off for longer than its rhythm.
  return known !== null && (known.state.dueAt <= now() || known.state.dueAt > now() + AUDIT_EVERY_MS);
}

/** Those that are due, one after the other; one that cannot be audited never hides the others. */
async function auditDue(context: JobContext, accounts: readonly Audited[]): Promise<AuditsResult> {
  const result: AuditsResult = { audits: [], failed: [] };
  for (const audited of accounts) {
    const [module] = audited.modules;
    try {
      if (!(await isDue(context, audited.account))) continue;
      result.audits.push(await runAudit(context, context.store.audits, audited));
    } catch (error) {
      const problem = describeError(error);
      context.log.log(3, 'audit', `module ${module}: ${problem}`);
      result.failed.push({ module, problem });
    }
  }
  return result;
}

/** Compares what was bought, what is owned and what was paid. It never buys anything. */
export const audit = defineJob<z.output<typeof payloadSchema>, AuditsResult>({
  name: 'audit',
  summary: 'compare books, lists and balance of an account; a difference stops its purchases',
  schema: payloadSchema,
  example: { module: 'default' },
  subject: ({ module }) => module ?? 'all',
  options: { concurrency: 1, priority: 30, attempts: 3 },
  schedule: () => ({ everyMs: LOOK_EVERY_MS }),
  accept: async ({ module }, store) => {
    if (module !== undefined) await requireModule(store.modules, module);
  },
  async run({ module }, context) {
    const { modules, unreadable } = await context.store.modules.listReadable();
    for (const one of unreadable) context.log.log(3, 'audit', one);
    const accounts = groupAccounts(context, modules);
    if (module === undefined) return done(await auditDue(context, accounts));
    const wanted = accountId(await requireModule(context.store.modules, module));
    const own = accounts.filter(({ account }) => account === wanted);
    const audits = [];
    for (const audited of own) audits.push(await runAudit(context, context.store.audits, audited));
    return done({ audits, failed: [] });
  },
});

import type { Command } from 'commander';
import { z } from 'zod';
import { requireModule } from '../modules/require-module.js';
import { askWorker } from './ask-worker.js';
import { CommandFailure } from './command-failure.js';
import { formatPairs } from './format.js';
import { withApp } from './session.js';
import { note, paint, print, printJson, type Terminal } from './terminal.js';

/** A few calls under the quota, and a long ledger, ms. */
const TIMEOUT_MS = 120_000;

const auditSchema = z.object({
  module: z.string(),
  modules: z.array(z.string()),
  at: z.string(),
  counts: z.object({
    ...{ purchases: z.number(), ledger: z.number(), unsettled: z.number(), listed: z.number().nullable() },
  }),
  money: z.string(),
  notJudged: z.array(z.string()),
  differences: z.array(
    z.object({
      ...{ id: z.string(), part: z.string(), text: z.string(), since: z.string() },
      ...{ acceptedAt: z.string().nullable(), isNew: z.boolean() },
    }),
  ),
  isFailed: z.boolean(),
});
const answerSchema = z.object({ audits: z.tuple([auditSchema]) });
type Audit = z.output<typeof auditSchema>;

/** `module audit`: what was bought, what is owned and what was paid, compared by a worker. */
export function addModuleAuditCommand(group: Command, terminal: Terminal): void {
  group
    .command('audit')
    .argument('<name>')
    .description(
      'compare purchases, certificates, ledger and balance of the account, by a worker (waits up to 2 minutes); exit 1 on a difference',
    )
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Four calls as a rule, nothing is bought or changed at Namecheap. Every account is audited every 6 hours anyway. A difference stops
the purchases of the account until pmnamecheap module resume NAME accepts it.

Example:
  pmnamecheap module audit default`,
    )
    .action((name: string, options: { json?: boolean }) =>
      auditModule(terminal, name, options.json === true),
    );
}

async function auditModule(terminal: Terminal, name: string, isJson: boolean): Promise<void> {
  await withApp(terminal, async (app) => {
    await requireModule(app.store.modules, name);
    const question = { job: 'audit', payload: { module: name }, what: 'The audit', timeoutMs: TIMEOUT_MS };
    const answer = await askWorker(app, question, terminal.stop);
    if (answer.kind === 'unanswered') {
      note(terminal, paint(terminal, 'stderr').red(answer.reason));
      throw new CommandFailure();
    }
    const [audit] = answerSchema.parse(answer.result).audits;
    if (isJson) printJson(terminal, audit);
    else print(terminal, formatAudit(audit));
    if (audit.isFailed) throw new CommandFailure();
  });
}

function formatAudit(audit: Audit): string {
  const { modules, at, counts, money, notJudged, differences, isFailed } = audit;
  const open = differences.filter(({ acceptedAt }) => acceptedAt === null);
  const listed = counts.listed === null ? 'not read' : `${counts.listed} bought and not activated`;
  const pairs = formatPairs([
    ['module', modules.join(', ')],
    ['audited', at],
    [
      'books',
      `${counts.purchases} purchases (${counts.unsettled} under way), ${counts.ledger} ledger entries`,
    ],
    ['listed', listed],
    ['money', money],
    ...notJudged.map((reason): [string, string] => ['not judged', reason]),
    ['differences', `${open.length} open, ${differences.length - open.length} accepted`],
  ]);
  const list = differences.map(
    ({ text, since, acceptedAt }) =>
      `${acceptedAt === null ? '->' : `ok (accepted ${acceptedAt})`} since ${since}: ${text}`,
  );
  const remedy = isFailed
    ? [
        `Purchases of this account stand still. Once this is understood: pmnamecheap module resume ${audit.module}`,
      ]
    : [];
  return [pairs, ...list, ...remedy].join('\n');
}

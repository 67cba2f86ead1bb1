import type { Command } from 'commander';
import { formatNext, formatSpan } from './format.js';
import { withApp } from './session.js';
import { collectStatus, type AccountState, type StatusReport } from './status-report.js';
import { formatTable, paint, print, printJson, type Terminal } from './terminal.js';
import { formatWebhook } from './webhook-state.js';

/** `status`: one screen. */
export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .description('one screen: queues, schedulers, workers, accounts, what needs a person')
    .option('--json', 'one JSON document')
    .addHelpText('after', "\nExample:\n  pmnamecheap status --json | jq -r '.attention[].text'")
    .action(async (options: { json?: boolean }) => {
      await withApp(terminal, async (app) => {
        const report = await collectStatus(app);
        if (options.json === true) printJson(terminal, report);
        else print(terminal, formatReport(terminal, report));
      });
    });
}

function formatReport(terminal: Terminal, report: StatusReport): string {
  const { bold, green, red } = paint(terminal);
  const { queues, workers, accounts, webhook, attention } = report;
  const now = Date.parse(report.at);
  const people =
    attention.length === 0 ? [green('  nothing')] : attention.map(({ text }) => red(`  ${text}`));
  return [
    bold('Queues'),
    formatQueues(report, now),
    bold('\nSchedulers'),
    ...orNone(
      queues.flatMap(({ schedulers }) =>
        schedulers.map(
          ({ name, rhythm, nextAt }) =>
            `  ${name}: ${rhythm}, next ${formatNext(nextAt === null ? null : Date.parse(nextAt), now)}`,
        ),
      ),
      'none: the first worker makes them',
    ),
    bold('\nWorkers'),
    ...orNone(
      workers.map(({ name, jobs }) => `  ${name}: ${jobs.join(', ')}`),
      'none',
    ),
    bold('\nAccounts'),
    accounts.length === 0 ? '  none: add one with pmnamecheap module add' : formatAccounts(accounts),
    ...(webhook === null ? [] : [bold('\nWebhook'), `  ${formatWebhook(webhook, now)}`]),
    bold('\nNeeds a person'),
    ...people,
  ].join('\n');
}

function orNone(lines: readonly string[], none: string): readonly string[] {
  return lines.length === 0 ? [`  ${none}`] : lines;
}

function formatQueues({ queues }: StatusReport, now: number): string {
  const rows = queues.map(({ name, counts, isPaused, oldestWaitingAt, workers }) => [
    isPaused ? `${name} (paused)` : name,
    ...[counts.waiting, counts.active, counts.delayed, counts.completed, counts.failed, workers.length].map(
      String,
    ),
    oldestWaitingAt === null ? '–' : formatSpan(now - oldestWaitingAt),
  ]);
  return formatTable(
    ['queue', 'waiting', 'active', 'delayed', 'completed', 'failed', 'workers', 'longest wait'],
    rows,
  );
}

function formatAccounts(accounts: readonly AccountState[]): string {
  const rows = accounts.map((account) => [
    account.username + (account.sandbox ? ' (sandbox)' : ''),
    account.modules.join(', '),
    account.pauses.length === 0 ? 'ready' : `paused: ${account.pauses.map(({ scope }) => scope).join(', ')}`,
    ...[account.unsettled, account.stock, account.foreign].map(String),
    ...account.quota.used.map((used, index) => `${used} of ${account.quota.limits[index] || '∞'}`),
  ]);
  return formatTable(
    ['account', 'modules', 'state', 'unsettled', 'stock', 'foreign', 'calls/min', 'calls/h', 'calls/day'],
    rows,
  );
}

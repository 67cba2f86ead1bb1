import type { Command } from 'commander';
import { requireModule } from '../modules/require-module.js';
import { accountId } from '../modules/settings.js';
import { withApp } from './session.js';
import { print, type Terminal } from './terminal.js';

/** `module pause`, `resume`: the brake of the account behind a module. */
export function addModulePauseCommands(group: Command, terminal: Terminal): void {
  group
    .command('pause')
    .argument('<name>')
    .description(
      'no job calls the Namecheap account of a module until it is resumed (a connection test still does)',
    )
    .option('--reason <text>', 'why, for whoever finds it paused', 'paused by hand')
    .addHelpText(
      'after',
      '\nExample:\n  pmnamecheap module pause default --reason "invoices are being checked"',
    )
    .action((name: string, options: { reason: string }) => pauseModule(terminal, name, options.reason));
  group
    .command('resume')
    .argument('<name>')
    .description(
      'end every pause of the account, also one that ran out of money or was refused, and accept what the audit found',
    )
    .addHelpText('after', '\nExample:\n  pmnamecheap module resume default')
    .action((name: string) => resumeModule(terminal, name));
}

async function pauseModule(terminal: Terminal, name: string, reason: string): Promise<void> {
  await withApp(terminal, async ({ store }) => {
    const module = await requireModule(store.modules, name);
    await store.accounts.pause(accountId(module), { scope: 'all', reason, until: null });
    print(
      terminal,
      `Module ${name} is paused: its account ${module.username} is called by no job until pmnamecheap module resume ${name}.`,
    );
  });
}

async function resumeModule(terminal: Terminal, name: string): Promise<void> {
  await withApp(terminal, async ({ store }) => {
    const module = await requireModule(store.modules, name);
    const accepted = await store.audits.accept(accountId(module));
    print(terminal, `Module ${name} is resumed: jobs that wait go on by themselves, within half a minute.`);
    if (accepted.length === 0) return;
    print(terminal, 'Accepted with it; it does not stop the account again:');
    for (const { text } of accepted) print(terminal, `  ${text}`);
  });
}

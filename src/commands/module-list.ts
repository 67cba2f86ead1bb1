import type { Command } from 'commander';
import { InputError } from '../errors.js';
import { countServices } from '../modules/add.js';
import { presentModule, type ModuleView } from '../modules/present.js';
import { requireModule } from '../modules/require-module.js';
import { accountId } from '../modules/settings.js';
import { CommandFailure } from './command-failure.js';
import { printTestResult, runConnectionTest } from './connection-test.js';
import { formatPairs } from './format.js';
import { withApp } from './session.js';
import { formatDay, formatTable, note, paint, print, printJson, type Terminal } from './terminal.js';

interface JsonOption {
  json?: boolean;
}

/** `module list`, `show`, `test`, `remove`. */
export function addModuleListCommands(group: Command, terminal: Terminal): void {
  group
    .command('list')
    .description('all modules')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap module list --json | jq -r .[].name')
    .action((options: JsonOption) => listModules(terminal, options.json === true));
  group
    .command('show')
    .argument('<name>')
    .description('settings and parameters of one module; never its key')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap module show default')
    .action((name: string, options: JsonOption) => showModule(terminal, name, options.json === true));
  group
    .command('test')
    .argument('<name>')
    .description('the connection test, run by a worker (waits up to 30 s for one); exit 1 when it fails')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap module test default')
    .action((name: string, options: JsonOption) => testModule(terminal, name, options.json === true));
  group
    .command('remove')
    .argument('<name>')
    .description('forget a module and its key; refused while services use it')
    .option('--force', 'remove it although services use it: nothing looks after their certificates any more')
    .addHelpText('after', '\nExample:\n  pmnamecheap module remove old-account')
    .action((name: string, options: { force?: boolean }) =>
      removeModule(terminal, name, options.force === true),
    );
}

async function listModules(terminal: Terminal, isJson: boolean): Promise<void> {
  await withApp(terminal, async ({ store }) => {
    const { modules, unreadable } = await store.modules.listReadable();
    for (const one of unreadable) note(terminal, `Left out: ${one}`);
    if (isJson) {
      printJson(terminal, modules.map(presentModule));
      return;
    }
    if (modules.length + unreadable.length === 0) {
      note(terminal, 'There is no module yet: add one with pmnamecheap module add');
      return;
    }
    const rows = await Promise.all(
      modules.map(async (module) => {
        const { name, username, clientIp, sandbox, updatedAt } = module;
        const pauses = await store.accounts.listPauses(accountId(module), Date.now());
        const state =
          pauses.length === 0 ? 'ready' : `paused (${pauses.map(({ scope }) => scope).join(', ')})`;
        return [
          name,
          username,
          clientIp,
          sandbox ? 'sandbox' : 'production',
          state,
          String(await store.modules.countUses(name)),
          formatDay(updatedAt),
        ];
      }),
    );
    print(
      terminal,
      formatTable(['module', 'Username', 'BILLmanager IP', 'account', 'state', 'services', 'changed'], rows),
    );
  });
}

async function showModule(terminal: Terminal, name: string, isJson: boolean): Promise<void> {
  await withApp(terminal, async ({ store }) => {
    const view = presentModule(await requireModule(store.modules, name));
    if (isJson) printJson(terminal, view);
    else print(terminal, formatModule(view));
  });
}

/** A module as aligned lines, under BILLmanager's labels. */
export function formatModule(view: ModuleView): string {
  const { limits, maxPurchasesPerHour, maxSpendPerDay, lowBalance, sharedBalance } = view.parameters;
  return formatPairs([
    ['module', view.name],
    ['Username', view.username],
    ['API user', view.apiUser],
    ['API key', view.apiKey],
    ['BILLmanager IP', view.clientIp],
    ['Sandbox', view.sandbox ? 'yes' : 'no'],
    ['endpoint', view.endpoint],
    ['API calls', `${limits.join(', ')} per minute, hour and day`],
    ['purchases per hour', maxPurchasesPerHour === null ? 'no limit' : `${maxPurchasesPerHour} at most`],
    ['spending per day', maxSpendPerDay === null ? 'no limit' : `${maxSpendPerDay} USD at most`],
    ['low balance', lowBalance === null ? 'no warning' : `warning below ${lowBalance} USD`],
    ['balance', sharedBalance ? 'shared with others, not audited' : 'audited against the ledger'],
    ['added', view.createdAt],
    ['changed', view.updatedAt],
  ]);
}

async function testModule(terminal: Terminal, name: string, isJson: boolean): Promise<void> {
  await withApp(terminal, async (app) => {
    await requireModule(app.store.modules, name);
    const outcome = await runConnectionTest(app, { module: name }, terminal.stop);
    if (outcome.kind === 'not-tested') {
      note(terminal, paint(terminal, 'stderr').red(outcome.reason));
      throw new CommandFailure();
    }
    if (isJson) printJson(terminal, outcome.result);
    else printTestResult(terminal, outcome.result);
    if (!outcome.result.ok) throw new CommandFailure();
  });
}

async function removeModule(terminal: Terminal, name: string, isForced: boolean): Promise<void> {
  await withApp(terminal, async ({ store }) => {
    await requireModule(store.modules, name);
    const uses = await store.modules.countUses(name);
    if (uses > 0 && !isForced) {
      const whose = uses === 1 ? 'its certificate' : 'their certificates';
      const remedy = `without it nothing can look after ${whose}. Remove it all the same with --force`;
      throw new InputError([`${countServices(uses)} ordered through "${name}": ${remedy}`], 'The module');
    }
    await store.modules.remove(name);
    print(terminal, `Module ${name} is removed.`);
  });
}

import { Option, type Command } from 'commander';
import type { App } from '../app.js';
import { addToFleet, createFleet, type Fleet } from '../certificates/rehearsal-fleet.js';
import { rehearseFleet, type RehearsalReport } from '../certificates/rehearsal-report.js';
import {
  computeCallsPerDay,
  type RehearsalRules,
  type RehearsedAccount,
} from '../certificates/rehearsal-rules.js';
import { requireModule } from '../modules/require-module.js';
import { accountId, moduleParametersSchema, type ModuleRecord } from '../modules/settings.js';
import { parseDays, parseWhole } from './arguments.js';

import { formatReport } from './rehearse-format.js';
import { withApp } from './session.js';
import { noteUnreadable, readRecords } from './stored-records.js';
import { print, printJson, type Terminal } from './terminal.js';

interface RehearseOptions extends Pick<RehearsalRules, 'days' | 'renew'> {
  leafDays?: number;
  module?: string;
  json?: boolean;
}

/** The longest life that certificates of today's rules had at their time; more would be a typing error. */
const MOST_LEAF_DAYS = 398;

/** `rehearse`: plays the stored fleet forward. Reads Redis, writes nothing, calls nobody. Exits 0 whatever it foresees: it is a forecast. */
export function addRehearseCommand(program: Command, terminal: Terminal): void {
  program
    .command('rehearse')
    .description(
      'play the stored certificates forward: reissues, calls against the quota, money, lapses, people needed, per month; writes nothing, calls nobody, and exits 0 whatever it foresees',
    )
    .option('--days <days>', 'how far, today included (1 to 3650)', parseDays, 400)
    .option('--module <name>', 'only the services of this module')
    .addOption(
      new Option('--renew <which>', 'which paid terms are renewed when they end')
        .choices(['none', 'all'])
        .default('none'),
    )
    .option(
      '--leaf-days <days>',
      `life of every new certificate (1 to ${MOST_LEAF_DAYS}); default: the longest allowed when it is issued`,
      parseLeafDays,
    )
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  pmnamecheap rehearse --days 400 --renew all\n  pmnamecheap rehearse --days 400 --leaf-days 99 --json | jq -r .verdict',
    )
    .action((options: RehearseOptions) => runRehearsal(terminal, options));
}

function parseLeafDays(text: string): number {
  return parseWhole(text, 1, MOST_LEAF_DAYS, `give a whole number of days from 1 to ${MOST_LEAF_DAYS}`);
}

async function runRehearsal(terminal: Terminal, options: RehearseOptions): Promise<void> {
  await withApp(terminal, async (app) => {
    const unreadable: string[] = [];
    const report = await rehearseStored(app, options, Date.now(), unreadable);
    if (options.json === true) printJson(terminal, report);
    else print(terminal, formatReport(terminal, report));
    noteUnreadable(terminal, unreadable);
  });
}

async function rehearseStored(
  { store, environment }: App,
  options: RehearseOptions,
  now: number,
  unreadable: string[],
): Promise<RehearsalReport> {
  const { days, renew, leafDays = null, module } = options;
  if (module !== undefined) await requireModule(store.modules, module);
  const fleet = createFleet();
  for await (const record of readRecords(store.certificates, (id) => unreadable.push(id))) {
    if (module === undefined || record.module === module) addToFleet(fleet, record, now);
  }
  const { reissueBeforeMs, reissueSpreadMs } = environment;
  const rules: RehearsalRules = { now, days, renew, leafDays, reissueBeforeMs, reissueSpreadMs };
  return rehearseFleet(fleet, listAccounts(await store.modules.list(), fleet), rules);
}

/** The accounts of all modules, each with the tightest of its limits; that of a removed module with the standard ones. */
function listAccounts(modules: readonly ModuleRecord[], { items }: Fleet): Map<string, RehearsedAccount> {
  const accounts = new Map<string, RehearsedAccount>();
  for (const module of modules) {
    const id = accountId(module);
    const known = accounts.get(id);
    const own = computeCallsPerDay(module.parameters.limits);
    const callsPerDay = known === undefined ? own : Math.min(known.callsPerDay ?? Infinity, own ?? Infinity);
    accounts.set(id, {
      name: known === undefined ? module.name : `${known.name}, ${module.name}`,
      callsPerDay: callsPerDay === Infinity ? null : callsPerDay,
    });
  }
  const standard = computeCallsPerDay(moduleParametersSchema.parse({}).limits);
  for (const { account } of items) {
    if (!accounts.has(account))
      accounts.set(account, { name: `${account} (no module)`, callsPerDay: standard });
  }
  return accounts;
}

import { Readable, Writable } from 'node:stream';
import { CommanderError, Option, type Command } from 'commander';
import { parseEnvironment } from '../../config/environment.js';
import type { App } from '../app.js';
import { InputError } from '../errors.js';
import { checkReplacement, sealModule, SECRET_KEY_REMEDY, storeModule } from '../modules/add.js';
import { presentModule } from '../modules/present.js';
import type { ModuleRecord } from '../modules/settings.js';
import { WizardCancelledError } from '../modules/wizard-questions.js';
import { runWizard } from '../modules/wizard.js';
import { CommandFailure } from './command-failure.js';
import type { TestResult } from '../modules/test-result.js';
import { printTestResult, runConnectionTest } from './connection-test.js';
import { readStdin } from './input.js';
import { listMissingFlags, nameFlags, readFlags, type ModuleFlags } from './module-flags.js';
import { withApp } from './session.js';
import { note, print, printJson, type Terminal } from './terminal.js';

interface AddOptions extends ModuleFlags {
  test: boolean;
  json?: boolean;
}

/** `module add [name]`: the four-step wizard, or everything from flags. */
export function addModuleAddCommand(group: Command, terminal: Terminal): void {
  group
    .command('add')
    .argument('[name]', 'what the module is called in orders', 'default')
    .description(
      'add a Namecheap account in four steps, or replace its settings; ends with the connection test, run by a worker',
    )
    .option('--username <name>', 'Username: the account')
    .option('--api-user <name>', 'API user, mostly the same as the Username')
    .option('--api-key-stdin', 'read the API key from stdin')
    .option(
      '--client-ip <ipv4>',
      'BILLmanager IP: the address that the workers call from, allow-listed at Namecheap',
    )
    .option('--sandbox', "an account of Namecheap's sandbox")
    .option('--endpoint <url>', "another URL than Namecheap's own: pmnamecheap sandbox, a proxy")
    .option(
      '--limits <m,h,d>',
      'API calls per minute, hour and day; 0 switches one off (default: 20,700,8000)',
    )
    .option('--max-purchases-per-hour <n>', 'a brake on purchases')
    .option('--max-spend-per-day <usd>', 'a brake on spending')
    .option('--low-balance <usd>', 'warn when the balance falls below')
    .option(
      '--shared-balance',
      'domains or people spend from the same balance, so the audit does not judge it',
    )
    .option('--no-test', 'store it without the connection test')
    .option('--json', 'one JSON document')
    .addOption(new Option('--api-key <key>').hideHelp())
    .addHelpText('after', EXAMPLE)
    .action((name: string, options: AddOptions) => addModule(terminal, name, options));
}

const EXAMPLE = `
With --username, --api-user, --api-key-stdin and --client-ip it asks nothing.

Example:
  pmnamecheap module add
  pmnamecheap module add --username acme --api-user acme --api-key-stdin --client-ip 192.0.2.10 < api.key`;

async function addModule(terminal: Terminal, name: string, options: AddOptions): Promise<void> {
  if (options.apiKey !== undefined) {
    const remedy =
      'an API key in the command line is seen by every user of this machine: give --api-key-stdin instead, and make a new key';
    throw new InputError([remedy], 'The command line');
  }
  const { secretKey } = parseEnvironment(terminal.env);
  const { given, faults } = readFlags(options);
  const missing = listMissingFlags(options);
  if (missing.length === 0) {
    const draft = { name, ...given, apiKey: await readStdin(terminal) };
    const module = nameFlags(() => sealModule(draft, secretKey, new Date().toISOString(), faults));
    await withApp(terminal, (app) => testAndStore(terminal, app, module, options));
    return;
  }
  if (terminal.stdin.isTTY !== true) throw new InputError([...missing, ...faults], 'The command line');
  if (faults.length > 0) throw new InputError(faults, 'The command line');
  // What would stop it at the end is told before the first question: a missing secret key, a Redis that is away.
  if (secretKey === null) throw new InputError([SECRET_KEY_REMEDY], 'The environment');
  await withApp(terminal, async (app) => {
    const answers = await askPerson(terminal, given);
    const module = sealModule({ name, ...answers }, secretKey, new Date().toISOString());
    await testAndStore(terminal, app, module, options);
  });
}

async function testAndStore(
  terminal: Terminal,
  app: App,
  module: ModuleRecord,
  options: AddOptions,
): Promise<void> {
  await checkReplacement(app.store, module);
  const test = options.test ? await testSettings(terminal, app, module) : null;
  if (test?.ok === false) {
    if (options.json === true) printJson(terminal, { stored: false, module: null, test });
    throw new CommandFailure();
  }
  const stored = await storeModule(app.store, module);
  if (options.json === true) {
    printJson(terminal, { stored: true, module: presentModule(stored), test });
    return;
  }
  if (test !== null) printTestResult(terminal, test);
  print(terminal, `Module ${stored.name} is stored; its API key is sealed.`);
}

/** A failed test's reasons are told here, on stderr; nothing is stored then. */
async function testSettings(terminal: Terminal, app: App, module: ModuleRecord): Promise<TestResult> {
  const { username, apiUser, sealedKey, clientIp, sandbox, endpoint } = module;
  note(terminal, 'Testing the connection from a worker …');
  const settings = { username, apiUser, sealedKey, clientIp, sandbox, endpoint };
  const outcome = await runConnectionTest(app, { settings }, terminal.stop);
  if (outcome.kind === 'not-tested') {
    note(terminal, `${outcome.reason}\nThe module was not stored; --no-test stores it untested.`);
    throw new CommandFailure();
  }
  if (!outcome.result.ok) {
    printTestResult(terminal, outcome.result);
    note(terminal, 'The module was not stored.');
  }
  return outcome.result;
}

async function askPerson(terminal: Terminal, given: Parameters<typeof runWizard>[1]) {
  const { stdin, stderr, stop } = terminal;
  if (!(stdin instanceof Readable) || !(stderr instanceof Writable))
    throw new Error('The terminal is no pair of streams');
  try {
    return await runWizard({ input: stdin, output: stderr, signal: stop }, given);
  } catch (error) {
    if (!(error instanceof WizardCancelledError)) throw error;
    note(terminal, 'Nothing was changed.');
    // Exit code 2 without a further word.
    throw new CommanderError(2, error.code, error.message);
  } finally {
    stdin.pause(); // Else the terminal would keep the process alive.
  }
}

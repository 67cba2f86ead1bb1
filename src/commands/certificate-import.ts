import type { Command } from 'commander';
import { importJob } from '../../jobs/import.js';
import { parseInput } from '../faults.js';
import { requireModule } from '../modules/require-module.js';
import { inspectQueues } from '../queue/inspect.js';
import { CommandFailure } from './command-failure.js';
import { addAndWait } from './enqueue-wait.js';
import { parseMapFile } from './import-file.js';
import { needsPerson, readImportResult } from './import-format.js';
import { readTextFile } from './input.js';
import { withApp } from './session.js';
import { note, type Terminal } from './terminal.js';

/** A large account takes hours under its quota, ms. */
const LONGEST_MS = 3 * 86_400_000;

/** A map of a job's most rows, with room for blanks. */
const MAX_MAP_BYTES = 10_000_000;

interface ImportOptions {
  module?: string;
  map?: string;
  json?: boolean;
}

/** `certificate import`. */
export function addCertificateImportCommand(group: Command, terminal: Terminal): void {
  group
    .command('import')
    .description(
      'compare a Namecheap account with what is known, and bring in what is not (nothing is charged)',
    )
    .option('--module <name>', 'the module whose account is read', 'default')
    .option('--map <file>', 'services to bring in: JSON lines, a JSON array or CSV; see below')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Without --map and with nothing known, each certificate of the account is kept under nc-<its first id> until it is mapped.
The columns of the map: serviceId, certificateId (any id of the certificate's reissues), paidTill (end of the paid term,
optional). The whole map is checked first. A worker reads the account; interrupted, the same command goes on.
Exit code 1: something is missing or needs a person.

Example:
  printf 'serviceId,certificateId,paidTill\\n1001,9000001,2029-11-22\\n' > customers.csv
  pmnamecheap certificate import --map customers.csv`,
    )
    .action((options: ImportOptions) => importCertificates(terminal, options));
}

/** `module reconcile`: the same without a map. */
export function addModuleReconcileCommand(group: Command, terminal: Terminal): void {
  group
    .command('reconcile')
    .argument('<name>')
    .description('compare the account of a module with what is known: foreign, missing, reissued by hand')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap module reconcile default')
    .action((module: string, options: { json?: boolean }) =>
      importCertificates(terminal, { ...options, module }),
    );
}

async function importCertificates(terminal: Terminal, options: ImportOptions): Promise<void> {
  const { module, map } = options;
  const rows =
    map === undefined ? {} : { map: parseMapFile(await readTextFile(map, '--map', MAX_MAP_BYTES)) };
  const payload = { module, ...rows };
  const parsed = parseInput(importJob.schema, payload, 'The import');
  await withApp(terminal, async (app) => {
    await requireModule(app.store.modules, parsed.module);
    const [queue] = await inspectQueues(app.queues, [importJob.name]);
    if (queue === undefined || queue.workers.length === 0)
      note(terminal, 'No worker takes imports right now: start one with pmnamecheap worker. Waiting for it.');
    const wait = { timeoutMs: LONGEST_MS, isJson: options.json === true };
    const result = readImportResult(await addAndWait(terminal, app, importJob, payload, wait));
    if (result !== null && needsPerson(result)) throw new CommandFailure();
  });
}

import type { Command } from 'commander';
import { InputError } from '../errors.js';
import { SECRET_KEY_REMEDY } from '../modules/add.js';
import { resealModules, type ResealReport } from '../modules/reseal.js';
import { CommandFailure } from './command-failure.js';
import { withApp } from './session.js';
import { note, print, printJson, type Terminal } from './terminal.js';

/** `module reseal`: the second step of changing the secret key. */
export function addModuleResealCommand(group: Command, terminal: Terminal): void {
  group
    .command('reseal')
    .description(
      "seal every module's API key with PMNAMECHEAP_SECRET_KEY; those of PMNAMECHEAP_PREVIOUS_SECRET_KEY are opened with it. Workers may run; exit 1 where a key does not open",
    )
    .option('--json', 'one JSON document')
    .addHelpText('after', EXAMPLE)
    .action((options: { json?: boolean }) => runReseal(terminal, options.json === true));
}

const EXAMPLE = `
To change the secret key: start every worker with the new PMNAMECHEAP_SECRET_KEY and the old one as
PMNAMECHEAP_PREVIOUS_SECRET_KEY, then run this with the same two. See docs/secrets.md.

Example:
  PMNAMECHEAP_PREVIOUS_SECRET_KEY=$OLD PMNAMECHEAP_SECRET_KEY=$NEW pmnamecheap module reseal`;

async function runReseal(terminal: Terminal, isJson: boolean): Promise<void> {
  await withApp(terminal, async ({ environment, store }) => {
    const { secretKey, previousSecretKey } = environment;
    if (secretKey === null) throw new InputError([SECRET_KEY_REMEDY], 'The environment');
    const previous = previousSecretKey === null ? [] : [previousSecretKey];
    const report = await resealModules(store.modules, [secretKey, ...previous]);
    if (isJson) printJson(terminal, report);
    else tell(terminal, report, previousSecretKey !== null);
    if (report.closed.length > 0) throw new CommandFailure();
  });
}

function tell(terminal: Terminal, { resealed, unchanged, closed }: ResealReport, hasPrevious: boolean): void {
  if (resealed.length > 0) print(terminal, `Sealed anew: ${resealed.join(', ')}`);
  if (unchanged.length > 0)
    print(terminal, `Sealed with the present secret key already: ${unchanged.join(', ')}`);
  if (closed.length > 0) {
    note(
      terminal,
      `Not opened by the secret keys given here, and left as it is: ${closed.join(', ')}. Give the key that sealed it as PMNAMECHEAP_PREVIOUS_SECRET_KEY and run this again, or run module add again`,
    );
  } else if (resealed.length + unchanged.length === 0) {
    print(terminal, 'There is no module yet: nothing to seal.');
  } else if (hasPrevious) {
    print(
      terminal,
      'No module needs PMNAMECHEAP_PREVIOUS_SECRET_KEY any more: remove it wherever it is set, and restart the workers.',
    );
  }
}

import type { Command } from 'commander';
import { orderPayloadSchema } from '../certificates/order-payload.js';
import { readCertificate } from '../certificates/view.js';
import { parseInput } from '../faults.js';
import { addArchiveCommands } from './certificate-archive.js';
import { addCertificateImportCommand } from './certificate-import.js';
import { listCertificates, type ListOptions } from './certificate-list.js';
import { formatView } from './certificate-format.js';
import { addResolveCommand } from './certificate-resolve.js';
import { CommandFailure } from './command-failure.js';
import { withApp } from './session.js';
import { note, print, printJson, type Terminal } from './terminal.js';

/** `certificate …`: what is known. */
export function addCertificateCommand(program: Command, terminal: Terminal): void {
  const group = program
    .command('certificate')
    .description('what is known of the certificates')
    .addHelpText(
      'after',
      '\nExample:\n  pmnamecheap certificate list --due\n  pmnamecheap certificate show 1001',
    );
  group
    .command('list')
    .description('all certificates, earliest End date first')
    .option('--due', 'only those that a scan would take now, in its order, with what is due of each')
    .option('--status <status>', 'only those with this status')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap certificate list --status parked')
    .action((options: ListOptions) => listCertificates(terminal, options));
  group
    .command('show')
    .argument('<serviceId>', "the billing system's id of the service")
    .description('one certificate: state, validation instructions, history, PEM')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      "\nExample:\n  pmnamecheap certificate show 1001 --json | jq -r '.certificate, .chain[]' > 1001.pem",
    )
    .action((serviceId: string, options: { json?: boolean }) =>
      showCertificate(terminal, serviceId, options.json === true),
    );
  addResolveCommand(group, terminal);
  addArchiveCommands(group, terminal);
  addCertificateImportCommand(group, terminal);
}

async function showCertificate(terminal: Terminal, serviceId: string, isJson: boolean): Promise<void> {
  parseInput(orderPayloadSchema.pick({ serviceId: true }), { serviceId }, 'The command line');
  await withApp(terminal, async (app) => {
    const view = await readCertificate(app.store.certificates, serviceId);
    if (view === null) {
      note(
        terminal,
        `There is no service "${serviceId}": nothing was ordered under this id; see pmnamecheap certificate list`,
      );
      throw new CommandFailure();
    }
    if (isJson) printJson(terminal, view);
    else print(terminal, formatView(view));
  });
}

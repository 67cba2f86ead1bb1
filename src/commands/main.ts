import { Command, CommanderError } from 'commander';
import { InputError, PmnamecheapError } from '../errors.js';
import { addCertificateCommand } from './certificate.js';
import { addDemoCommand } from './demo.js';
import { CommandFailure } from './command-failure.js';
import { addDoctorCommand } from './doctor.js';
import { addEnqueueCommand } from './enqueue.js';
import { addEventsCommand } from './events.js';
import { addModuleCommand } from './module.js';
import { addProductCommand } from './product.js';
import { addSandboxCommand } from './sandbox.js';
import { addRehearseCommand } from './rehearse.js';
import { addScanCommand } from './scan.js';
import { addStatusCommand } from './status.js';
import { addStockCommand } from './stock.js';
import { note, type Terminal } from './terminal.js';
import { describeUnforeseen } from './unforeseen.js';
import { addWorkerCommand } from './worker.js';

/** Runs one command line. @returns the exit code: 0 done, 1 it failed, 2 bad usage or bad input (nothing was changed). */
export async function runCommandLine(
  argv: readonly string[],
  version: string,
  terminal: Terminal,
): Promise<number> {
  const program = new Command('pmnamecheap')
    .description('Buys, activates and watches SSL certificates at Namecheap for a billing system.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError('(add --help for an example)');
  for (const add of COMMANDS) add(program, terminal);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    return explainFailure(error, terminal);
  }
}

const COMMANDS = [
  addDemoCommand,
  addWorkerCommand,
  addSandboxCommand,
  addModuleCommand,
  addProductCommand,
  addEnqueueCommand,
  addCertificateCommand,
  addStockCommand,
  addScanCommand,
  addEventsCommand,
  addRehearseCommand,
  addStatusCommand,
  addDoctorCommand,
];

function explainFailure(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CommandFailure) return 1;
  if (error instanceof InputError) {
    note(
      terminal,
      `error: ${error.faults.length === 1 ? (error.faults[0] ?? '') : 'the input is not valid:'}`,
    );
    if (error.faults.length > 1) for (const fault of error.faults) note(terminal, `  - ${fault}`);
    return 2;
  }
  if (error instanceof PmnamecheapError) {
    note(terminal, `error: ${error.code}: ${error.message}`);
    return 1;
  }
  note(terminal, describeUnforeseen(error));
  return 1;
}

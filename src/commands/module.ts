import type { Command } from 'commander';
import { addModuleReconcileCommand } from './certificate-import.js';
import { addModuleAuditCommand } from './module-audit.js';
import { addModuleAddCommand } from './module-add.js';
import { addModuleListCommands } from './module-list.js';
import { addModulePauseCommands } from './module-pause.js';
import { addModuleResealCommand } from './module-reseal.js';
import type { Terminal } from './terminal.js';

/** `module …`: the processing modules, each a Namecheap account under a name. */
export function addModuleCommand(program: Command, terminal: Terminal): void {
  const group = program
    .command('module')
    .description('processing modules: Namecheap accounts under a name')
    .addHelpText('after', '\nExample:\n  pmnamecheap module add\n  pmnamecheap module test default');
  addModuleAddCommand(group, terminal);
  addModuleListCommands(group, terminal);
  addModulePauseCommands(group, terminal);
  addModuleReconcileCommand(group, terminal);
  addModuleAuditCommand(group, terminal);
  addModuleResealCommand(group, terminal);
}

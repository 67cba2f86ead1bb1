import type { Command } from 'commander';
import { scan } from '../../jobs/scan.js';
import type { App } from '../app.js';
import { replanService } from '../certificates/replan.js';
import { describeError, InputError } from '../errors.js';
import { parseWhole } from './arguments.js';
import { CommandFailure } from './command-failure.js';
import { addAndWait } from './enqueue-wait.js';
import { withApp } from './session.js';
import { note, print, printJson, type Terminal } from './terminal.js';

interface ScanOptions {
  /** Seconds, or true for the default. */
  wait?: number | true;
  replan?: boolean;
  json?: boolean;
}

const DEFAULT_WAIT_S = 60;
const LONGEST_WAIT_S = 86_400;

/** `scan`: enqueues a scan now, or plans all reissues anew. */
export function addScanCommand(program: Command, terminal: Terminal): void {
  program
    .command('scan')
    .description('look now at what is due: reissues, ends, alarms (workers do it by PMNAMECHEAP_SCAN_CRON)')
    .option(
      '--wait [seconds]',
      `wait for the result and print it (${DEFAULT_WAIT_S} s unless said)`,
      parseSeconds,
    )
    .option(
      '--replan',
      'instead, plan the next reissue of every certificate by the present PMNAMECHEAP_REISSUE_BEFORE and PMNAMECHEAP_REISSUE_SPREAD; set them here as the workers have them',
    )
    .option('--json', 'one JSON document: the job, with --wait its return value')
    .addHelpText('after', '\nExample:\n  pmnamecheap scan --wait\n  pmnamecheap scan --replan')
    .action((options: ScanOptions) => runScan(terminal, options));
}

function parseSeconds(text: string): number {
  return parseWhole(text, 1, LONGEST_WAIT_S, `give whole seconds from 1 to ${LONGEST_WAIT_S}`);
}

async function runScan(
  terminal: Terminal,
  { wait, replan, json: isJson = false }: ScanOptions,
): Promise<void> {
  if (replan === true && wait !== undefined)
    throw new InputError(['--replan works at once and adds no job: leave --wait out'], 'The command line');
  await withApp(terminal, async (app) => {
    if (replan === true) {
      await replanAll(terminal, app, isJson);
    } else if (wait !== undefined) {
      const seconds = wait === true ? DEFAULT_WAIT_S : wait;
      await addAndWait(terminal, app, scan, {}, { timeoutMs: seconds * 1000, isJson });
    } else {
      const id = await app.enqueue('scan', {});
      if (isJson) printJson(terminal, { job: 'scan', id });
      else print(terminal, id);
    }
  });
}

/** Walks all services in the batches that Redis gives out. One that cannot be planned holds up nobody. */
async function replanAll(terminal: Terminal, { store, environment }: App, isJson: boolean): Promise<void> {
  const report = { looked: 0, replanned: 0, failed: 0 };
  // Redis may give out an id twice while the set grows.
  const seen = new Set<string>();
  for await (const ids of store.certificates.listServiceIds()) {
    for (const serviceId of ids.filter((id) => !seen.has(id))) {
      if (terminal.stop.aborted) throw new CommandFailure();
      seen.add(serviceId);
      report.looked += 1;
      try {
        if (await replanService(store.certificates, serviceId, environment)) report.replanned += 1;
      } catch (error) {
        report.failed += 1;
        note(terminal, `${serviceId} is not planned anew: ${describeError(error)}`);
      }
    }
  }
  if (isJson) printJson(terminal, report);
  else print(terminal, `${report.replanned} of ${report.looked} certificates have another next reissue now.`);
  if (report.failed > 0) throw new CommandFailure();
}

import type { Command } from 'commander';
import { jobs } from '../../jobs/index.js';
import { resolvePayloadSchema, type Decision } from '../certificates/decision.js';
import { InputError } from '../errors.js';
import { parseInput } from '../faults.js';
import { parseCertificateId } from './arguments.js';
import { addAndWait } from './enqueue-wait.js';
import { withApp } from './session.js';
import type { Terminal } from './terminal.js';

interface Options {
  adopt?: number;
  notMade?: boolean;
  release?: boolean;
  retry?: boolean;
  json?: boolean;
}

const WAIT_MS = 30_000;

/** `certificate resolve`: a person's decision on a parked one. */
export function addResolveCommand(group: Command, terminal: Terminal): void {
  group
    .command('resolve')
    .argument('<serviceId>', "the billing system's id of the service")
    .description('decide on what is parked; a worker carries it out (waits up to 30 s for one)')
    .option(
      '--adopt <id>',
      'this certificate is what the purchase bought; checked at Namecheap first',
      parseCertificateId,
    )
    .option('--not-made', 'nothing was bought: it is tried again')
    .option(
      '--release',
      'give it up: an unused certificate goes to stock, a renewal or reissue is dropped, what is in force goes on',
    )
    .option('--retry', 'the cause is mended: go on from where it stood')
    .option('--json', 'one JSON document: what the job returns')
    .addHelpText(
      'after',
      '\nGive exactly one decision; certificate show tells what to compare before it.' +
        '\n\nExample:\n  pmnamecheap certificate resolve 1001 --adopt 9000123',
    )
    .action((serviceId: string, options: Options) => resolveCertificate(terminal, serviceId, options));
}

async function resolveCertificate(terminal: Terminal, serviceId: string, options: Options): Promise<void> {
  const payload = { serviceId, decision: readDecision(options) };
  parseInput(resolvePayloadSchema, payload, 'The command line');
  const definition = jobs.get('resolve');
  if (definition === undefined) throw new Error('there is no job resolve');
  await withApp(terminal, (app) =>
    addAndWait(terminal, app, definition, payload, { timeoutMs: WAIT_MS, isJson: options.json === true }),
  );
}

function readDecision({ adopt, notMade, release, retry }: Options): Decision {
  const given: Decision[] = [
    ...(adopt === undefined ? [] : [{ adopt }]),
    ...(notMade === true ? ['not-made' as const] : []),
    ...(release === true ? ['release' as const] : []),
    ...(retry === true ? ['retry' as const] : []),
  ];
  const [decision, ...others] = given;
  if (decision !== undefined && others.length === 0) return decision;
  throw new InputError(
    [
      'give exactly one of --adopt ID, --not-made, --release, --retry; certificate show tells what to compare',
    ],
    'The command line',
  );
}

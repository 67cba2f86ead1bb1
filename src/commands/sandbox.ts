import type { Command } from 'commander';
import { parseDuration } from '../../config/duration.js';
import { startSandbox, type SandboxOptions } from '../sandbox/server.js';
import { parseLimits, parsePort, parseDays, parseAmount } from './arguments.js';
import { print, note, type Terminal } from './terminal.js';
import { untilStopped } from './worker.js';

interface Options {
  port: number;
  leafDays: number;
  firstLeaf?: number;
  validationDelay?: number;
  balance: string;
  limits?: [number, number, number];
  user?: string;
  apiKey?: string;
  clientIp?: string;
}

/** `sandbox`: a Namecheap to try against. */
export function addSandboxCommand(program: Command, terminal: Terminal): void {
  program
    .command('sandbox')
    .description(
      'run a Namecheap to try against: real answers, real certificates of a throw-away CA, no real money',
    )
    .option('--port <port>', 'port on 127.0.0.1; 0 for any free one', parsePort, 4000)
    .option('--leaf-days <days>', 'life of a certificate', parseDays, 198)
    .option('--first-leaf <days>', 'life of the next certificate only', parseDays)
    .option('--validation-delay <duration>', 'from activation to issuance (default: 2s)', parseDuration)
    .option('--balance <amount>', 'money in the account, USD', parseAmount, '1000')
    .option(
      '--limits <m,h,d>',
      'calls per minute, hour and day; 0 switches one off (default: 20,700,8000)',
      parseLimits,
    )
    .option('--user <name>', 'account name (Username and API user)')
    .option('--api-key <key>', 'API key')
    .option('--client-ip <address>', 'the allow-listed address')
    .addHelpText('after', EXAMPLE)
    .action(async (options: Options) => runSandbox(terminal, options));
}

const EXAMPLE = `
Faults, clock and ledger are at /_fault, /_clock, /_validation, /_status, /_balance, /_first-leaf, /_purchase
and /_ledger.

Example:
  pmnamecheap sandbox --port 4000 --balance 250 &
  curl -d '{"command":"ssl.create","fault":"drop-after","count":1}' http://127.0.0.1:4000/_fault
  curl http://127.0.0.1:4000/_ledger`;

/** Ids grow from start to start, and stay within the nine digits that some commands allow. */
const EPOCH_S = 1_700_000_000;

async function runSandbox(
  terminal: Terminal,
  { firstLeaf, validationDelay, ...rest }: Options,
): Promise<void> {
  const options: SandboxOptions = {
    ...rest,
    idOffset: Math.floor(Date.now() / 1000) - EPOCH_S,
    ...(validationDelay === undefined ? {} : { validationDelayMs: validationDelay }),
    ...(firstLeaf === undefined ? {} : { firstLeafDays: firstLeaf }),
  };
  await using sandbox = await startSandbox(options);
  const { user, apiKey, clientIp } = sandbox.account;
  print(terminal, `sandbox listens at ${sandbox.url}`);
  note(terminal, `Add it as a module (its key ${apiKey} is no secret):`);
  note(
    terminal,
    `  printf %s ${apiKey} | npx pmnamecheap module add --username ${user} --api-user ${user} --api-key-stdin --client-ip ${clientIp} --sandbox --endpoint ${sandbox.url}`,
  );
  await untilStopped(terminal.stop);
}

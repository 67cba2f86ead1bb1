import { Option, type Command } from 'commander';
import { parseDuration } from '../../config/duration.js';
import { LIMIT_ANSWERS, type LimitAnswer } from '../sandbox/gateway.js';
import { REPLACEMENT_MOMENTS, type ReplacementMoment } from '../sandbox/lifecycle.js';
import { startSandbox, type SandboxOptions } from '../sandbox/server.js';
import { EXPIRY_READINGS, type ExpiryReading } from '../sandbox/term.js';
import { TYPE_SPELLINGS, type TypeSpelling } from '../sandbox/type-names.js';
import {
  parseAmount,
  parseDays,
  parseLeafDays,
  parseLimits,
  parseMoment,
  parsePort,
  parseSeed,
} from './arguments.js';
import { print, note, type Terminal } from './terminal.js';
import { untilStopped } from './worker.js';

interface Options {
  port: number;
  leafDays: number | 'auto';
  firstLeaf?: number;
  validationDelay?: number;
  balance: string;
  limits?: [number, number, number];
  limitAnswer: LimitAnswer;
  replacedWhen: ReplacementMoment;
  expires: ExpiryReading;
  typeNames: TypeSpelling;
  faultSeed?: number;
  now?: number;
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
    .option(
      '--leaf-days <days>',
      'life of a certificate; auto: 198, 99 or 46, by its date',
      parseLeafDays,
      198,
    )
    .option('--first-leaf <days>', 'life of the next certificate only', parseDays)
    .option('--validation-delay <duration>', 'from activation to issuance (default: 2s)', parseDuration)
    .option('--balance <amount>', 'money in the account, USD', parseAmount, '1000')
    .option(
      '--limits <m,h,d>',
      'calls per minute, hour and day; 0 switches one off (default: 20,700,8000)',
      parseLimits,
    )
    .addOption(choose('--limit-answer <answer>', 'how calls beyond them are answered', LIMIT_ANSWERS))
    .addOption(choose('--replaced-when <moment>', 'when a reissued one is replaced', REPLACEMENT_MOMENTS))
    .addOption(choose('--expires <end>', 'what Expires and the renewal window go by', EXPIRY_READINGS))
    .addOption(choose('--type-names <spelling>', 'Standard SSL, or Standard SSL SSLcom', TYPE_SPELLINGS))
    .option('--fault-seed <number>', 'makes chance strike the same calls again', parseSeed)
    .option('--now <date>', 'where its clock starts (default: today)', parseMoment)
    .option('--user <name>', 'account name (Username and API user)')
    .option('--api-key <key>', 'API key')
    .option('--client-ip <address>', 'the allow-listed address')
    .addHelpText('after', EXAMPLE)
    .action(async (options: Options) => runSandbox(terminal, options));
}

/** An option with a closed set of values, the first of which is the default. */
function choose(flags: string, description: string, values: readonly [string, ...string[]]): Option {
  return new Option(flags, description).choices(values).default(values[0]);
}

const EXAMPLE = `
Beside /xml.response (docs/sandbox.md has every field; bodies are JSON, sent by POST):
  /_fault        {"command":"ssl.create","fault":"drop-after"}, and "count", "skip", "probability", "seed", "delayMs";
                 faults: drop-before drop-after hang http-500 http-500-after html html-after throttle
                 throttle-500000 error truncated slow other-command bare-envelope order-error-after-charge
                 purchaseerror; GET lists the rules, DELETE ends them
  /_clock        {"advance":"30d"}
  /_validation   {"mode":"never"}, now, auto or retry, and "certificateId"
  /_first-leaf   {"days":3}, the next certificate only
  /_status       {"certificateId":9000001,"status":"purchaseerror"}
  /_balance      {"balance":"250"}
  /_purchase, /_activate, /_reissue, /_renew
                 by hand, as in the web interface: {"type":"Standard SSL","years":1}, {"certificateId":9000001,"csr":"…"},
                 {"certificateId":9000001}, {"certificateId":9000001,"years":1}
  GET /_ledger   every charge, certificate and call

Example:
  pmnamecheap sandbox --port 4000 --balance 250 &
  curl -d '{"command":"ssl.create","fault":"drop-after","count":1}' http://127.0.0.1:4000/_fault
  curl http://127.0.0.1:4000/_ledger`;

/** Ids grow from start to start, and stay within the nine digits that some commands allow. */
const EPOCH_S = 1_700_000_000;

async function runSandbox(
  terminal: Terminal,
  { firstLeaf, validationDelay, now, ...rest }: Options,
): Promise<void> {
  const startedAt = Date.now();
  const options: SandboxOptions = {
    ...rest,
    idOffset: Math.floor(startedAt / 1000) - EPOCH_S,
    ...(now === undefined ? {} : { now: () => Date.now() - startedAt + now }),
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

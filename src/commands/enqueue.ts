import type { Command } from 'commander';
import { jobs } from '../../jobs/index.js';
import { parseJobPayload } from '../app.js';
import { InputError } from '../errors.js';
import type { JobDefinition } from '../job.js';
import { parseWhole } from './arguments.js';
import { CommandFailure } from './command-failure.js';
import { checkPayload, listDryChecks } from './enqueue-checks.js';
import { composeHelp } from './enqueue-help.js';
import { addFields, parsePayload, type Payload } from './enqueue-payload.js';
import { addAndWait } from './enqueue-wait.js';
import { readWords, type EnqueueWords } from './enqueue-words.js';
import { readStdin, readTextFile } from './input.js';
import { withApp } from './session.js';
import { formatTable, note, paint, print, printJson, type Terminal } from './terminal.js';

interface Options {
  /** Seconds, or true for the default. */
  wait?: number | true;
  json?: boolean;
  dryRun?: boolean;
}

const DEFAULT_WAIT_S = 60;
const LONGEST_WAIT_S = 86_400;

/** `enqueue <job>`: validates a payload and adds the job. */
export function addEnqueueCommand(program: Command, terminal: Terminal): void {
  program
    .command('enqueue')
    .usage('<job> [FILE|-] [--field value …] [options]')
    .description('add a job: its payload is JSON from FILE or stdin (-), and --field value pairs over it')
    .argument('[words...]', 'the job, a FILE or -, and --field value pairs')
    .option(
      '--wait [seconds]',
      `wait for the result and print it (${DEFAULT_WAIT_S} s unless said)`,
      parseSeconds,
    )
    .option('--json', 'one JSON document: the job, or with --wait exactly its return value')
    .option('--dry-run', 'print the checks, and for an order its price; adds no such job')
    .allowUnknownOption()
    .addHelpText('after', ({ command }) => composeHelp(command.args))
    .action((words: string[], options: Options) => enqueue(terminal, words, options));
}

function parseSeconds(text: string): number {
  return parseWhole(
    text,
    1,
    LONGEST_WAIT_S,
    `give whole seconds from 1 to ${LONGEST_WAIT_S}, or put --wait last`,
  );
}

async function enqueue(terminal: Terminal, words: readonly string[], options: Options): Promise<void> {
  const input = readWords(words);
  const definition = findJob(input.job);
  const payload = await composePayload(terminal, definition, input);
  // Everything that needs no Redis is checked first: bad input is told as such, whatever else is down.
  const parsed = parseJobPayload(definition, payload);
  const order = checkPayload(definition, parsed);
  await withApp(terminal, async (app) => {
    if (options.dryRun === true) {
      const tell = (text: string) => note(terminal, text);
      const checks = await listDryChecks(app, definition.name, parsed, order, { stop: terminal.stop, tell });
      printDryRun(terminal, definition.name, checks, options.json === true);
    } else if (options.wait !== undefined) {
      const seconds = options.wait === true ? DEFAULT_WAIT_S : options.wait;
      await addAndWait(terminal, app, definition, payload, {
        timeoutMs: seconds * 1000,
        isJson: options.json === true,
      });
    } else {
      const id = await app.enqueue(definition.name, payload);
      if (options.json === true) printJson(terminal, { job: definition.name, id });
      else print(terminal, id);
    }
  });
}

function findJob(name: string | null): JobDefinition {
  const definition = name === null ? undefined : jobs.get(name);
  if (definition !== undefined) return definition;
  const known = [...jobs.keys()].join(', ');
  const fault = name === null ? `say which job: ${known}` : `"${name}" is not a job; known are ${known}`;
  throw new InputError([fault], 'The command line');
}

async function composePayload(
  terminal: Terminal,
  definition: JobDefinition,
  { file, fields }: EnqueueWords,
): Promise<Payload> {
  const base = await readBase(terminal, file);
  return await addFields(definition, base, fields, readTextFile);
}

async function readBase(terminal: Terminal, file: string | null): Promise<Payload> {
  if (file === null) return {};
  if (file === '-') return parsePayload(await readStdin(terminal), 'stdin');
  return parsePayload(await readTextFile(file, 'FILE'), file);
}

function printDryRun(
  terminal: Terminal,
  job: string,
  checks: Awaited<ReturnType<typeof listDryChecks>>,
  isJson: boolean,
): void {
  const isOk = checks.every(({ ok }) => ok);
  const { green, red } = paint(terminal);
  if (isJson) printJson(terminal, { job, ok: isOk, checks });
  else {
    print(
      terminal,
      formatTable(
        ['', 'check', 'found'],
        checks.map(({ check, ok, detail }) => [ok ? green('ok') : red('fail'), check, detail]),
      ),
    );
    print(terminal, `Dry run: no ${job} job was added.`);
  }
  if (!isOk) throw new CommandFailure();
}

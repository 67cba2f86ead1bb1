import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { parseEnvironment, type Environment } from '../../config/environment.js';
import { jobs } from '../../jobs/index.js';
import type { App } from '../app.js';
import { inspectQueues } from '../queue/inspect.js';
import { RedisUnavailableError } from '../store/connection.js';
import { CommandFailure } from './command-failure.js';
import {
  checkClock,
  checkModules,
  checkQueues,
  checkSchedulers,
  checkSecretKey,
  checkWorkers,
  type Finding,
} from './doctor-checks.js';
import { checkConnections } from './doctor-connections.js';
import { checkRedis } from './doctor-redis.js';
import { withApp } from './session.js';
import { formatTable, paint, print, printJson, type Terminal } from './terminal.js';
import { checkWebhook, readWebhook } from './webhook-state.js';

/** `doctor`: named checks, each with what to do. */
export function addDoctorCommand(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description(
      'check Redis, keys, modules, balance, quota, queues and clock; exit 1 where something is wrong',
    )
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  pmnamecheap doctor || echo "see above"')
    .action((options: { json?: boolean }) => runDoctor(terminal, options.json === true));
}

async function runDoctor(terminal: Terminal, isJson: boolean): Promise<void> {
  const findings = await examine(terminal);
  const isOk = findings.every(({ state }) => state !== 'fail');
  if (isJson) printJson(terminal, { ok: isOk, checks: findings });
  else print(terminal, formatFindings(terminal, findings));
  if (!isOk) throw new CommandFailure();
}

async function examine(terminal: Terminal): Promise<Finding[]> {
  const environment = parseEnvironment(terminal.env);
  const logFile = await checkLogFile(environment.logFile);
  try {
    return [...(await withApp(terminal, (app) => examineApp(app, terminal.stop))), logFile];
  } catch (error) {
    if (!(error instanceof RedisUnavailableError)) throw error;
    const detail = 'not checked: Redis does not answer';
    return [
      { check: 'redis', state: 'fail', detail: error.message },
      checkSecretKey(listSecretKeys(environment), []),
      ...NEED_REDIS.map((check): Finding => ({ check, state: 'warn', detail })),
      logFile,
    ];
  }
}

const NEED_REDIS = [
  'redis-version',
  'redis-durability',
  'redis-replicas',
  'modules',
  'workers',
  'queues',
  'schedulers',
  'clock',
];

async function examineApp(app: App, stop: AbortSignal): Promise<Finding[]> {
  const [{ modules, unreadable }, queues] = await Promise.all([
    app.store.modules.listReadable(),
    inspectQueues(app.queues, [...jobs.keys()]),
  ]);
  const now = Date.now();
  return [
    ...(await checkRedis(app)),
    checkSecretKey(listSecretKeys(app.environment), modules),
    checkModules(modules, unreadable),
    checkWorkers(queues),
    ...(await checkConnections(app, modules, queues, stop)),
    checkQueues(queues, now),
    ...checkSchedulers(queues, now, app.environment),
    ...checkWebhook(await readWebhook(app), now),
    await checkClock(app, Date.now),
  ];
}

function listSecretKeys({ secretKey, previousSecretKey }: Environment): string[] {
  // Without the present one no worker starts, whatever the previous one opens.
  if (secretKey === null) return [];
  return previousSecretKey === null ? [secretKey] : [secretKey, previousSecretKey];
}

/** Whether a worker that this user starts here could write its log; missing folders are made by it. */
async function checkLogFile(file: string): Promise<Finding> {
  const check = 'log-file';
  const target = path.resolve(file);
  for (let place = target; ; place = path.dirname(place)) {
    const fault = await tryWriting(place);
    if (fault === null) return { check, state: 'ok', detail: file };
    if (fault === 'ENOENT' && place !== path.dirname(place)) continue;
    return {
      check,
      state: 'fail',
      detail: `${place} cannot be written (${fault}): give this user the right, or set PMNAMECHEAP_LOG_FILE`,
    };
  }
}

async function tryWriting(place: string): Promise<string | null> {
  try {
    await access(place, constants.W_OK);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

const MARK = { ok: 'ok', warn: 'warn', fail: 'FAIL' } as const;

function formatFindings(terminal: Terminal, findings: readonly Finding[]): string {
  const colors = paint(terminal);
  const color = { ok: colors.green, warn: colors.yellow, fail: colors.red };
  const rows = findings.map(({ check, state, detail }) => [color[state](MARK[state]), check, detail]);
  return formatTable(['', 'check', 'found'], rows);
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { parseEnvironment, type Environment } from '../../config/environment.js';
import { App } from '../app.js';
import { startWorker } from '../run-worker.js';
import { startEmbeddedRedis, type EmbeddedRedis } from '../embedded/redis.js';
import { describeError, FailError } from '../errors.js';
import { createLogger } from '../log/create-logger.js';
import { startSandbox, type Sandbox } from '../sandbox/server.js';
import { CommandFailure } from './command-failure.js';
import { playDemo } from './demo-play.js';
import { note, paint, print, type Terminal } from './terminal.js';
import { untilStopped } from './worker.js';

/** A life that covers a one-year order: real certificates live 198 days now, ours shows both kinds of term. */
const LEAF_DAYS = 398;

/** `demo`: the main job on embedded defaults. */
export function addDemoCommand(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description(
      'the main job on embedded defaults: a private Redis, a sandbox Namecheap, a worker, two orders, a reissue',
    )
    .option('--exit', 'stop everything and exit 0 as soon as all of it has succeeded')
    .addHelpText('after', '\nExample:\n  pmnamecheap demo --exit')
    .action(async (options: { exit?: boolean }) => runDemo(terminal, options.exit === true));
}

async function runDemo(terminal: Terminal, isBrief: boolean): Promise<void> {
  const folder = await makeFolder();
  try {
    await using redis = await startEmbeddedRedis({
      dir: path.join(folder, 'redis'),
      path: terminal.env['PATH'] ?? '',
    });
    await using sandbox = await startSandbox({ port: 0, leafDays: LEAF_DAYS, validationDelayMs: 2000 });
    introduce(terminal, redis, sandbox);
    await runWorkers(terminal, composeEnvironment(redis), sandbox, isBrief);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  note(terminal, 'demo: everything is stopped');
}

async function makeFolder(): Promise<string> {
  try {
    return await mkdtemp(path.join(tmpdir(), 'pmnamecheap-demo-'));
  } catch (error) {
    const remedy = `The demo keeps its data in ${tmpdir()}, which cannot be written (${describeError(error)}): set TMPDIR to a folder that can`;
    throw new FailError(remedy, 'ERR_DEMO_FOLDER', error);
  }
}

function introduce(terminal: Terminal, redis: EmbeddedRedis, sandbox: Sandbox): void {
  const { yellow } = paint(terminal);
  print(terminal, `Redis     ${redis.kind}, private, on loopback (pid ${redis.pid})`);
  if (!redis.isDurable) {
    print(
      terminal,
      yellow(
        '          No redis-server or valkey-server on PATH: this one keeps snapshots only. Good for a look;',
      ),
    );
    print(terminal, yellow('          purchases at Namecheap itself are refused on it.'));
  }
  print(terminal, `Sandbox   ${sandbox.url} (its ledger: http://127.0.0.1:${sandbox.port}/_ledger)`);
}

/** Never the user's REDIS_URL: nothing of the demo may land in a real system. */
function composeEnvironment(redis: EmbeddedRedis): Environment {
  return parseEnvironment({
    REDIS_URL: redis.url,
    PMNAMECHEAP_SECRET_KEY: randomBytes(32).toString('base64'),
    PMNAMECHEAP_LOG_FILE: path.join('var', 'pmnamecheap.log'),
    PMNAMECHEAP_DEBUG_CONF: path.join('config', 'debug.conf'),
    PMNAMECHEAP_COLLECT_EVERY: '1s',
    PMNAMECHEAP_SCAN_CRON: '*/2 * * * * *',
    // Longer than the life of the subscription's first certificate: it is due at once.
    PMNAMECHEAP_REISSUE_BEFORE: '30d',
    PMNAMECHEAP_REISSUE_SPREAD: '0s',
    PMNAMECHEAP_SHUTDOWN_GRACE: '5s',
  });
}

async function runWorkers(
  terminal: Terminal,
  environment: Environment,
  sandbox: Sandbox,
  isBrief: boolean,
): Promise<void> {
  const logger = createLogger({
    file: environment.logFile,
    debugConf: environment.debugConf,
  });
  try {
    await using app = await App.open(environment, logger);
    const worker = await startWorker(app);
    try {
      print(terminal, `Worker    ${worker.definitions.map(({ name }) => name).join(', ')}`);
      print(terminal, `Log       ${environment.logFile}`);
      const isDone = await playDemo(terminal, app, sandbox);
      if (isDone && !isBrief) await stayUp(terminal);
      if (!isDone && (isBrief || !terminal.stop.aborted)) throw new CommandFailure();
    } finally {
      await worker.close();
    }
  } finally {
    await logger.close();
  }
}

async function stayUp(terminal: Terminal): Promise<void> {
  if (terminal.stop.aborted) return;
  note(
    terminal,
    'The demo stays up: look at the ledger of the sandbox and the log. Ctrl-C stops everything.',
  );
  await untilStopped(terminal.stop);
}

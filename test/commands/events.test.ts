import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { runCommandLine } from '../../src/commands/main.js';
import { System } from '../helpers/system.js';
import { run, Screen } from './command-line.js';

const HOUR_MS = 3_600_000;
const webhook = {
  PMNAMECHEAP_WEBHOOK_URL: 'http://127.0.0.1:9/hook?token=letmein99',
  PMNAMECHEAP_WEBHOOK_SECRET: 'sixteen-letters!',
};

async function announce(system: System, module: string): Promise<void> {
  const event = { type: 'module.low-balance', serviceId: null, module, data: {} } as const;
  await system.app.store.events.announce(event, Date.now());
}

/** Two events in the outbox, the first of them given up. @returns its event id. */
async function giveUpFirst(system: System): Promise<string> {
  const { webhooks } = system.app.store;
  await webhooks.enable();
  await announce(system, 'first');
  await announce(system, 'second');
  await webhooks.fill(0);
  const [head] = (await webhooks.listDue(Date.now(), 1)).heads;
  if (head === undefined) throw new Error('nothing is due');
  const reason = 'the receiver answered HTTP 400';
  const failures = { position: head.event.position, count: 9, firstAt: 0, refusedSince: 0, reason };
  await webhooks.giveUp(head.event, failures, Date.now());
  return head.event.id;
}

interface Line {
  position: string;
  module: string;
}

function parseLines(text: string): Line[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

it('prints one JSON per line, and goes on after a position', async () => {
  await using system = await System.start({ worker: false });
  for (const name of ['a', 'b', 'c']) await announce(system, name);
  const lines = parseLines((await run(['events'], { env: system.environment })).stdout);
  expect(lines.map(({ module }) => module)).toEqual(['a', 'b', 'c']);
  const after = await run(['events', '--after', lines[1]?.position ?? ''], { env: system.environment });
  expect(parseLines(after.stdout)).toMatchObject([{ module: 'c', type: 'module.low-balance' }]);
});

it('follows over a lost connection, and repeats and skips nothing', async () => {
  await using system = await System.start({ worker: false });
  await announce(system, 'stored');
  const stop = new AbortController();
  const [stdout, stderr] = [new Screen(), new Screen()];
  const terminal = { stdin: new PassThrough(), stdout, stderr, env: system.environment, stop: stop.signal };
  const end = runCommandLine(['events', '--follow'], '0.0.0', terminal);
  await stdout.until('"stored"');
  await announce(system, 'live');
  await stdout.until('"live"');
  await system.app.store.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  await announce(system, 'later');
  await stdout.until('"later"');
  stop.abort();
  expect(await end).toBe(0);
  expect(parseLines(stdout.text).map(({ module }) => module)).toEqual(['stored', 'live', 'later']);
  expect(stderr.text).toBe('');
});

it.each([
  [['--after', 'yesterday'], /give the "position" of an event/],
  [['--dead', '--follow'], /three different things/],
  [['--replay', 'all', '--after', '0'], /three different things/],
  [['--replay', 'no-such-id'], /no dead letter with the event id no-such-id/],
])('refuses %j', async (options, fault) => {
  await using system = await System.start({ worker: false });
  const { code, stderr } = await run(['events', ...options], { env: system.environment });
  expect(code).toBe(2);
  expect(stderr).toMatch(fault);
});

it('lists dead letters and puts them back', async () => {
  await using system = await System.start({ worker: false, environment: webhook });
  const env = system.environment;
  expect((await run(['events', '--dead'], { env })).stderr).toContain('No dead letters.');
  const id = await giveUpFirst(system);
  const { stdout } = await run(['events', '--dead'], { env });
  for (const part of [id, 'module.low-balance', 'HTTP 400', '9']) expect(stdout).toContain(part);
  const listed: unknown = JSON.parse((await run(['events', '--dead', '--json'], { env })).stdout);
  expect(listed).toMatchObject([{ id, attempts: 9, event: { id, module: 'first' } }]);

  expect((await run(['events', '--replay', 'all', '--json'], { env })).stdout).toContain(id);
  const [head] = (await system.app.store.webhooks.listDue(Date.now(), 1)).heads;
  expect(head?.event.id).toBe(id);
  expect((await run(['events', '--replay', id], { env })).code).toBe(2);
});

it('status and doctor tell how the webhook stands and what to do, without the rest of its URL', async () => {
  await using system = await System.start({ worker: false, environment: webhook });
  const { redis, keys } = system.app.store;
  const env = system.environment;
  expect((await run(['status'], { env })).stdout).toMatch(
    /Webhook\n {2}http:\/\/127\.0\.0\.1:9: 0 events wait; none/,
  );
  await giveUpFirst(system);
  const [position = ''] = await redis.zrange(keys.webhook('waiting'), '0', '0');
  await redis.zadd(keys.webhook('waiting'), Date.now() - HOUR_MS, position);

  const status = JSON.parse((await run(['status', '--json'], { env })).stdout) as {
    webhook: unknown;
    attention: { kind: string; text: string }[];
  };
  expect(status.webhook).toMatchObject({ origin: 'http://127.0.0.1:9', waiting: 1, dead: 1 });
  const texts = status.attention.filter(({ kind }) => kind === 'webhook').map(({ text }) => text);
  expect(texts).toEqual([
    expect.stringMatching(/1 events wait, the oldest for 60 min .*HTTP 400.* repair the receiver/),
    expect.stringMatching(/1 events were given up.* events --replay all/),
  ]);
  const doctor = await run(['doctor', '--json'], { env });
  const { checks } = JSON.parse(doctor.stdout) as { checks: { check: string; state: string }[] };
  expect(checks.find(({ check }) => check === 'webhook')).toMatchObject({ state: 'fail' });
  expect(JSON.stringify(status) + doctor.stdout).not.toMatch(/letmein99|sixteen-letters/);
});

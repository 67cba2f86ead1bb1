import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { checkClock, checkQueues, checkSchedulers } from '../../src/commands/doctor-checks.js';
import type { QueueState } from '../../src/queue/inspect.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

interface Diagnosis {
  ok: boolean;
  checks: { check: string; state: string; detail: string }[];
}

async function diagnose(env: Readonly<Record<string, string | undefined>>) {
  const { code, stdout } = await run(['doctor', '--json'], { env });
  const { ok, checks } = JSON.parse(stdout) as Diagnosis;
  expect(code).toBe(ok ? 0 : 1);
  return {
    code,
    states: Object.fromEntries(checks.map(({ check, state }) => [check, state])),
    find: (name: string) => checks.find(({ check }) => check === name),
  };
}

it('finds nothing wrong with a system that works, and tells balance and quota left', async () => {
  await using system = await System.start({ parameters: { limits: [20, 700, 8000] } });
  const { code, states, find } = await diagnose(system.environment);
  const durability = system.redis.isDurable ? 'ok' : 'fail';
  expect(states).toEqual({
    ...{
      redis: 'ok',
      'redis-version': 'ok',
      'redis-durability': durability,
      'redis-replicas': 'ok',
      'secret-key': 'ok',
      modules: 'ok',
      workers: 'ok',
    },
    ...{ 'module:default': 'ok', queues: 'ok', clock: 'ok', 'log-file': 'ok' },
    ...{ 'scheduler:collect': 'ok', 'scheduler:scan': 'ok', 'scheduler:audit': 'ok' },
  });
  expect(code).toBe(system.redis.isDurable ? 0 : 1);
  expect(find('module:default')?.detail).toMatch(
    /balance 1000\.0000 USD, calls left: 19 per minute, 699 per hour, 7999 per day/,
  );
});

it('fails for a module that cannot connect, and warns of a low balance', async () => {
  await using system = await System.start({ parameters: { lowBalance: '5000' } });
  await system.addModule('elsewhere', {}, { clientIp: '192.0.2.3' });
  const { states, find } = await diagnose(system.environment);
  expect(states).toMatchObject({ 'module:default': 'warn', 'module:elsewhere': 'fail' });
  expect(find('module:elsewhere')?.detail).toMatch(/client-ip: .*1011150/);
});

it('warns without a worker, and fails for jobs that wait and schedulers that are missing', async () => {
  await using system = await System.start({ worker: false });
  await system.app.enqueue('test', { module: 'default' });
  const { states, find } = await diagnose(system.environment);
  expect(states).toMatchObject({
    workers: 'warn',
    'module:default': 'warn',
    queues: 'fail',
    'scheduler:collect': 'fail',
  });
  expect(find('queues')?.detail).toContain('test: 1 jobs wait');
});

it('fails for a secret key that is missing or does not open what is stored', async () => {
  await using system = await System.start({ worker: false });
  const other = await diagnose({
    ...system.environment,
    PMNAMECHEAP_SECRET_KEY: randomBytes(32).toString('base64'),
  });
  expect(other.find('secret-key')).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('does not open the API key of default') as string,
  });
  const none = await diagnose({ ...system.environment, PMNAMECHEAP_SECRET_KEY: undefined });
  expect(none.find('secret-key')?.detail).toContain('openssl rand -base64 32');
});

it('fails for a Redis that forgets, unless that is allowed', async () => {
  await using system = await System.start({ worker: false });
  await system.app.store.redis.config('SET', 'appendonly', 'no');
  expect((await diagnose(system.environment)).find('redis-durability')).toMatchObject({ state: 'fail' });
  const allowed = await diagnose({ ...system.environment, PMNAMECHEAP_ALLOW_VOLATILE: '1' });
  expect(allowed.find('redis-durability')).toMatchObject({ state: 'warn' });
});

it('still prints its list when Redis does not answer and the log cannot be written', async () => {
  const env = { REDIS_URL: 'redis://127.0.0.1:1', PMNAMECHEAP_LOG_FILE: '/dev/null/pmnamecheap.log' };
  const { code, states, find } = await diagnose(env);
  expect(code).toBe(1);
  expect(states).toMatchObject({ redis: 'fail', 'secret-key': 'fail', modules: 'warn', 'log-file': 'fail' });
  expect(find('redis')?.detail).toContain('redis://127.0.0.1:1 cannot be used (connect ECONNREFUSED');
});

const NOW = 1_800_000_000_000;

function composeQueue(changes: Partial<QueueState>): QueueState {
  const counts = { waiting: 0, active: 0, delayed: 0, completed: 0, failed: 0 };
  return {
    name: 'collect',
    counts,
    isPaused: false,
    oldestWaitingAt: null,
    workers: ['w'],
    schedulers: [],
    ...changes,
  };
}

it.each([
  [NOW + 5000, 'ok'],
  [NOW - 59_000, 'ok'],
  [NOW - 61_000, 'fail'],
])('judges a scheduler whose next run is at %d', (nextAt, state) => {
  const schedulers = [{ name: 'collect', rhythm: 'every 60 s', nextAt: new Date(nextAt).toISOString() }];
  const findings = checkSchedulers([composeQueue({ schedulers })], NOW, parseEnvironment({}));
  expect(findings[0]).toMatchObject({ check: 'scheduler:collect', state });
  expect(findings[1]).toMatchObject({ check: 'scheduler:scan', state: 'fail' });
});

it('judges queues that are paused, and jobs that a worker will take', () => {
  const counts = { waiting: 3, active: 0, delayed: 0, completed: 0, failed: 0 };
  expect(checkQueues([composeQueue({ counts, oldestWaitingAt: NOW - 1000 })], NOW)).toMatchObject({
    state: 'ok',
  });
  expect(checkQueues([composeQueue({ isPaused: true })], NOW)).toMatchObject({
    state: 'fail',
    detail: expect.stringContaining('collect is paused') as string,
  });
});

it('warns of a clock that is off by more than two seconds', async () => {
  await using system = await System.start({ worker: false });
  expect(await checkClock(system.app, Date.now)).toMatchObject({ state: 'ok' });
  expect(await checkClock(system.app, () => Date.now() - 60_000)).toMatchObject({ state: 'warn' });
  expect(await checkClock(system.app, () => Date.now() + 60_000)).toMatchObject({ state: 'warn' });
});

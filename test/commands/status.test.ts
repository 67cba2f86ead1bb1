import { expect, it } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { accountId } from '../../src/modules/settings.js';
import { composeOperation } from '../../src/certificates/transitions.js';
import { composeTestRecord } from '../helpers/records.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

interface Report {
  queues: {
    name: string;
    counts: Record<string, number>;
    oldestWaitingAt: number | null;
    workers: string[];
    schedulers: { name: string; nextAt: string }[];
  }[];
  workers: { name: string; jobs: string[] }[];
  accounts: {
    modules: string[];
    foreign: number;
    pauses: unknown[];
    quota: { used: number[]; limits: number[] };
  }[];
  attention: { kind: string; text: string; serviceId: string | null }[];
}

async function readStatus(system: System): Promise<Report> {
  const { code, stdout } = await run(['status', '--json'], { env: system.environment });
  expect(code).toBe(0);
  return JSON.parse(stdout) as Report;
}

it('shows queues, schedulers, workers and the quota used while all is well', async () => {
  await using system = await System.start({ parameters: { limits: [20, 700, 8000] } });
  await system.run('test', { module: 'default' });
  const report = await readStatus(system);
  expect(report.queues.find(({ name }) => name === 'test')?.counts).toMatchObject({
    completed: 1,
    waiting: 0,
    failed: 0,
  });
  expect(report.workers).toEqual([
    { name: expect.stringContaining(`-${process.pid}`) as string, jobs: [...jobs.keys()] },
  ]);
  expect(report.queues.flatMap(({ schedulers }) => schedulers.map(({ name }) => name))).toEqual([
    'collect',
    'scan',
    'audit',
  ]);
  expect(report.accounts).toMatchObject([
    { modules: ['default'], quota: { used: [1, 1, 1], limits: [20, 700, 8000] } },
  ]);
  expect(report.attention).toEqual([]);

  const { stdout } = await run(['status'], { env: system.environment });
  expect(stdout).toMatch(/Needs a person\n {2}nothing\n$/);
  expect(stdout).toContain('1 of 20');
});

it('names what needs a person', async () => {
  await using system = await System.start({ worker: false });
  const { store } = system.app;
  await system.addModule('twin');
  const module = await store.modules.load('default');
  if (module === null) throw new Error('the module was not stored');
  const account = accountId(module);
  await store.accounts.pause(account, {
    scope: 'purchases',
    reason: 'the account has no money left.',
    until: null,
  });
  await store.listings.saveListing(account, 'default', {
    ...{ kind: 'order', startedAt: Date.now(), completedAt: Date.now() },
    rows: [{ certificateId: 777, product: 'dv-single', type: 'Standard SSL', years: 1, purchasedAt: null }],
  });
  for (const status of ['parked', 'failed', 'issued'] as const) {
    const { record, request } = composeTestRecord(`svc-${status}`, {
      status,
      operation: null,
      nextActionAt: null,
      problem: `why it is ${status}`,
    });
    await store.certificates.create(record, request, { cause: 'kept for the test' });
  }
  const { record: renewing, request } = composeTestRecord('svc-renewing', {
    ...{ status: 'issued', nextActionAt: null, problem: 'which renewal is it' },
    operation: composeOperation('renew', 'parked', Date.now()),
  });
  await system.app.store.certificates.create(renewing, request, { cause: 'kept for the test' });
  await system.app.enqueue('test', { module: 'default' });

  const report = await readStatus(system);
  expect(report.attention.map(({ kind }) => kind)).toEqual([
    'no-worker',
    'paused',
    'foreign',
    expect.any(String),
    expect.any(String),
    expect.any(String),
  ]);
  const texts = report.attention.map(({ text }) => text).join('\n');
  for (const part of [
    'has no money left. End it with: pmnamecheap module resume default',
    '1 certificate there was bought by somebody else and left alone',
    'svc-parked is parked: why it is parked',
    'svc-failed is failed',
    'svc-renewing has a renew that is parked: which renewal is it',
  ]) {
    expect(texts).toContain(part);
  }
  expect(texts).not.toContain('svc-issued');
  expect(report.accounts).toMatchObject([
    { modules: ['default', 'twin'], foreign: 1, pauses: [{ scope: 'purchases' }] },
  ]);
  expect(report.queues.find(({ name }) => name === 'test')).toMatchObject({
    counts: { waiting: 1 },
    workers: [],
    oldestWaitingAt: expect.any(Number) as number,
  });
});

it('fails where Redis does not answer', async () => {
  const { code, stderr } = await run(['status'], { env: { REDIS_URL: 'redis://127.0.0.1:1' } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/ECONNREFUSED.*REDIS_URL/);
});

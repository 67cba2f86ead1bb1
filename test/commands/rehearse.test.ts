import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import type { RehearsalReport } from '../../src/certificates/rehearsal-report.js';
import { accountId } from '../../src/modules/settings.js';
import { composeTestRecord } from '../helpers/records.js';
import { System } from '../helpers/system.js';
import { readWholeRedis, run, type CommandRun } from './command-line.js';

const DAY = 86_400_000;
const NOW = Date.now();
const day = (days: number) => new Date(NOW + days * DAY).toISOString();

let system: System;
let readOnlyUrl: string;

/** Through a Redis user that may read and nothing else: a write would be refused. */
const pm = (...argv: string[]): Promise<CommandRun> =>
  run(['rehearse', ...argv], { env: { ...system.environment, REDIS_URL: readOnlyUrl } });

async function play(...argv: string[]): Promise<RehearsalReport> {
  const { code, stdout, stderr } = await pm(...argv, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as RehearsalReport;
}

async function keep(serviceId: string, changes: Partial<CertificateRecord>): Promise<void> {
  const { record, request } = composeTestRecord(serviceId, {
    ...{ operation: null, nextActionAt: null },
    ...changes,
  });
  await system.app.store.certificates.create(record, request, { cause: 'kept for the test' });
}

/** Issued a hundred days ago for 198, of a term that goes on for two years. */
function issued(account: string, more: Partial<CertificateRecord> = {}): Partial<CertificateRecord> {
  return {
    ...{ account, status: 'issued', type: 'Standard SSL', years: 2 },
    ...{ issuedAt: day(-100), endDate: day(98), paidTill: day(630), termEnd: day(630) },
    validation: [{ domain: 'a.example.com', method: 'email', approverEmail: 'admin@a.example.com' }],
    ...more,
  };
}

beforeAll(async () => {
  system = await System.start({
    worker: false,
    parameters: { limits: [20, 700, 8000] },
    environment: { PMNAMECHEAP_REISSUE_SPREAD: '0s' },
  });
  const { store } = system.app;
  const module = await store.modules.load('default');
  if (module === null) throw new Error('the module was not stored');
  const account = accountId(module);
  await system.addModule('tight', { limits: [0, 0, 20] }, { username: 'other' });
  const tight = await store.modules.load('tight');
  if (tight === null) throw new Error('the module was not stored');
  await keep('1', issued(account));
  await keep('2', issued(account, { problem: 'The CA asks for a phone call.' }));
  await keep('3', issued(accountId(tight), { module: 'tight', validation: [] }));
  await keep('over', issued(account, { issuedAt: day(-400), endDate: day(-2), termEnd: day(-1) }));
  await keep('no-dates', issued(account, { endDate: null }));
  await keep('gone', { account, status: 'closed', problem: 'the customer left' });
  await keep('stuck', { account, status: 'parked', problem: 'Two certificates fit this order.' });
  await keep('waits', { account, status: 'pending-validation' });
  await store.redis.call(
    'ACL',
    ...['SETUSER', 'reader', 'on', '>pass', '~*', '+@read', '+@connection', '+info'],
  );
  const url = new URL(system.redis.url);
  [url.username, url.password] = ['reader', 'pass'];
  readOnlyUrl = url.href;
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

it('changes nothing in Redis and calls nobody', async () => {
  const { redis } = system.app.store;
  const before = [await redis.dbsize(), await readWholeRedis(redis)];
  for (const argv of [[], ['--json'], ['--renew', 'all', '--leaf-days', '99', '--days', '1000']]) {
    expect(await pm(...argv)).toMatchObject({ code: 0, stderr: '' });
  }
  expect([await redis.dbsize(), await readWholeRedis(redis)]).toEqual(before);
  expect((await system.readLedger()).calls).toEqual([]);
  // This user could not have written anything.
  const env = { ...system.environment, REDIS_URL: readOnlyUrl };
  expect((await run(['module', 'pause', 'default'], { env })).stderr).toContain('NOPERM');
});

describe('--json', () => {
  it('says what is played, what is not, and what needs a person', async () => {
    const report = await play('--days', '200', '--leaf-days', '198');
    expect(report).toMatchObject({
      days: 200,
      from: day(0).slice(0, 10),
      to: day(199).slice(0, 10),
      inPlay: 3,
    });
    expect(report.notInPlay).toEqual({
      ...{
        'issued, term over': 1,
        'issued, dates unknown': 1,
        closed: 1,
        parked: 1,
        'pending-validation': 1,
      },
    });
    expect(report.peopleNow).toEqual({
      count: 2,
      first: [
        { serviceId: '2', status: 'issued', problem: 'The CA asks for a phone call.' },
        { serviceId: 'stuck', status: 'parked', problem: 'Two certificates fit this order.' },
      ],
    });
    // Both of the roomy account, 66 days before the end and again 132 days later; the tight one cannot even list.
    expect(report.total).toMatchObject({
      ...{ reissues: 4, renewals: 0, calls: 2 * 28, lapses: 1, termsEnded: 0 },
      actions: { email: 4, http: 0, dns: 0, unknown: 0 },
      peak: { day: day(32).slice(0, 10), account: 'default', calls: 28, limit: 8000 },
    });
    expect(report.lapsing).toEqual({ count: 1, first: [{ serviceId: '3', at: day(98) }] });
    expect(report.shortage).toEqual({ day: day(32).slice(0, 10), account: 'tight', waiting: 1 });
  });

  it('plays one module alone', async () => {
    const report = await play('--module', 'default', '--leaf-days', '198');
    expect(report).toMatchObject({ inPlay: 2, shortage: null, lapsing: { count: 0, first: [] } });
    expect((await play('--module', 'tight')).inPlay).toBe(1);
  });

  it('follows the settings of the environment', async () => {
    const env = { ...system.environment, REDIS_URL: readOnlyUrl, PMNAMECHEAP_REISSUE_BEFORE: '10d' };
    const { stdout } = await run(['rehearse', '--json', '--days', '80'], { env });
    expect((JSON.parse(stdout) as RehearsalReport).total.reissues).toBe(0);
  });

  it('renews with --renew all', async () => {
    const report = await play('--module', 'default', '--renew', 'all', '--days', '700');
    expect(report.total).toMatchObject({
      ...{ renewals: 2, termsEnded: 0, spend: { total: [], unpriced: 2 } },
    });
  });
});

it('prints the lapses first, a row per month, and the verdict last', async () => {
  const { code, stdout } = await pm('--days', '200', '--leaf-days', '198', '--renew', 'all');
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines[0]).toMatch(
    /^Rehearsal of 200 days, .*: 3 certificates\. Nothing was written, nothing was called\.$/,
  );
  expect(lines[1]).toBe('1 service would lapse although paid for:');
  expect(lines[2]).toBe(`  3 on ${day(98).slice(0, 10)}`);
  expect(lines[3]).toContain('account tight puts off 1 to the next day');
  expect(stdout).toMatch(/^month +reissues +renewals +money +calls +peak day +lapses +terms end +by mail/m);
  expect(stdout).toMatch(new RegExp(`^${day(32).slice(0, 7)} +2 +0 `, 'm'));
  expect(stdout).toMatch(/^all +4 +0 +– +56 +\S+: 28 of 8000 +1 +0 +4 +0 +0$/m);
  expect(stdout).toContain('\n  stuck (parked): Two certificates fit this order.\n');
  expect(stdout).toContain('\n  1 pending-validation\n');
  expect(lines.at(-1)).toMatch(/^200 days: 4 reissues, but 1 service would lapse, the first on .*by mail\.$/);
});

describe('bad usage exits 2', () => {
  it.each([
    [['--days', '0'], '1 to 3650'],
    [['--days', '3651'], '1 to 3650'],
    [['--days', '1.5'], '1 to 3650'],
    [['--leaf-days', '399'], '1 to 398'],
    [['--renew', 'some'], 'none, all'],
    [['--module', 'nobody'], 'there is no module "nobody"'],
  ])('%j', async (argv, message) => {
    const { code, stderr, stdout } = await pm(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('but the longest and shortest rehearsals are played', async () => {
    expect(await play('--days', '1')).toMatchObject({ days: 1, total: { reissues: 0 } });
    expect(await play('--days', '3650')).toMatchObject({ days: 3650 });
  });
});

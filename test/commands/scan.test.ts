import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeIssued, storeFleet, timesDueIn } from '../helpers/fleet.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

const DAY = 86_400_000;
const NOW = Date.now();
let system: System;
beforeAll(async () => {
  system = await System.start();
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

const scan = (argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  run(['scan', ...argv], { env: { ...system.environment, ...env } });

describe('scan', () => {
  it('adds a scan and prints its id', async () => {
    const { code, stdout } = await scan();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^scan-all-[0-9a-f]{8}\n$/);
    expect(await system.app.queues.waitFor('scan', stdout.trim(), 10_000)).toMatchObject({
      kind: 'completed',
    });
    const answer = JSON.parse((await scan(['--json'])).stdout) as { job: string; id: string };
    expect(answer).toEqual({ job: 'scan', id: expect.stringMatching(/^scan-all-/) as string });
    // The next test must not be scanned by this one's job.
    await system.app.queues.waitFor('scan', answer.id, 10_000);
  });

  it('waits for the result with --wait', async () => {
    const times = { ...timesDueIn(5, NOW), nextReissueAt: null };
    await storeFleet(system.app.store, [composeIssued('gap', times)]);
    const { code, stdout } = await scan(['--wait', '20', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ reissues: [], announced: ['gap'], waiting: 0 });
    expect((await scan(['--wait'])).stdout).toMatch(/"announced": \[\]/);
  });

  it.each([[['--wait', '0']], [['--replan', '--wait']], [['--every', '1m']]])('refuses %j', async (argv) => {
    expect(await scan(argv)).toMatchObject({ code: 2, stdout: '' });
  });
});

it.each(['@hourly', '0 0 30 2 *', 'H * * * *'])(
  'a PMNAMECHEAP_SCAN_CRON of %j is refused before anything is done',
  async (pattern) => {
    const { code, stdout, stderr } = await scan([], { PMNAMECHEAP_SCAN_CRON: pattern });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('give five cron fields');
  },
);

describe('scan --replan', () => {
  const keep = async (id: string, changes: Partial<CertificateRecord> = {}) => {
    await storeFleet(system.app.store, [composeIssued(id, timesDueIn(5, NOW), changes)]);
    const record = await system.readRecord(id);
    if (record?.endDate == null) throw new Error('not stored');
    return Date.parse(record.endDate);
  };
  const read = async (id: string) => {
    const record = await system.readRecord(id);
    const { redis, keys } = system.app.store;
    const score = await redis.zscore(keys.due, id);
    return { record, score: score === null ? null : Number(score) };
  };

  it('plans every certificate by the present settings, index and history with it, and says how many', async () => {
    const end = await keep('plan');
    const settings = { PMNAMECHEAP_REISSUE_BEFORE: '30d', PMNAMECHEAP_REISSUE_SPREAD: '0s' };
    const first = JSON.parse((await scan(['--replan', '--json'], settings)).stdout) as Record<string, number>;
    expect(first).toMatchObject({ failed: 0 });
    expect(first['replanned']).toBeGreaterThan(0);
    const { record, score } = await read('plan');
    expect(record?.nextReissueAt).toBe(new Date(end - 30 * DAY).toISOString());
    expect(score).toBe(end - 30 * DAY);
    expect((await system.app.store.certificates.readHistory('plan')).at(-1)?.cause).toContain('planned anew');
    const { code, stdout } = await scan(['--replan'], settings);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0 of \d+ certificates have another next reissue now\.\n$/);
  });

  it('leaves alone what was begun for its End date, what is closed, and what covers its term', async () => {
    const begun = new Date(timesDueIn(5, NOW).endDate).toISOString();
    await keep('begun', { announced: { reissue: begun } });
    await keep('closed', { status: 'closed' });
    await keep('covers', { paidTill: null, nextReissueAt: null });
    const before = await Promise.all(['begun', 'closed', 'covers'].map(read));
    await scan(['--replan'], { PMNAMECHEAP_REISSUE_BEFORE: '20d' });
    expect(await Promise.all(['begun', 'closed', 'covers'].map(read))).toEqual(before);
  });

  it('leaves an automation stopped that stopped: a person lets it go on', async () => {
    const stopped = { automationStopped: 'it led nowhere', nextReissueAt: null };
    await keep('stopped', stopped);
    await scan(['--replan'], { PMNAMECHEAP_REISSUE_BEFORE: '30d' });
    expect((await read('stopped')).record).toMatchObject({ ...stopped, version: 1 });
  });

  it('names what cannot be read, goes on with the rest and exits 1', async () => {
    await keep('broken');
    const { redis, keys } = system.app.store;
    await redis.hset(keys.certificate('broken'), 'record', '{}');
    const { code, stdout, stderr } = await scan(['--replan', '--json'], {
      PMNAMECHEAP_REISSUE_BEFORE: '40d',
    });
    expect(code).toBe(1);
    expect(stderr).toContain('broken is not planned anew: ');
    expect(JSON.parse(stdout)).toMatchObject({ failed: 1 });
    expect((await read('plan')).record?.nextReissueAt).not.toBeNull();
  });
});

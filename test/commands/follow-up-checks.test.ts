import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatResult, readResult } from '../../src/commands/certificate-format.js';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

let system: System;
let serviceId: string;

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0], leafDays: 398 } });
  const payload = await composeOrder('dry.example.com');
  serviceId = payload.serviceId;
  await system.run('order', payload);
  await system.untilRecord(serviceId, ({ status }) => status === 'issued');
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

interface Checks {
  ok: boolean;
  checks: { check: string; ok: boolean; detail: string }[];
}

async function dryRun(...argv: string[]) {
  const { code, stdout } = await run(['enqueue', ...argv, '--dry-run', '--json'], {
    env: system.environment,
  });
  const { checks } = JSON.parse(stdout) as Checks;
  const details = Object.fromEntries(checks.map(({ check, detail }) => [check, detail]));
  return { code, details };
}

describe('enqueue --dry-run of what follows an order', () => {
  it('tells that a renewal comes too early, and what it will cost', async () => {
    const { code, details } = await dryRun('renew', '--serviceId', serviceId, '--years', '2');
    expect(code).toBe(1);
    expect(details['refused']).toMatch(/can be renewed from/);
    expect(details['price']).toMatch(/17\.7600 USD for 2 years as Standard SSL/);
    expect(details['service']).toContain('is issued');
  });

  it('tells what a reissue would cover, and every fault of one that does not fit', async () => {
    const good = await dryRun('reissue', '--serviceId', serviceId);
    expect(good).toMatchObject({
      ...{ code: 0 },
      details: { names: 'dry.example.com', price: 'nothing is charged' },
    });
    const bad = await dryRun('reissue', '--serviceId', serviceId, '--sans', 'other.example.org');
    expect(bad.code).toBe(1);
    expect(bad.details['refused']).toMatch(/sans\[0\]: other.example.org cannot be added/);
  });

  it.each([
    ['dcv', ['--dcv.method', 'dns'], 0, 'dcv', /chosen for the next reissue: dry\.example\.com by dns$/],
    ['dcv', [], 1, 'refused', /to choose the method of the next reissue, give "dcv"/],
    ['sync', [], 0, 'sync', /would be asked/],
    ['sync', ['--module', 'other'], 1, 'refused', /belongs to module/],
    ['revoke', ['--certificateId', '7'], 1, 'refused', /7 is not a certificate of service/],
    ['close', [], 0, 'close', /would be closed/],
    ['close', ['--open', 'true'], 0, 'close', /it is issued already: nothing would change/],
    ['resolve', ['--decision', 'not-made'], 1, 'refused', /there is no purchase to decide about/],
  ])('%s %j is judged by its own rules (exit %i)', async (job, flags, code, check, said) => {
    const found = await dryRun(job, '--serviceId', serviceId, ...flags);
    expect(found).toMatchObject({ code, details: { [check]: expect.stringMatching(said) as string } });
  });

  it.each([
    ['renew', ['--years', '1']],
    ['dcv', []],
    ['sync', []],
    ['revoke', ['--certificateId', '7']],
    ['close', []],
    ['resolve', ['--decision', 'retry']],
  ])('%s of a service that is not known says so', async (job, flags) => {
    const { code, details } = await dryRun(job, '--serviceId', 'nobody', ...flags);
    expect([code, details['service']]).toEqual([1, expect.stringContaining('there is no nobody')]);
  });

  it('nothing was begun by any of them', async () => {
    expect(await system.readRecord(serviceId)).toMatchObject({
      status: 'issued',
      operation: null,
      errands: [],
    });
    expect(Object.keys(await system.countCalls())).not.toContain('ssl.reissue');
  });
});

describe('enqueue dcv --wait', () => {
  it('says that the method was chosen for the next reissue', async () => {
    const argv = ['enqueue', 'dcv', '--serviceId', serviceId, '--dcv.method', 'dns', '--wait'];
    const { code, stdout } = await run(argv, { env: system.environment });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^validation +chosen for the next reissue: nothing is being validated now$/m);
  });

  it('names what Namecheap did not set', () => {
    const result = readResult({
      ...{ serviceId: '1', module: 'default', certificateId: 1, status: 'pending-validation', type: null },
      ...{ requestedType: 'PositiveSSL', years: 1, commonName: 'a.example', sans: [], charged: null },
      ...{ validation: [], endDate: null, paidTill: null, applied: 'changed', missed: ['b.example'] },
    });
    if (result === null) throw new Error('not read');
    expect(formatResult(result)).toMatch(/^not set for +b\.example \(the former method stays\)$/m);
  });
});

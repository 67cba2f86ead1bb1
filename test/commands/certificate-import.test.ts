import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMapFile } from '../../src/commands/import-file.js';
import { formatImportResult } from '../../src/commands/import-format.js';
import { InputError } from '../../src/errors.js';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';
import { run, type CommandRun } from './command-line.js';

let system: System;
const pm = (...argv: string[]): Promise<CommandRun> => run(argv, { env: system.environment });
/** A Redis in which nothing but the module is known. */
const there = (...argv: string[]): Promise<CommandRun> =>
  run(argv, { env: { ...system.environment, PMNAMECHEAP_PREFIX: '{there}' } });

async function writeMap(text: string): Promise<string> {
  const file = path.join(system.folder, 'map');
  await writeFile(file, text);
  return file;
}

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0] } });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

describe('certificate import and module reconcile', () => {
  it('wait for the worker, tell its steps and print what was found', async () => {
    const payload = await composeOrder('import.example.com');
    await system.run('order', payload);
    const { certificateId } = await system.untilRecord(
      payload.serviceId,
      ({ status }) => status === 'issued',
    );

    const reconciled = await pm('module', 'reconcile', 'default', '--json');
    expect(reconciled.code).toBe(0);
    expect(JSON.parse(reconciled.stdout)).toMatchObject({
      module: 'default',
      listed: 1,
      known: 1,
      problems: [],
    });
    expect(reconciled.stderr).toContain('reading the list of certificates, page 1');

    const map = await writeMap(`serviceId,certificateId\nother,${certificateId ?? 0}\n`);
    const refused = await pm('certificate', 'import', '--map', map);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('1 certificate listed; 0 known');
    expect(refused.stdout).toContain(`It belongs to service ${payload.serviceId} in our books`);

    await system.control('_purchase', { type: 'PositiveSSL', years: 1 });
    const found = await pm('certificate', 'import');
    expect(found.code).toBe(0);
    expect(found.stdout).toMatch(/Foreign: .*\n.*\n9000002 /);
    const { charges } = await system.readLedger();
    expect(charges.filter(({ byHand }) => byHand !== true)).toHaveLength(1);
  });

  it('say that no worker is there, and can be interrupted', async () => {
    const module = await system.app.store.modules.load('default');
    const { redis } = system.app.store;
    await redis.set('{there}:module:default', JSON.stringify(module));
    await redis.sadd('{there}:modules', 'default');
    const stopped = await run(['certificate', 'import'], {
      env: { ...system.environment, PMNAMECHEAP_PREFIX: '{there}' },
      stop: AbortSignal.abort(),
    });
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('start one with pmnamecheap worker');
    expect(stopped.stderr).toContain('It goes on by itself');
  });

  it('refuse a module that is not there, and a map with every fault and line, before a job is added', async () => {
    expect(await there('module', 'reconcile', 'nobody')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no module "nobody"') as string,
    });
    const map = await writeMap(
      [
        'serviceId,certificateId,paidTill',
        '1001,x,',
        '1 2,9000001,soon',
        '1003,"9",',
        '1004,1',
        '5,6,',
        '5,6,',
      ].join('\n'),
    );
    const before = await system.app.queues.open('import').getJobCounts();
    const { code, stderr } = await pm('certificate', 'import', '--map', map);
    expect(code).toBe(2);
    expect(stderr.split('\n')).toEqual([
      'error: the input is not valid:',
      '  - line 2: certificateId: give a number',
      '  - line 3: serviceId: must be 1 to 64 characters of A-Z a-z 0-9 . _ -',
      '  - line 3: paidTill: must be a date such as 2027-11-22, or a full time in ISO 8601',
      '  - line 4: has quotes, which this simple reader does not know: write the values without',
      '  - line 5: has 2 values, the header 3 columns',
      '  - line 7: serviceId: 5 is listed twice; each service has one certificate',
      '  - line 7: certificateId: 6 is listed twice; each service has one certificate',
      '',
    ]);
    expect(await system.app.queues.open('import').getJobCounts()).toEqual(before);
    expect((await pm('certificate', 'import', '--map', path.join(system.folder, 'none'))).code).toBe(2);
  });
});

describe('a map', () => {
  const rows = [
    { serviceId: '1001', certificateId: 9000001, paidTill: '2029-11-22' },
    { serviceId: 'a.b', certificateId: 9000002 },
  ];

  it.each([
    ['CSV', 'serviceId,certificateId,paidTill\r\n1001,9000001,2029-11-22\r\n\r\na.b,9000002,\r\n'],
    [
      'CSV in another order',
      '\uFEFFpaidTill, certificateId ,serviceId\n2029-11-22,9000001,1001\n,9000002,a.b',
    ],
    ['JSON lines', `${rows.map((row) => JSON.stringify(row)).join('\n\n')}\n`],
    ['a JSON array', JSON.stringify(rows, null, 2)],
  ])('is read as %s', (_what, text) => {
    expect(parseMapFile(text)).toEqual(rows);
  });

  it.each([
    ['', /holds no row/],
    ['serviceId,certificateId\n', /holds no row/],
    ['1001,9000001\n', /line 1: the header must name/],
    ['serviceId;certificateId\n1001;9000001', /line 1: the header must name/],
    ['serviceId,certificateId,serviceId\n1,2,3', /line 1: the header/],
    ['serviceId,paidTill\n1,2030-01-01', /line 1: the header/],
    ['[{"serviceId":"1001"', /JSON array and is none/],
    ['[{"serviceId":"1001"}]', /row 1: certificateId: is missing; give/],
    ['{"serviceId":"1","certificateId":1}\n{oops', /line 2: is not JSON/],
    ['{"serviceId":"1","certificateId":1,"paidtill":"2030-01-01"}', /line 1: paidtill: is not a known field/],
    ['serviceId,certificateId\n1,-5', /line 2: certificateId/],
    ['serviceId,certificateId\nnc-5,6', /line 2: serviceId: nc- and a number is kept/],
  ])('refuses %j', (text, pattern) => {
    expect(() => parseMapFile(text)).toThrow(InputError);
    expect(() => parseMapFile(text)).toThrow(pattern);
  });
});

describe('the report', () => {
  it('is capped for people', () => {
    const foreign = Array.from({ length: 25 }, (_, index) => ({
      ...{ certificateId: index, commonName: 'x.example.com', type: 't', status: 'active' },
    }));
    const empty = { adopted: [], created: [], mapped: [], stock: [], missing: [], problems: [] };
    const text = formatImportResult({ module: 'default', listed: 25, known: 0, ...empty, foreign });
    expect(text).toContain('25 foreign');
    expect(text).toContain('… and 5 more: --json has them all');
    expect(text.match(/x\.example\.com/g)).toHaveLength(20);
  });
});

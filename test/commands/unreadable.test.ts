import { afterAll, beforeAll, expect, it } from 'vitest';
import { composeTestRecord } from '../helpers/records.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

let system: System;
const pm = (...argv: string[]) => run(argv, { env: system.environment });

const SAID = /cannot be read by this version: upgrade, or restore/;

beforeAll(async () => {
  system = await System.start({ worker: false });
  const { certificates, redis, keys } = system.app.store;
  for (const serviceId of ['fine', 'newer']) {
    const { record, request } = composeTestRecord(serviceId, {
      ...{ status: 'issued', operation: null, nextActionAt: null, type: 'Standard SSL' },
      ...{ issuedAt: '2026-01-01T00:00:00.000Z', endDate: '2026-02-01T00:00:00.000Z' },
      ...{ paidTill: '2040-01-01T00:00:00.000Z', termEnd: '2040-01-01T00:00:00.000Z' },
    });
    await certificates.create(record, request, { cause: 'kept for the test' });
  }
  // As a newer version would leave it.
  await redis.hset(keys.certificate('newer'), 'record', '{"serviceId":"newer","status":"hibernating"}');
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

it('certificate list names what it cannot read, and lists the others', async () => {
  const table = await pm('certificate', 'list');
  expect(table.code).toBe(0);
  expect(table.stdout).toMatch(/^fine +issued/m);
  expect(table.stdout).toMatch(/^newer +unreadable .*the record cannot be read/m);
  expect(table.stderr).toMatch(SAID);
  expect(table.stderr).toContain('newer');
  const { stdout } = await pm('certificate', 'list', '--json');
  expect(JSON.parse(stdout)).toEqual([
    expect.objectContaining({ serviceId: 'fine', status: 'issued' }),
    { serviceId: 'newer', status: 'unreadable', problem: expect.stringMatching(SAID) as string },
  ]);
});

it('certificate list with a filter says what it left out', async () => {
  const filtered = await pm('certificate', 'list', '--status', 'issued', '--json');
  expect(filtered).toMatchObject({ code: 0, stderr: expect.stringContaining('newer') as string });
  expect(JSON.parse(filtered.stdout)).toHaveLength(1);
  const due = await pm('certificate', 'list', '--due');
  expect(due.code).toBe(0);
  expect(due.stdout).toMatch(/^fine .*expired/m);
  expect(due.stdout).toMatch(/^newer +unreadable/m);
});

it('rehearse plays the others, and says what it left out', async () => {
  const { code, stdout, stderr } = await pm('rehearse', '--days', '30', '--json');
  expect({ code, said: stderr.trim() }).toEqual({ code: 0, said: expect.stringMatching(/newer$/) as string });
  expect(JSON.parse(stdout)).toMatchObject({ inPlay: 1 });
});

it('status says that it needs a person', async () => {
  const { code, stdout } = await pm('status', '--json');
  expect(code).toBe(0);
  const { attention } = JSON.parse(stdout) as { attention: unknown[] };
  expect(attention).toContainEqual({
    ...{ kind: 'unreadable', serviceId: 'newer', module: null },
    text: expect.stringMatching(SAID) as string,
  });
});

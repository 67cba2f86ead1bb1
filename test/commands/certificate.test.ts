import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOperation } from '../../src/certificates/transitions.js';
import { composeTestRecord } from '../helpers/records.js';
import { System } from '../helpers/system.js';
import { run, type CommandRun } from './command-line.js';

let system: System;
const pm = (...argv: string[]): Promise<CommandRun> =>
  run(['certificate', ...argv], { env: system.environment });

async function keep(serviceId: string, changes: Partial<CertificateRecord>): Promise<void> {
  const { record, request } = composeTestRecord(serviceId, {
    operation: null,
    nextActionAt: null,
    ...changes,
  });
  const pem = {
    certificate: '-----BEGIN CERTIFICATE-----\nleaf\n',
    chain: ['-----BEGIN CERTIFICATE-----\nchain\n'],
  };
  await system.app.store.certificates.create(record, request, { cause: 'kept for the test', pem });
}

const issued = (endDate: string, more: Partial<CertificateRecord> = {}): Partial<CertificateRecord> => ({
  ...{ status: 'issued', endDate, type: 'Standard SSL', issuedAt: '2026-01-01T00:00:00.000Z' },
  ...more,
});

beforeAll(async () => {
  system = await System.start({ worker: false });
  await keep(
    '9',
    issued('2030-05-01T00:00:00.000Z', {
      paidTill: '2034-05-01T00:00:00.000Z',
      nextReissueAt: '2030-02-01T00:00:00.000Z',
    }),
  );
  await keep('10', issued('2030-05-01T00:00:00.000Z'));
  await keep(
    'due',
    issued('2026-02-01T00:00:00.000Z', {
      paidTill: '2028-01-01T00:00:00.000Z',
      nextReissueAt: '2026-01-20T00:00:00.000Z',
    }),
  );
  await keep('stuck', {
    status: 'parked',
    problem: `The balance fell by 8.8800 USD\nwithout a certificate. ${'x'.repeat(100)}`,
  });
  await keep('waits', {
    status: 'pending-validation',
    operation: composeOperation('order', 'pending-validation', Date.parse('2026-01-01T00:00:00.000Z')),
    validation: [
      { domain: 'a.example.com', method: 'dns', host: '_0A.a.example.com', target: '0b.ssl.example' },
      {
        domain: 'b.example.com',
        method: 'http',
        url: 'http://b.example.com/.well-known/pki-validation/0A.txt',
        content: 'line 1\nline 2',
      },
      { domain: 'c.example.com', method: 'email', approverEmail: 'admin@c.example.com' },
    ],
  });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

function listIds(stdout: string): string[] {
  return (JSON.parse(stdout) as { serviceId: string }[]).map(({ serviceId }) => serviceId);
}

describe('certificate list', () => {
  it('puts the earliest End date first, then goes by service, those without End date last', async () => {
    const { code, stdout } = await pm('list', '--json');
    expect(code).toBe(0);
    expect(listIds(stdout)).toEqual(['due', '9', '10', 'stuck', 'waits']);
    expect(stdout).not.toContain('BEGIN CERTIFICATE');
  });

  it('is a table with days, and problems in one short line', async () => {
    const { stdout } = await pm('list');
    const rows = stdout.trimEnd().split('\n');
    expect(rows).toHaveLength(6);
    expect(rows[2]).toMatch(
      /^9 +issued +record\.example\.com +Standard SSL +2030-05-01 +2034-05-01 +2030-02-01$/,
    );
    expect(rows[4]).toMatch(/^stuck +parked .*The balance fell by 8\.8800 USD without a certificate\. x+…$/);
  });

  it('filters by status and by what is due', async () => {
    expect(listIds((await pm('list', '--due', '--json')).stdout)).toEqual(['due']);
    expect(listIds((await pm('list', '--status', 'parked', '--json')).stdout)).toEqual(['stuck']);
    expect(await pm('list', '--status', 'expired')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No certificates.\n',
    });
  });

  it('names the statuses when it does not know one', async () => {
    const { code, stderr } = await pm('list', '--status', 'lost');
    expect(code).toBe(2);
    expect(stderr).toContain('accepted, purchasing, purchase-unclear');
  });
});

describe('certificate show', () => {
  it('prints with --json every field of the contract', async () => {
    const { code, stdout } = await pm('show', '9', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{
        serviceId: '9',
        status: 'issued',
        operation: null,
        orderId: null,
        transactionId: null,
        certificateIds: [],
      },
      ...{
        endDate: '2030-05-01T00:00:00.000Z',
        paidTill: '2034-05-01T00:00:00.000Z',
        nextReissueAt: '2030-02-01T00:00:00.000Z',
      },
      certificate: expect.stringContaining('leaf') as string,
      chain: [expect.stringContaining('chain') as string],
      problem: null,
      history: [{ from: null, to: 'issued', cause: 'kept for the test' }],
    });
  });

  it('says a problem first', async () => {
    expect((await pm('show', 'stuck')).stdout).toMatch(/^Problem: The balance fell/);
  });

  it('gives the validation instructions ready to copy', async () => {
    const { stdout } = await pm('show', 'waits');
    const lines = stdout.split('\n');
    expect(lines).toContain('_0A.a.example.com CNAME 0b.ssl.example');
    expect(stdout).toContain(
      '\nhttp://b.example.com/.well-known/pki-validation/0A.txt\nwith exactly this content:\nline 1\nline 2\n',
    );
    expect(stdout).toContain('mail to admin@c.example.com');
    expect(stdout).toMatch(/^in flight +order: pending-validation since 2026-01-01T00:00:00\.000Z$/m);
  });

  it('exits 1 for a service nobody ordered, and 2 for what cannot be a service', async () => {
    const unknown = await pm('show', '404');
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain('There is no service "404"');
    expect(await pm('show', 'a b')).toMatchObject({ code: 2 });
  });
});

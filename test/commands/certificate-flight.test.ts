import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeAwaited } from '../../src/certificates/awaited.js';
import type { CertificateRecord, Status } from '../../src/certificates/record.js';
import { composeOperation } from '../../src/certificates/transitions.js';
import { composeIssued, storeFleet, timesDueIn } from '../helpers/fleet.js';
import { composeTestRecord } from '../helpers/records.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

const NOW = Date.now();
const SINCE = '2026-05-01T10:00:00.000Z';
const AT = Date.parse(SINCE);
let system: System;
const pm = (...argv: string[]) => run(['certificate', ...argv], { env: system.environment });

const cname = {
  domain: 'a.example.com',
  method: 'dns',
  host: '_0A.a.example.com',
  target: '0b.ssl',
} as const;

beforeAll(async () => {
  system = await System.start({ worker: false });
  await storeFleet(system.app.store, [
    composeIssued(
      'busy',
      { ...timesDueIn(5, NOW) },
      {
        ...{ activatedAt: SINCE, validation: [cname], nextActionAt: AT + 60_000 },
        operation: composeOperation('reissue', 'pending-validation', AT, { certificateId: 9002 }),
        shelved: {
          ...{ operation: composeOperation('renew', 'parked', AT), problem: 'the balance fell' },
          ...{ asked: {}, purchase: null, activationBegunAt: null, activatedAt: null },
          ...{ validation: [], attempts: 0, lostTries: 0 },
        },
        errands: [{ id: 'op-7', job: 'reissue', payload: { serviceId: 'busy' }, at: SINCE }],
        renewals: [
          { from: SINCE, till: '2027-05-01T10:00:00.000Z', years: 1, certificateId: 9001, requestId: null },
        ],
      },
    ),
    composeIssued(
      'stopped',
      { ...timesDueIn(5, NOW), nextReissueAt: null },
      { automationStopped: 'it led nowhere' },
    ),
    composeIssued('late', { ...timesDueIn(-60, NOW) }),
    composeIssued('due', { ...timesDueIn(-1, NOW) }),
    composeIssued('due-sooner', { ...timesDueIn(-2, NOW) }),
  ]);
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

describe('certificate show', () => {
  it('tells what is in flight, its new certificate, what is awaited, and what waits behind it', async () => {
    const { stdout } = await pm('show', 'busy');
    expect(stdout).toMatch(
      /^in flight +reissue: pending-validation since 2026-05-01T10:00:00\.000Z, new certificate 9002$/m,
    );
    expect(stdout).toMatch(
      /^awaited +Waiting for validation since 2026-05-01: a\.example\.com needs the CNAME .* use a dcv job\.$/m,
    );
    expect(stdout).toMatch(/^next look +2026-05-01T10:01:00\.000Z$/m);
    expect(stdout).toMatch(/^put aside +renew: parked since 2026-05-01T10:00:00\.000Z: the balance fell$/m);
    expect(stdout).toMatch(/^waits its turn +reissue \(op-7\) since 2026-05-01T10:00:00\.000Z$/m);
    expect(stdout).toMatch(/^renewal +2026-05-01\S+ → 2027-05-01\S+ \(years: 1, certificate 9001\)$/m);
    expect(stdout).toMatch(
      /^coverage +Paid till .*; the reissue in flight is pending-validation, no gap so far\.$/m,
    );
    expect(stdout).toContain('_0A.a.example.com CNAME 0b.ssl');
  });

  it('gives the same to programs', async () => {
    const view = JSON.parse((await pm('show', 'busy', '--json')).stdout) as Record<string, unknown>;
    expect(view).toMatchObject({
      status: 'issued',
      awaited: { since: SINCE, nextLookAt: '2026-05-01T10:01:00.000Z' },
      shelved: { operation: { job: 'renew', state: 'parked' }, problem: 'the balance fell' },
      errands: [{ id: 'op-7', job: 'reissue', at: SINCE }],
      automationStopped: null,
      coverage: { gap: null },
      renewals: [{ years: 1 }],
    });
  });

  it('says that the automation stopped and why there is a gap', async () => {
    const { stdout } = await pm('show', 'stopped');
    expect(stdout).toMatch(/^automation +stopped: it led nowhere$/m);
    expect(stdout).toMatch(
      /^coverage +Paid till \S+, covered till \S+: a gap from \S+ to \S+, because it led nowhere$/m,
    );
    expect(stdout).toMatch(/^paid term ends +\d{4}-\d\d-\d\dT\S+Z$/m);
  });
});

describe('certificate list', () => {
  it('has what is in flight in the status column', async () => {
    const { stdout } = await pm('list');
    expect(stdout).toMatch(/^busy +issued \(reissue pending-validation\) +/m);
    expect(stdout).toMatch(/^due +issued {3,}/m);
  });

  it('--due shows what a scan would take, in its order', async () => {
    const rows = JSON.parse((await pm('list', '--due', '--json')).stdout) as {
      serviceId: string;
      due: string[];
    }[];
    expect(rows.map(({ serviceId, due }) => [serviceId, due])).toEqual([
      ['late', ['reissue', 'emergency']],
      ['due-sooner', ['reissue']],
      ['due', ['reissue']],
      ['stopped', ['gap']],
    ]);
    expect((await pm('list', '--due')).stdout).toMatch(/^service .* due +problem$/m);
    expect((await pm('list', '--due', '--status', 'parked')).stderr).toBe('No certificates.\n');
  });
});

describe('what is awaited', () => {
  const composeOrdered = (status: Status, changes: Partial<CertificateRecord> = {}): CertificateRecord =>
    composeTestRecord('1001', { status, operation: composeOperation('order', status, AT), ...changes })
      .record;

  it.each<[Status, RegExp]>([
    ['accepted', /take up the order.*status/],
    ['purchasing', /answer to the purchase/],
    ['purchase-unclear', /looked up at Namecheap; nothing is bought/],
    ['purchased', /activated with the CSR/],
    ['pending-validation', /validation/],
  ])('of an order that is %s', (status, sentence) => {
    const record = composeOrdered(status, { nextActionAt: AT + 1000 });
    expect(describeAwaited(record)).toEqual({
      sentence: expect.stringMatching(sentence) as string,
      since: SINCE,
      nextLookAt: new Date(AT + 1000).toISOString(),
    });
  });

  it.each<[Status, RegExp]>([
    ['parked', /certificate resolve 1001/],
    ['failed', /enqueue order again/],
  ])('of an order that is %s is a person', (status, sentence) => {
    const record = composeOrdered(status, { operation: null, nextActionAt: null });
    expect(describeAwaited(record)).toMatchObject({
      sentence: expect.stringMatching(sentence) as string,
      nextLookAt: null,
    });
  });

  it('of a certificate in force is the next moment at which time demands something', () => {
    const { record } = composeIssued('1', timesDueIn(5, NOW));
    expect(describeAwaited(record)).toEqual({
      sentence: 'Nothing is in flight; what comes next is its reissue.',
      since: record.issuedAt,
      nextLookAt: record.nextReissueAt,
    });
  });

  it.each<Status>(['closed', 'revoked'])('of a %s one is nothing', (status) => {
    expect(describeAwaited(composeOrdered(status, { operation: null }))).toBeNull();
  });
});

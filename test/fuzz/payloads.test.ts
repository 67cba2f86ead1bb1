import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { parseJobPayload } from '../../src/app.js';
import { InputError } from '../../src/errors.js';
import type { JobDefinition } from '../../src/job.js';
import { demandTyped, fuzz } from '../helpers/fuzz.js';
import { oddJson, mutatedJson } from '../helpers/mutated-json.js';
import { TEST_CSR } from '../helpers/test-csr.js';

/** Payloads that are right, with every field that the job knows. */
const GOOD: Record<string, unknown[]> = {
  order: [
    {
      ...{
        module: 'default',
        serviceId: '1001',
        type: 'PositiveSSL',
        years: 1,
        csr: TEST_CSR,
        dcv: { method: 'dns' },
      },
      ...{ webServerType: 'nginx', adminEmail: 'a@example.com', promotionCode: 'BERRY' },
    },
    {
      ...{ serviceId: 'a.b_c-1', type: 'PositiveSSL Multi-Domain', years: 2, csr: TEST_CSR },
      ...{ dcv: { method: 'email', approverEmail: 'admin@example.com' }, sans: ['www.example.com'] },
      dcvs: [{ domain: 'www.example.com', method: 'http' }],
    },
  ],
  renew: [
    {
      serviceId: '1001',
      years: 1,
      paidTill: '2027-11-22',
      requestId: 'op-77',
      csr: TEST_CSR,
      dcv: { method: 'dns' },
    },
  ],
  reissue: [
    { serviceId: '1001', reason: 'names', sans: ['a.example.com'], csr: TEST_CSR, allowCharge: true },
  ],
  dcv: [{ serviceId: '1001', dcv: { method: 'dns' }, dcvs: [{ domain: 'a.example.com', method: 'dns' }] }],
  test: [
    { module: 'default' },
    { settings: { username: 'u', apiUser: 'u', sealedKey: 'k', clientIp: '192.0.2.7', sandbox: true } },
  ],
  import: [
    { module: 'default', map: [{ serviceId: '1001', certificateId: 9000001, paidTill: '2027-11-22' }] },
  ],
  resolve: [
    { serviceId: '1001', decision: { adopt: 9000001 } },
    { serviceId: '1001', decision: 'retry' },
  ],
};

/** A payload is taken as its schema gives it, or refused with everything that is wrong and no word of the library's. */
function demandJudgement(definition: JobDefinition, payload: unknown): void {
  let parsed: unknown;
  try {
    parsed = parseJobPayload(definition, payload);
  } catch (error) {
    if (!(error instanceof InputError)) throw new Error('not refused as input', { cause: error });
    demandTyped(error);
    const { faults } = error;
    expect(faults.length).toBeGreaterThan(0);
    for (const fault of faults) {
      expect(fault).toMatch(/^.+: \S/s);
      expect(fault).not.toMatch(/Invalid input|Invalid option|Unrecognized|expected \w+, received/);
    }
    return;
  }
  // What was taken is taken again, unchanged: a worker parses what a producer has parsed.
  expect(parseJobPayload(definition, JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  expect(definition.subject(parsed)).not.toBe('');
}

describe('payloads of', () => {
  for (const definition of jobs.values()) {
    const corpus = [definition.example, ...(GOOD[definition.name] ?? [])];
    const payloads = fc.oneof(
      { weight: 6, arbitrary: mutatedJson(corpus) },
      { weight: 1, arbitrary: oddJson },
      {
        weight: 1,
        arbitrary: fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
      },
    );
    fuzz(definition.name, 1500, payloads, (payload) => demandJudgement(definition, payload));
  }
});

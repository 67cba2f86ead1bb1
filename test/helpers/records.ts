import { composeRecord } from '../../src/certificates/accept.js';
import { checkOrder, orderPayloadSchema, type OrderPayload } from '../../src/certificates/order-payload.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { TEST_CSR } from './test-csr.js';

const ACCEPTED_AT = 1_800_000_000_000;

/** A freshly accepted order of the account `acc`, due at once, for tests of the store and of the domain. */
export function composeTestRecord(
  serviceId: string,
  changes: Partial<CertificateRecord> = {},
): { record: CertificateRecord; request: OrderPayload } {
  const request = orderPayloadSchema.parse({
    ...{ serviceId, type: 'PositiveSSL', years: 1 },
    ...{ csr: TEST_CSR, dcv: { method: 'dns' } },
  });
  const record = composeRecord(checkOrder(request), 'acc', ACCEPTED_AT);
  return { record: { ...record, nextActionAt: ACCEPTED_AT, ...changes }, request };
}

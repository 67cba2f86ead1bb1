import { orderPayloadSchema, type OrderPayload } from '../../src/certificates/order-payload.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { TEST_CSR } from './test-csr.js';

/** A freshly accepted order of the account `acc`, for tests of the store and of the domain. */
export function composeTestRecord(
  serviceId: string,
  changes: Partial<CertificateRecord> = {},
): { record: CertificateRecord; request: OrderPayload } {
  const request = orderPayloadSchema.parse({
    serviceId,
    type: 'PositiveSSL',
    years: 1,
    csr: TEST_CSR,
    dcv: { method: 'dns' },
  });
  const at = new Date(1_800_000_000_000).toISOString();
  const record: CertificateRecord = {
    serviceId,
    version: 0,
    module: 'default',
    account: 'acc',
    status: 'accepted',
    operation: { job: 'order', state: 'accepted', since: at },
    requestedType: 'PositiveSSL',
    type: null,
    years: 1,
    commonName: 'record.example.com',
    sans: [],
    fingerprint: 'f',
    acceptedAt: at,
    purchase: null,
    certificateId: null,
    certificateIds: [],
    orderId: null,
    transactionId: null,
    charged: null,
    activationBegunAt: null,
    activatedAt: null,
    validation: [],
    issuedAt: null,
    endDate: null,
    paidTill: null,
    termEnd: null,
    nextReissueAt: null,
    problem: null,
    attempts: 0,
    lostTries: 0,
    nextActionAt: 1_800_000_000_000,
    ...changes,
  };
  return { record, request };
}

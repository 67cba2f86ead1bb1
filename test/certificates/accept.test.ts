import { describe, expect, it } from 'vitest';
import { acceptOrder } from '../../src/certificates/accept.js';
import { checkOrder, orderPayloadSchema } from '../../src/certificates/order-payload.js';
import type { CertificateRecord, Purchase } from '../../src/certificates/record.js';
import { TEST_CSR } from '../helpers/test-csr.js';

const NOW = 1_800_000_000_000;
const purchase: Purchase = {
  id: 'p',
  kind: 'order',
  serviceId: 's',
  key: 'order-s',
  lane: 'order-dv-single',
  product: 'dv-single',
  years: 1,
  sansToAdd: 0,
  begunAt: NOW,
  cleanLooks: 0,
};

function payload(changes: Record<string, unknown> = {}) {
  return orderPayloadSchema.parse({
    serviceId: 's',
    type: 'PositiveSSL',
    years: 1,
    csr: TEST_CSR,
    dcv: { method: 'dns' },
    ...changes,
  });
}

function existing(changes: Partial<CertificateRecord>) {
  const first = acceptOrder(null, checkOrder(payload()), 'acc', NOW);
  if (first.kind !== 'new') throw new Error('not new');
  return { record: { ...first.record, ...changes }, request: payload() };
}

const again = (changes: Partial<CertificateRecord>, order: Record<string, unknown> = {}) =>
  acceptOrder(existing(changes), checkOrder(payload(order)), 'acc', NOW);

describe('an order for a service', () => {
  it('that is new starts as accepted', () => {
    expect(acceptOrder(null, checkOrder(payload()), 'acc', NOW)).toMatchObject({
      kind: 'new',
      record: { status: 'accepted', account: 'acc', operation: { job: 'order' } },
    });
  });

  it.each([
    'accepted',
    'purchasing',
    'purchase-unclear',
    'purchased',
    'pending-validation',
    'issued',
    'parked',
    'closed',
  ] as const)('in state %s is known when it is identical and differs when it is not', (status) => {
    expect(again({ status }).kind).toBe('known');
    expect(() => again({ status }, { years: 2 })).toThrow(/years/);
    expect(() => again({ status }, { years: 2 })).toThrow(
      expect.objectContaining({ code: 'ERR_ORDER_DIFFERS' }),
    );
  });

  it('that failed before a purchase starts afresh, with whatever is ordered now', () => {
    expect(again({ status: 'failed' }, { years: 3 })).toMatchObject({
      kind: 'changed',
      after: { status: 'accepted', years: 3 },
    });
  });

  it('that starts afresh keeps what was accepted meanwhile', () => {
    const errand = { id: 'leave', job: 'close', payload: {}, at: new Date(NOW).toISOString() };
    const kept = { errands: [errand], doneErrands: ['before'] };
    const failed = { status: 'failed' as const, version: 5, problem: 'refused', ...kept };
    expect(again(failed)).toMatchObject({
      kind: 'changed',
      after: { status: 'accepted', version: 5, ...kept },
    });
  });

  it('whose activation was refused activates what was bought, with corrected input', () => {
    const failed = { status: 'failed' as const, certificateId: 9001, purchase };
    const corrected = again(failed, { dcv: { method: 'http' } });
    expect(corrected).toMatchObject({ kind: 'changed', after: { status: 'purchased', certificateId: 9001 } });
  });

  it.each([{ years: 2 }, { type: 'PositiveSSL Wildcard' }, { module: 'other' }])(
    'whose activation was refused does not become another purchase: %j',
    (change) => {
      const failed = { status: 'failed' as const, certificateId: 9001, purchase };
      const wanted = () => again(failed, change);
      expect(wanted).toThrow();
    },
  );
});

import { beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  checkOrder,
  fingerprintOrder,
  listOrderDifferences,
  orderPayloadSchema,
  type OrderPayload,
} from '../../src/certificates/order-payload.js';
import { makeCsr } from '../csr-fixtures.js';

type Input = z.input<typeof orderPayloadSchema>;

let input: Input;
let otherCsr: string;
beforeAll(async () => {
  const names = { commonName: 'example.com', organization: 'Gleisdreieck Hosting GmbH' };
  input = {
    serviceId: '1001',
    type: 'OV Multi-domain SSL',
    years: 2,
    csr: (await makeCsr(names)).csr,
    dcv: { method: 'email', approverEmail: 'admin@example.com' },
    sans: ['www.example.com', 'bücher.example.com', 'shop.example.org'],
    dcvs: [
      { domain: 'shop.example.org', method: 'dns' },
      { domain: 'www.example.com', method: 'http' },
    ],
    webServerType: 'nginx',
    organization: { city: 'Berlin', country: 'DE' },
  };
  otherCsr = (await makeCsr(names)).csr;
});

const parse = (changes: Partial<Input> = {}): OrderPayload =>
  orderPayloadSchema.parse({ ...input, ...changes });

describe('equal orders', () => {
  it('have one fingerprint, however they are written', () => {
    const spellings: Input[] = [
      input,
      Object.fromEntries(Object.entries(input).reverse()) as Input, // The same fields in another order.
      { ...input, module: 'default' },
      { ...input, csr: input.csr.replaceAll('\n', '\r\n') },
      { ...input, csr: `comment\n${input.csr.replaceAll('CERTIFICATE', 'NEW CERTIFICATE')}\n\n` },
      { ...input, type: ' ov multi domain ssl  SSLcom' },
      { ...input, sans: ['SHOP.example.org', 'xn--bcher-kva.example.com', 'www.example.com.'] },
      { ...input, dcvs: [...(input.dcvs ?? [])].reverse() },
      { ...input, dcv: { approverEmail: 'ADMIN@Example.com', method: 'email' } },
      { ...input, webServerType: 'NGINX' },
      { ...input, organization: { country: 'de', city: ' Berlin ' } },
      { ...input, contacts: {} },
    ];
    const wanted = fingerprintOrder(parse());
    expect(wanted).toMatch(/^[0-9a-f]{64}$/);
    for (const spelling of spellings) {
      const payload = orderPayloadSchema.parse(spelling);
      expect(fingerprintOrder(payload)).toBe(wanted);
      expect(listOrderDifferences(parse(), payload)).toEqual([]);
      expect(fingerprintOrder(checkOrder(payload).payload)).toBe(wanted);
    }
  });

  it('do not tell an empty list from none', () => {
    const { sans, dcvs, ...rest } = input;
    expect([sans?.length, dcvs?.length]).toEqual([3, 2]);
    const bare = orderPayloadSchema.parse(rest);
    expect(fingerprintOrder(parse({ sans: [], dcvs: [] }))).toBe(fingerprintOrder(bare));
  });
});

describe('different orders', () => {
  it('have different fingerprints, and the fields are named', () => {
    const changes: Partial<Input>[] = [
      { module: 'second' },
      { serviceId: '1002' },
      { type: 'Multi Domain SSL' },
      { years: 3 },
      { csr: otherCsr },
      { dcv: { method: 'dns' } },
      { dcv: { method: 'email', approverEmail: 'webmaster@example.com' } },
      { sans: ['www.example.com'] },
      { dcvs: [{ domain: 'www.example.com', method: 'http' }] },
      { webServerType: 'iis' },
      { organization: { city: 'Bonn', country: 'DE' } },
      { adminEmail: 'ops@example.com' },
      { contacts: { representative: { firstName: 'Ada' } } },
      { promotionCode: 'SPRING' },
    ];
    const fingerprints = new Set([fingerprintOrder(parse())]);
    for (const change of changes) {
      fingerprints.add(fingerprintOrder(parse(change)));
      expect(listOrderDifferences(parse(), parse(change))).toEqual(Object.keys(change));
      expect(listOrderDifferences(parse(change), parse())).toEqual(Object.keys(change));
    }
    expect(fingerprints.size).toBe(changes.length + 1);
  });

  it('are all named', () => {
    expect(
      listOrderDifferences(parse(), parse({ years: 1, csr: otherCsr, adminEmail: 'a@example.com' })),
    ).toEqual(['adminEmail', 'csr', 'years']);
  });

  it('can be compared even if their CSR cannot be read', () => {
    const [one, two] = ['no PEM', ' no PEM\n'].map((csr) => fingerprintOrder({ ...parse(), csr }));
    expect(one).toBe(two);
    expect(listOrderDifferences(parse(), { ...parse(), csr: 'no PEM' })).toEqual(['csr']);
  });
});

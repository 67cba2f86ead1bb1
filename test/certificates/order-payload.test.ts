import { beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  checkOrder,
  normalizeOrder,
  orderPayloadSchema,
  type CheckedOrder,
} from '../../src/certificates/order-payload.js';
import { InputError } from '../../src/errors.js';
import { makeCsr } from '../csr-fixtures.js';

type Input = z.input<typeof orderPayloadSchema>;

const CSRS = {
  plain: { commonName: 'example.com' },
  www: { commonName: 'www.example.com', sans: ['www.example.com', 'example.com'] },
  wildcard: { commonName: '*.example.com', sans: ['*.example.com', 'example.com'] },
  several: { commonName: 'example.com', sans: ['example.com', 'www.example.com', 'shop.example.org'] },
  company: { commonName: 'example.com', organization: 'Gleisdreieck Hosting GmbH', country: 'DE' },
  weak: { commonName: 'intranet', key: 'rsa-1024' },
} as const;
type CsrName = keyof typeof CSRS;

const csrs = new Map<CsrName, string>();
beforeAll(async () => {
  const names = Object.keys(CSRS) as CsrName[]; // Object.keys forgets the keys' type.
  for (const name of names) csrs.set(name, (await makeCsr(CSRS[name])).csr);
});

function compose(csr: CsrName, changes: Partial<Input> = {}): Input {
  return {
    ...{ serviceId: '1001', type: 'PositiveSSL', years: 1, csr: csrs.get(csr) ?? '', dcv: { method: 'dns' } },
    ...changes,
  };
}

function check(csr: CsrName, changes: Partial<Input> = {}): CheckedOrder {
  return checkOrder(orderPayloadSchema.parse(compose(csr, changes)));
}

function findFaults(csr: CsrName, changes: Partial<Input> = {}): readonly string[] {
  try {
    check(csr, changes);
  } catch (error) {
    if (error instanceof InputError) return error.faults;
    throw error;
  }
  return [];
}

describe('orderPayloadSchema', () => {
  it('fills in the module', () => {
    expect(orderPayloadSchema.parse(compose('plain')).module).toBe('default');
  });

  it.each([
    [{ serviceId: '' }, 'serviceId'],
    [{ serviceId: 'a b' }, 'serviceId'],
    [{ serviceId: 'x'.repeat(65) }, 'serviceId'],
    [{ serviceId: 1001 }, 'serviceId'],
    [{ module: '../x' }, 'module'],
    [{ years: 0 }, 'years'],
    [{ years: 6 }, 'years'],
    [{ years: 1.5 }, 'years'],
    [{ years: '1' }, 'years'],
    [{ csr: '' }, 'csr'],
    [{ csr: 'x'.repeat(32_768) }, 'csr'],
    [{ csr: '-----BEGIN RSA PRIVATE KEY-----' }, 'csr'],
    [{ dcv: undefined }, 'dcv'],
    [{ dcv: { method: 'email' } }, 'dcv.approverEmail'],
    [{ dcvs: [{ method: 'dns' }] }, 'dcvs.0.domain'],
    [{ sans: 'www.example.com' }, 'sans'],
    [{ webServerType: 'nginx2' }, 'webServerType'],
    [{ adminEmail: 'nobody' }, 'adminEmail'],
    [{ promotionCode: 'x'.repeat(21) }, 'promotionCode'],
    [{ organization: { phone: '1' } }, 'organization.phone'],
    [{ contacts: { admin: {} } }, 'contacts'],
    [{ approverEmail: 'admin@example.com' }, ''],
  ])('refuses %j', (changes, path) => {
    const { error } = orderPayloadSchema.safeParse({ ...compose('plain'), ...changes });
    expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  });

  it('never repeats a private key', () => {
    const { error } = orderPayloadSchema.safeParse(
      compose('plain', { csr: 'BEGIN PRIVATE KEY MC4CAQAwBQYDK2Vw' }),
    );
    expect(error?.message).toContain('must never be sent');
    expect(error?.message).not.toContain('MC4C');
  });

  it('takes back what checkOrder normalised', () => {
    const dcvs = [{ domain: 'SHOP.example.org', method: 'http' }] as const;
    const { payload } = check('several', {
      type: 'SAN Certificate',
      dcvs: [...dcvs],
      webServerType: 'NGINX',
    });
    expect(orderPayloadSchema.parse(JSON.parse(JSON.stringify(payload)))).toEqual(payload);
    expect(normalizeOrder(payload)).toEqual(payload);
    expect(payload.webServerType).toBe('nginx');
  });
});

describe('an order for one name', () => {
  it('is complete with a common name', () => {
    const order = check('plain', { type: ' positivessl  SSLcom', adminEmail: 'ops@example.com' });
    expect(order).toMatchObject({ commonName: 'example.com', sans: [], sansToAdd: 0 });
    expect(order.product.canonical).toBe('dv-single');
    expect(order.payload.type).toBe('positivessl SSLcom');
    expect(order.dcv).toEqual([{ domain: 'example.com', method: 'dns' }]);
    expect(order.activation).toEqual({ adminEmail: 'ops@example.com', extra: {} });
  });

  it('may ask for the www or bare twin, which needs no validation of its own', () => {
    expect(check('www')).toMatchObject({ sans: [], sansToAdd: 0 });
    expect(check('www').dcv).toEqual([{ domain: 'www.example.com', method: 'dns' }]);
    expect(check('plain', { sans: ['www.example.com', 'example.com'] }).sans).toEqual([]);
  });

  it('may not ask for more', () => {
    expect(findFaults('several')).toEqual([
      expect.stringMatching(/^csr: it asks for shop\.example\.org too.*multi-domain/),
    ]);
    expect(findFaults('plain', { sans: ['mail.example.com'] })).toEqual([
      expect.stringMatching(/^sans\[0\]: mail\./),
    ]);
    expect(findFaults('wildcard')).toEqual([
      expect.stringMatching(/^csr: this type cannot have the wildcard/),
      expect.stringMatching(/^csr: it asks for example\.com too/),
    ]);
  });
});

describe('an order for a wildcard', () => {
  it('is complete with a wildcard common name and its bare domain', () => {
    expect(check('wildcard', { type: 'PositiveSSL Wildcard' })).toMatchObject({
      commonName: '*.example.com',
      sans: [],
    });
  });

  it('needs a wildcard common name and another method than a file', () => {
    const type = 'Standard Wildcard SSL';
    expect(findFaults('plain', { type })).toEqual([
      expect.stringMatching(/^csr: .*such as \*\.example\.com/),
    ]);
    expect(findFaults('wildcard', { type, dcv: { method: 'http' } })).toEqual([
      expect.stringMatching(/^dcv\.method: /),
    ]);
    expect(findFaults('wildcard', { type, sans: ['example.org'] })).toEqual([
      expect.stringMatching(/^sans\[0\]: /),
    ]);
  });
});

describe('an order for several names', () => {
  const type = 'PositiveSSL Multi Domain';

  it('takes the names of the CSR', () => {
    const order = check('several', { type, sans: [] });
    expect(order).toMatchObject({ sans: ['www.example.com', 'shop.example.org'], sansToAdd: 0 });
    expect(order.dcv.map(({ domain }) => domain)).toEqual([
      'example.com',
      'www.example.com',
      'shop.example.org',
    ]);
  });

  it('prefers the names of the payload', () => {
    const sans = ['EXAMPLE.com', 'BÜCHER.example.com', 'a.example.org.', 'b.example.org'];
    const order = check('several', { type, sans });
    expect(order.sans).toEqual(['xn--bcher-kva.example.com', 'a.example.org', 'b.example.org']);
    expect(order.sansToAdd).toBe(1);
  });

  it('counts the names that are bought extra', () => {
    for (const count of [0, 1, 2, 3, 50, 99]) {
      const sans = Array.from({ length: count }, (_, index) => `n${index}.example.com`);
      expect(check('plain', { type, sans }).sansToAdd, `${count}`).toBe(Math.max(0, count - 2));
    }
    const sans = Array.from({ length: 100 }, (_, index) => `n${index}.example.com`);
    expect(findFaults('plain', { type, sans })).toEqual([expect.stringMatching(/^sans: 101 names/)]);
    expect(check('plain', { type, sans: ['example.com', ...sans.slice(1)] }).sansToAdd).toBe(97);
  });

  it('names what is wrong with each', () => {
    const sans = ['a.example.com', 'A.example.com', '192.0.2.1', '*.example.com', 'co.uk', 'mail.corp'];
    expect(findFaults('plain', { type, sans })).toEqual([
      expect.stringMatching(/^sans\[1\]: a\.example\.com is listed twice/),
      expect.stringMatching(/^sans\[2\]: .*IP address/),
      expect.stringMatching(/^sans\[4\]: .*public suffix/),
      expect.stringMatching(/^sans\[5\]: .*internal/),
      expect.stringMatching(/^sans\[3\]: .*wildcard/),
    ]);
  });

  it('validates each name by its own entry or by the one for all', () => {
    const dcv = { method: 'email', approverEmail: 'Admin@Example.com' } as const;
    const { dcv: choices } = check('several', {
      type,
      dcv,
      dcvs: [{ domain: 'Shop.example.org', method: 'http' }],
    });
    expect(choices).toEqual([
      { domain: 'example.com', method: 'email', approverEmail: 'admin@example.com' },
      { domain: 'www.example.com', method: 'email', approverEmail: 'admin@example.com' },
      { domain: 'shop.example.org', method: 'http' },
    ]);
    expect(findFaults('several', { type, dcv })).toEqual([
      expect.stringMatching(/^dcv\.approverEmail: .*dcvs$/),
    ]);
  });
});

describe('an order with an organisation', () => {
  it('is checked by its level before it is bought', () => {
    expect(findFaults('plain', { type: 'InstantSSL' })).toEqual([expect.stringMatching(/^organization: /)]);
    expect(findFaults('plain', { type: 'EV SSL', organization: {} })).toHaveLength(7);
    expect(findFaults('company', { type: 'EV SSL', organization: { country: 'DE' } })).toHaveLength(5);
  });

  it("hands on the API's parameters, with the name from the CSR if need be", () => {
    const order = check('company', {
      type: 'InstantSSL',
      organization: { city: 'Berlin' },
      webServerType: 'iis',
    });
    expect(order.csr.subject.O).toBe('Gleisdreieck Hosting GmbH');
    expect(order.activation).toEqual({ webServerType: 'iis', extra: { AdminCity: 'Berlin' } });
  });

  it('sends nothing of it for DV', () => {
    expect(check('company', { organization: { city: 'Berlin' } }).activation.extra).toEqual({});
  });
});

describe('the faults', () => {
  it('are all told at once', () => {
    const faults = findFaults('weak', { type: 'QuickSSL' });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['csr', 'csr', 'type']);
    expect(faults.at(-1)).toContain('Standard SSL, Standard Wildcard SSL');
    expect(findFaults('weak', { type: 'EV SSL' }).map((fault) => fault.split(':')[0])).toEqual([
      'csr',
      'csr',
      'organization',
    ]);
    const dcv = { method: 'email', approverEmail: 'me@example.com' } as const;
    expect(findFaults('plain', { sans: ['x.example.org'], dcv })).toHaveLength(2);
  });

  it('include more years than the product is sold for', () => {
    const payload = { ...orderPayloadSchema.parse(compose('plain')), years: 6 };
    expect(() => checkOrder(payload)).toThrow('years: PositiveSSL is sold for 5 years at most');
  });

  it('stand in the message, with the service', () => {
    expect(() => check('plain', { serviceId: 'srv-9', type: 'x' })).toThrow(
      /service srv-9 is not valid: type: "x"/,
    );
  });
});

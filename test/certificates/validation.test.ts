import { describe, expect, it } from 'vitest';
import {
  chooseValidation,
  dcvSchema,
  listApproverEmails,
  listDcvFaults,
  namedDcvSchema,
  normalizeDcv,
  type Dcv,
} from '../../src/certificates/validation.js';

const email = (approverEmail: string): Dcv => ({ method: 'email', approverEmail });

describe('dcvSchema', () => {
  it.each([{ method: 'dns' }, { method: 'http' }, { method: 'email', approverEmail: 'admin@example.com' }])(
    'takes %j',
    (dcv) => {
      expect(dcvSchema.parse(dcv)).toEqual(dcv);
      expect(namedDcvSchema.parse({ ...dcv, domain: 'example.com' })).toEqual({
        ...dcv,
        domain: 'example.com',
      });
    },
  );

  it.each([
    [{}, 'method'],
    [{ method: 'cname' }, 'method'],
    [{ method: 'email' }, 'approverEmail'],
    [{ method: 'dns', approverEmail: 'admin@example.com' }, 'approverEmail'],
    [{ method: 'http', approverEmail: 'admin@example.com' }, 'approverEmail'],
    [{ method: 'dns', host: 'x' }, undefined],
    [{ method: 'email', approverEmail: `${'a'.repeat(255)}@example.com` }, 'approverEmail'],
  ])('refuses %j', (dcv, field) => {
    expect(dcvSchema.safeParse(dcv).error?.issues.map(({ path }) => path[0])).toEqual([field]);
  });
});

describe('listApproverEmails', () => {
  it('goes from the registered domain down to the name', () => {
    const emails = listApproverEmails('*.a.shop.example.co.uk');
    expect(emails).toHaveLength(15);
    expect(emails.slice(0, 5)).toEqual(
      ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'].map(
        (box) => `${box}@example.co.uk`,
      ),
    );
    expect(emails.slice(5).map((address) => address.split('@')[1])).toEqual([
      ...Array<string>(5).fill('shop.example.co.uk'),
      ...Array<string>(5).fill('a.shop.example.co.uk'),
    ]);
  });

  it('knows none for a public suffix', () => {
    expect(listApproverEmails('co.uk')).toEqual([]);
  });
});

describe('listDcvFaults', () => {
  it.each([
    ['example.com', { method: 'dns' }],
    ['example.com', { method: 'http' }],
    ['*.example.com', { method: 'dns' }],
    ['www.example.com', email('admin@example.com')],
    ['www.example.com', email('webmaster@www.example.com')],
    ['*.example.com', email('postmaster@example.com')],
  ] as const)('%s may be validated by %j', (name, dcv) => {
    expect(listDcvFaults(name, dcv, 'dcv')).toEqual([]);
  });

  it.each([
    ['*.example.com', { method: 'http' }, /^dcv\.method: .*use dns or email/],
    [
      'example.com',
      email('info@example.com'),
      /^dcv\.approverEmail: info@example\.com may not .*admin@example\.com/,
    ],
    ['example.com', email('admin@example.org'), /^dcv\.approverEmail/],
    ['example.com', email('admin@www.example.com'), /^dcv\.approverEmail/],
    ['example.co.uk', email('admin@co.uk'), /^dcv\.approverEmail/],
    ['example.com', email('admin'), /^dcv\.approverEmail/],
    ['example.com', email(''), /^dcv\.approverEmail/],
  ] as const)('%s may not be validated by %j', (name, dcv, fault) => {
    expect(listDcvFaults(name, dcv, 'dcv')).toEqual([expect.stringMatching(fault)]);
  });
});

it('normalises an address', () => {
  expect(normalizeDcv(email(' Admin@BÜCHER.de'))).toEqual(email('admin@xn--bcher-kva.de'));
  expect(normalizeDcv(email('Nobody'))).toEqual(email('nobody'));
  expect(normalizeDcv({ method: 'dns' })).toEqual({ method: 'dns' });
});

describe('chooseValidation', () => {
  const names = ['example.com', 'www.example.com', 'shop.example.org'];

  it('takes the own entry of a name, else the choice for all', () => {
    const faults: string[] = [];
    const own = { domain: 'shop.example.org', method: 'dns' } as const;
    expect(chooseValidation(names, email('admin@example.com'), [own], faults)).toEqual([
      { domain: 'example.com', method: 'email', approverEmail: 'admin@example.com' },
      { domain: 'www.example.com', method: 'email', approverEmail: 'admin@example.com' },
      own,
    ]);
    expect(faults).toEqual([]);
  });

  it('says which name needs an entry of its own', () => {
    const faults: string[] = [];
    chooseValidation(names, email('admin@example.com'), undefined, faults);
    expect(faults).toEqual([
      expect.stringMatching(/admin@example\.org.*shop\.example\.org an entry of its own in dcvs/),
    ]);
  });

  it('refuses entries that fit no name', () => {
    const faults: string[] = [];
    const domains = ['shop.example.org', 'shop.example.org', 'example.com', 'example.net'];
    chooseValidation(
      names,
      { method: 'dns' },
      domains.map((domain) => ({ domain, method: 'dns' })),
      faults,
    );
    expect(faults).toEqual([
      expect.stringMatching(/^dcvs\[1\]\.domain: .*twice/),
      expect.stringMatching(/^dcvs\[2\]\.domain: .*common name/),
      expect.stringMatching(/^dcvs\[3\]\.domain: .*not among/),
    ]);
  });
});

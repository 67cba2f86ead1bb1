import { describe, expect, it } from 'vitest';
import { catchNamecheapError, connect, readFixture, startWire, type Wire } from './wire.js';
import type { Namecheap } from '../../src/namecheap/api.js';

async function serve(fixture: string): Promise<{ wire: Wire; client: Namecheap }> {
  const wire = await startWire(readFixture(fixture));
  return { wire, client: connect(wire.endpoint) };
}

/** The parameters of the only request, without credentials. */
function readSent({ requests }: Wire): Record<string, string> {
  expect(requests).toHaveLength(1);
  const form = new Map(requests[0]?.form ?? []);
  for (const name of ['ApiUser', 'ApiKey', 'UserName', 'ClientIp']) expect(form.delete(name)).toBe(true);
  return Object.fromEntries(form);
}

const LEAF = '-----BEGIN CERTIFICATE-----\nTEVBRg==\n-----END CERTIFICATE-----\n';
const ISSUERS = ['SVNTVUVSMQ==', 'SVNTVUVSMg=='].map(
  (body) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
);

describe('ssl.getInfo', () => {
  it('gives the certificate, leaf first wherever it stands', async () => {
    const { wire, client } = await serve('get-info.active.xml');
    expect(await client.getInfo({ certificateId: 5550101, withCertificate: true })).toEqual({
      certificateId: 5550101,
      status: 'active',
      statusDescription: 'Certificate is Active.',
      type: 'standard ssl',
      years: 1,
      orderId: 7310021,
      replacedBy: null,
      sansCount: 0,
      csr: '-----BEGIN CERTIFICATE REQUEST-----\nTUlDUkVRVUVTVA==\n-----END CERTIFICATE REQUEST-----',
      commonName: 'cranberry.example',
      approverEmail: 'CNAMECSRHASH',
      certificate: LEAF,
      chain: ISSUERS,
    });
    expect(readSent(wire)).toEqual({
      Command: 'namecheap.ssl.getInfo',
      CertificateID: '5550101',
      Returncertificate: 'true',
      Returntype: 'Individual',
    });
  });

  it('gives the next id of a replaced certificate', async () => {
    const { wire, client } = await serve('get-info.replaced.xml');
    expect(await client.getInfo({ certificateId: 5550101 })).toMatchObject({
      status: 'replaced',
      replacedBy: 5550177,
      sansCount: 2,
      years: null,
      csr: null,
      certificate: null,
      chain: [],
    });
    expect(readSent(wire)).toEqual({ Command: 'namecheap.ssl.getInfo', CertificateID: '5550101' });
  });

  it('reads zeros, empty and absent values as not told', async () => {
    const { client } = await serve('get-info.newpurchase.xml');
    expect(await client.getInfo({ certificateId: 5550102 })).toMatchObject({
      status: 'newpurchase',
      replacedBy: null,
      orderId: null,
      sansCount: null,
      years: 2,
      commonName: null,
      approverEmail: null,
    });
  });
});

describe('ssl.getList', () => {
  it('gives rows with ISO dates, and the paging', async () => {
    const { wire, client } = await serve('get-list.many.xml');
    const page = await client.getList({
      listType: 'NewPurchase',
      page: 2,
      pageSize: 10,
      sortBy: 'PURCHASEDATE_DESC',
      searchTerm: 'berry',
    });
    expect(page).toMatchObject({ totalItems: 12, currentPage: 1, pageSize: 10 });
    expect(page.rows).toEqual([
      {
        certificateId: 5550101,
        hostName: 'cranberry.example',
        type: 'Standard SSL',
        status: 'active',
        years: 1,
        providerOrderId: 'co-0444',
        purchaseDate: '2026-11-02',
        expireDate: '2027-05-09',
      },
      {
        certificateId: 5550102,
        hostName: '',
        type: 'positivessl',
        status: 'newpurchase',
        years: null,
        providerOrderId: null,
        purchaseDate: null,
        expireDate: null,
      },
    ]);
    expect(readSent(wire)).toEqual({
      Command: 'namecheap.ssl.getList',
      ListType: 'NewPurchase',
      Page: '2',
      PageSize: '10',
      SortBy: 'PURCHASEDATE_DESC',
      SearchTerm: 'berry',
    });
  });

  it('gives a single row as a list, and an empty list', async () => {
    const one = await (await serve('get-list.one.xml')).client.getList({ listType: 'ALL' });
    expect(one.rows).toEqual([
      {
        certificateId: 5550103,
        hostName: '',
        type: 'Standard SSL',
        status: 'newpurchase',
        years: null,
        providerOrderId: null,
        purchaseDate: '2026-01-02',
        expireDate: null,
      },
    ]);
    expect(await (await serve('get-list.empty.xml')).client.getList({ listType: 'ALL' })).toEqual({
      rows: [],
      totalItems: 0,
      currentPage: 1,
      pageSize: 20,
    });
  });

  it('does not take a page without paging for a complete one', async () => {
    const wire = await startWire(readFixture('get-list.one.xml').replace(/<Paging>.*<\/Paging>/, ''));
    expect(await catchNamecheapError(connect(wire.endpoint).getList({ listType: 'ALL' }))).toMatchObject({
      errorClass: 'transient',
      outcome: 'not-made',
      verdict: 'retry',
    });
  });
});

it('ssl.getApproverEmailList gives the addresses by kind', async () => {
  const { wire, client } = await serve('get-approver-email-list.xml');
  expect(await client.getApproverEmailList({ domain: 'cranberry.example', type: 'Standard SSL' })).toEqual({
    domain: 'cranberry.example',
    domainEmails: [],
    genericEmails: ['admin@cranberry.example', 'hostmaster@cranberry.example'],
    manualEmails: ['owner@cranberry.example'],
  });
  expect(readSent(wire)).toEqual({
    Command: 'namecheap.ssl.getApproverEmailList',
    DomainName: 'cranberry.example',
    CertificateType: 'Standard SSL',
  });
});

it('ssl.parseCSR gives the fields', async () => {
  const { wire, client } = await serve('parse-csr.xml');
  expect(await client.parseCsr({ csr: 'a csr', type: 'Standard SSL' })).toEqual({
    commonName: 'cranberry.example',
    domainName: 'cranberry.example',
    organisation: 'Berry & Sons',
    organisationUnit: '',
    locality: 'Tallinn',
    state: 'Harju',
    country: 'EE',
    email: 'it@cranberry.example',
    isValidTrueDomain: true,
  });
  expect(readSent(wire)).toEqual({
    Command: 'namecheap.ssl.parseCSR',
    csr: 'a csr',
    CertificateType: 'Standard SSL',
  });
});

it('users.getBalances gives amounts as they were written', async () => {
  const { wire, client } = await serve('get-balances.xml');
  expect(await client.getBalances()).toEqual({
    currency: 'USD',
    availableBalance: '431.0700',
    accountBalance: '-2.50',
    fundsRequiredForAutoRenew: '0.00',
  });
  expect(readSent(wire)).toEqual({ Command: 'namecheap.users.getBalances' });
});

it('users.getPricing gives one price per product, action and year', async () => {
  const { wire, client } = await serve('get-pricing.xml');
  expect(await client.getPricing({ action: 'RENEW', productName: 'ov-ssl' })).toEqual([
    {
      product: 'standard-ssl',
      category: 'purchase',
      action: 'PURCHASE',
      years: 1,
      price: '9.9900',
      total: '9.9900',
      regularPrice: '12.0000',
      yourPrice: '9.9900',
      currency: 'USD',
    },
    {
      product: 'standard-ssl',
      category: 'purchase',
      action: 'PURCHASE',
      years: 2,
      price: '18.5000',
      total: null,
      regularPrice: '18.5000',
      yourPrice: '18.5000',
      currency: null,
    },
    {
      product: 'standard-ssl',
      category: 'purchase',
      action: 'PURCHASE',
      years: 3,
      price: '9.2500',
      total: '27.7500',
      regularPrice: '9.2500',
      yourPrice: '9.2500',
      currency: 'USD',
    },
    {
      product: 'standard-ssl',
      category: 'purchase',
      action: 'PURCHASE',
      years: 4,
      price: '36.0000',
      total: '36.0000',
      regularPrice: '36.0000',
      yourPrice: '36.0000',
      currency: 'USD',
    },
    {
      product: 'ov-ssl',
      category: 'example-ca',
      action: 'RENEW',
      years: 1,
      price: '60.0000',
      total: '60.0000',
      regularPrice: '60.0000',
      yourPrice: '55.0000',
      currency: 'USD',
    },
  ]);
  expect(readSent(wire)).toEqual({
    Command: 'namecheap.users.getPricing',
    ProductType: 'SSLCERTIFICATE',
    ActionName: 'RENEW',
    ProductName: 'ov-ssl',
  });
});

describe('a read', () => {
  it.each([[500], [503], [403]])('that ends with HTTP %i is harmless and repeated', async (status) => {
    const wire = await startWire((response) => response.writeHead(status).end('<html></html>'));
    expect(await catchNamecheapError(connect(wire.endpoint).getBalances())).toMatchObject({
      kind: 'read',
      errorClass: 'transient',
      outcome: 'not-made',
      verdict: 'retry',
      httpStatus: status,
    });
    expect(wire.requests).toHaveLength(1);
  });

  it.each([[405], [429]])('that ends with HTTP %i waits', async (status) => {
    const wire = await startWire((response) => response.writeHead(status).end());
    expect(await catchNamecheapError(connect(wire.endpoint).getBalances())).toMatchObject({
      errorClass: 'throttle',
      outcome: 'not-made',
      verdict: 'wait',
      delayMs: 60_000,
    });
  });

  it('is not satisfied with the answer to another command', async () => {
    const { client } = await serve('get-balances.xml');
    expect(await catchNamecheapError(client.getInfo({ certificateId: 1 }))).toMatchObject({
      errorClass: 'transient',
      outcome: 'not-made',
    });
  });

  it('refuses impossible input before anything is sent', async () => {
    const { wire, client } = await serve('get-info.active.xml');
    for (const certificateId of [0, -1, 1.5]) {
      expect(await catchNamecheapError(client.getInfo({ certificateId }))).toMatchObject({
        errorClass: 'input',
        verdict: 'fail',
      });
    }
    expect(wire.requests).toHaveLength(0);
  });
});

describe('hooks', () => {
  it('are told the end of a call before its caller', async () => {
    const told: string[] = [];
    const hooks = {
      onSuccess: () => Promise.resolve(void told.push('success')),
      onFailure: ({ errorClass }: { errorClass: string }) => Promise.resolve(void told.push(errorClass)),
    };
    const good = await startWire(readFixture('get-balances.xml'));
    await connect(good.endpoint, { hooks }).getBalances();
    const throttled = await startWire((response) => response.writeHead(405).end());
    await catchNamecheapError(connect(throttled.endpoint, { hooks }).getBalances());
    expect(told).toEqual(['success', 'throttle']);
  });

  it('that throw do not change what an answer means', async () => {
    const hooks = {
      onExchange: (): void => {
        throw new Error('the log is full');
      },
      onSuccess: () => Promise.reject(new Error('Redis is away')),
      onFailure: () => Promise.reject(new Error('Redis is away')),
    };
    const good = await startWire(readFixture('create.ok.xml'));
    expect(
      (await connect(good.endpoint, { hooks }).create({ type: 'Standard SSL', years: 1 })).certificateId,
    ).toBe(5550101);
    const bad = await startWire(readFixture('error.api-key.xml'));
    expect(await catchNamecheapError(connect(bad.endpoint, { hooks }).getBalances())).toMatchObject({
      errorClass: 'config',
      verdict: 'pause',
    });
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import {
  buy,
  buyAndActivate,
  call,
  command,
  credentialsOf,
  readAnswer,
  readAttributes,
  readTexts,
  start,
  type Fields,
} from './client.js';
import { breakSignature, makeCsr, type TestCsr } from './csr.js';

let shop: TestCsr;
let wildcard: TestCsr;

beforeAll(async () => {
  shop = await makeCsr('CN=shop.example');
  wildcard = await makeCsr('CN=*.zoo.example');
});

describe('ssl.getList', () => {
  async function list(sandbox: Sandbox, fields: Fields = {}) {
    const { raw, numbers } = await call(sandbox, 'ssl.getList', fields);
    const rows = readAttributes(raw, 'SSL');
    return { raw, numbers, rows, ids: rows.map((row) => Number(row['CertificateID']) - 9_000_000) };
  }

  async function fill(sandbox: Sandbox): Promise<void> {
    await buy(sandbox, 'PositiveSSL');
    await buyAndActivate(sandbox, 'EssentialSSL Wildcard', wildcard.pem);
    await command(sandbox, '/_clock', { advance: '1d' });
    await command(sandbox, '/_validation', { mode: 'never' });
    await buyAndActivate(sandbox, 'PositiveSSL', shop.pem, { Years: '3' });
  }

  test('is an empty element for an empty account', async () => {
    await using sandbox = await start();
    const { raw } = await list(sandbox);
    expect(raw).toContain('<SSLListResult/>');
    expect(readTexts(raw, 'TotalItems')).toEqual(['0']);
  });

  test('shows each certificate in lower case, with padded dates', async () => {
    await using sandbox = await start({ now: () => Date.UTC(2027, 0, 5) });
    await fill(sandbox);
    const { rows } = await list(sandbox);
    expect(rows).toEqual([
      {
        CertificateID: '9000001',
        HostName: '',
        SSLType: 'standard ssl',
        PurchaseDate: '01/05/2027',
        ExpireDate: '',
        ActivationExpireDate: '01/05/2028',
        IsExpiredYN: 'false',
        Status: 'newpurchase',
        ProviderOrderID: '',
        Years: '1',
      },
      expect.objectContaining({
        HostName: '*.zoo.example',
        SSLType: 'standard wildcard ssl',
        ExpireDate: '07/22/2027',
        ActivationExpireDate: '',
        Status: 'active',
        ProviderOrderID: '500002',
      }),
      expect.objectContaining({
        HostName: 'shop.example',
        PurchaseDate: '01/06/2027',
        Status: 'purchased',
        Years: '3',
      }),
    ]);
    await command(sandbox, '/_clock', { advance: '199d' });
    expect((await list(sandbox, { ListType: 'active' })).rows).toEqual([
      expect.objectContaining({ CertificateID: '9000002', IsExpiredYN: 'true' }),
    ]);
  });

  test.each<[Fields, number[]]>([
    [{ ListType: 'NewPurchase' }, [1]],
    [{ ListType: 'newrenewal' }, []],
    [{ ListType: 'Processing' }, [3]],
    [{ ListType: 'ALL', SortBy: 'PURCHASEDATE_DESC' }, [3, 2, 1]],
    [{ SortBy: 'Host_Name' }, [1, 2, 3]],
    [{ SortBy: 'Host_Name_DESC' }, [3, 2, 1]],
    [{ SortBy: 'SSLTYPE' }, [1, 3, 2]],
    [{ SortBy: 'EXPIREDATETIME_DESC' }, [2, 3, 1]],
    [{ SearchTerm: 'ZOO' }, [2]],
    [{ SearchTerm: 'standard ssl' }, [1, 3]],
  ])('with %o lists %o', async (fields, ids) => {
    await using sandbox = await start();
    await fill(sandbox);
    expect((await list(sandbox, fields)).ids).toEqual(ids);
  });

  test('pages', async () => {
    await using sandbox = await start();
    for (let count = 0; count < 23; count += 1) await buy(sandbox, 'PositiveSSL');
    const first = await list(sandbox);
    expect(first.rows).toHaveLength(20);
    expect(readTexts(first.raw, 'TotalItems')).toEqual(['23']);
    const third = await list(sandbox, { PageSize: '10', Page: '3' });
    expect(third.ids).toEqual([21, 22, 23]);
    expect(readTexts(third.raw, 'CurrentPage')).toEqual(['3']);
    expect(readTexts(third.raw, 'PageSize')).toEqual(['10']);
    expect((await list(sandbox, { PageSize: '10', Page: '4' })).ids).toEqual([]);
  });

  test.each<[Fields, number]>([
    [{ ListType: 'Lost' }, 2011272],
    [{ PageSize: '9' }, 2013900],
    [{ PageSize: '101' }, 2013900],
    [{ Page: '0' }, 2013900],
    [{ Page: 'last' }, 2011900],
    [{ SortBy: 'COLOUR' }, 2011900],
    [{ SearchTerm: 'x'.repeat(71) }, 2013900],
  ])('refuses %o', async (fields, number) => {
    await using sandbox = await start();
    expect((await list(sandbox, fields)).numbers).toEqual([number]);
  });
});

describe('ssl.getApproverEmailList', () => {
  test('gives five mailboxes at the name and at its parents', async () => {
    await using sandbox = await start();
    const fields = { DomainName: 'a.shop.co.uk', CertificateType: 'PositiveSSL' };
    const { raw } = await call(sandbox, 'ssl.getApproverEmailList', fields);
    const emails = readTexts(raw, 'email');
    expect(emails).toHaveLength(10);
    expect(emails).toContain('admin@a.shop.co.uk');
    expect(emails).toContain('webmaster@shop.co.uk');
    expect(raw).toContain('<Domainemails/>');
  });

  test.each<[Fields, number[]]>([
    [{}, [2011166, 2011300]],
    [{ DomainName: 'localhost', CertificateType: 'PositiveSSL' }, [2011166]],
    [{ DomainName: `${'x'.repeat(70)}.example`, CertificateType: 'PositiveSSL' }, [2011166]],
    [{ DomainName: 'shop.example', CertificateType: 'NegativeSSL' }, [2011300]],
    [{ DomainName: 'shop.example', CertificateType: 'RapidSSL' }, [2011301]],
  ])('refuses %o', async (fields, numbers) => {
    await using sandbox = await start();
    const answer = await call(sandbox, 'ssl.getApproverEmailList', fields);
    expect(answer.numbers).toEqual(numbers);
    expect(answer.raw).toContain('<CommandResponse Type="namecheap.ssl.getApproverEmailList"/>');
  });
});

describe('ssl.parseCSR', () => {
  test('reads the subject, escaping what XML needs', async () => {
    await using sandbox = await start();
    const { pem } = await makeCsr('CN=bank.example, O=Smith & Sons <Ltd>, OU=IT, L=Mesa, ST=AZ, C=US');
    const { raw } = await call(sandbox, 'ssl.parseCSR', { CSR: pem, CertificateType: 'InstantSSL' });
    expect(readTexts(raw, 'CommonName')).toEqual(['bank.example']);
    expect(readTexts(raw, 'Organisation')).toEqual(['Smith &amp; Sons &lt;Ltd&gt;']);
    expect(readTexts(raw, 'ValidTrueDomain')).toEqual(['true']);
    expect(readTexts(raw, 'Country')).toEqual(['US']);
  });

  test.each<[string, () => Fields, number]>([
    ['nothing', () => ({}), 2010296],
    ['nonsense', () => ({ csr: 'CSR' }), 3022296],
    ['a broken signature', () => ({ csr: breakSignature(shop) }), 3011296],
    ['a long CSR', () => ({ csr: 'x'.repeat(2001) }), 2013296],
    ['an unknown type', () => ({ csr: shop.pem, CertificateType: 'x' }), 2011300],
  ])('refuses %s', async (_name, fields, number) => {
    await using sandbox = await start();
    expect((await call(sandbox, 'ssl.parseCSR', fields())).numbers).toEqual([number]);
  });

  test('refuses GET', async () => {
    await using sandbox = await start();
    const query = new URLSearchParams({
      ...credentialsOf(sandbox),
      Command: 'namecheap.ssl.parseCSR',
      csr: shop.pem,
    });
    const answer = await readAnswer(await fetch(`${sandbox.url}?${query.toString()}`));
    expect(answer.numbers).toEqual([5050900]);
  });
});

describe('ssl.editDCVMethod', () => {
  async function activate(sandbox: Sandbox, type: string, csr: TestCsr, fields: Fields = {}) {
    await command(sandbox, '/_validation', { mode: 'never' });
    const CertificateID = await buy(sandbox, type);
    const sent = { CertificateID, CSR: csr.pem, DNSDCValidation: 'true', ...fields };
    const { raw } = await call(sandbox, 'ssl.activate', sent);
    return { CertificateID, raw };
  }

  test('gives the same values again, in its own shape', async () => {
    await using sandbox = await start();
    const { CertificateID, raw: before } = await activate(sandbox, 'PositiveSSL', shop);
    const fields = { CertificateID, DCVMethod: 'CNAME_CSR_HASH' };
    const { raw } = await call(sandbox, 'ssl.editDCVMethod', fields);
    expect(readAttributes(raw, 'SSLEditDCVMethodResult')).toEqual([{ ID: CertificateID, IsSuccess: 'true' }]);
    expect(readTexts(raw, 'Target')).toEqual(readTexts(before, 'Target'));
    expect(readTexts(raw, 'HostName')).toEqual(readTexts(before, 'HostName'));
    expect(readTexts(raw, 'FileName')).toEqual(['']);
    expect(readAttributes(raw, 'HttpDCValidation')).toEqual([{ ValueAvailable: 'false' }]);
    expect(raw).not.toContain('<DNS ');
  });

  test('changes the methods of a multi-domain certificate', async () => {
    await using sandbox = await start();
    const { CertificateID } = await activate(sandbox, 'SAN Certificate', shop, {
      DNSNames: 'b.example,c.example',
    });
    const { raw } = await call(sandbox, 'ssl.editDCVMethod', {
      CertificateID,
      DNSNames: 'shop.example,b.example,c.example',
      DCVMethods: 'http_csr_hash,CNAME_CSR_HASH,admin@c.example',
    });
    expect(readAttributes(raw, 'Domains').slice(1)).toEqual([
      { Name: 'shop.example', IsSuccess: 'true', DCVMethodSet: 'HTTP_CSR_HASH' },
      { Name: 'b.example', IsSuccess: 'true', DCVMethodSet: 'CNAME_CSR_HASH' },
      { Name: 'c.example', IsSuccess: 'true', DCVMethodSet: 'admin@c.example' },
    ]);
    expect(readTexts(raw, 'HostName')[0]).toMatch(/\.b\.example$/u);
    expect(readTexts(raw, 'FileName')[0]).toMatch(/^[0-9A-F]{32}\.txt$/u);
  });

  test('sets what it can of a multi-domain certificate, and tells which name it could not', async () => {
    await using sandbox = await start();
    const { CertificateID } = await activate(sandbox, 'SAN Certificate', shop, { DNSNames: 'b.example' });
    const { raw, numbers } = await call(sandbox, 'ssl.editDCVMethod', {
      CertificateID,
      DNSNames: 'shop.example,b.example',
      DCVMethods: 'HTTP_CSR_HASH,admin@other.example',
    });
    expect(numbers).toEqual([]);
    expect(readAttributes(raw, 'Domains').slice(1)).toEqual([
      { Name: 'shop.example', IsSuccess: 'true', DCVMethodSet: 'HTTP_CSR_HASH' },
      { Name: 'b.example', IsSuccess: 'false', DCVMethodSet: 'CNAME_CSR_HASH' },
    ]);
    expect(readTexts(raw, 'HostName')[0]).toMatch(/\.b\.example$/u);
  });

  test.each<[string, () => TestCsr, Fields, number]>([
    ['PositiveSSL', () => shop, {}, 2010784],
    ['PositiveSSL', () => shop, { DNSNames: 'shop.example', DCVMethods: 'CNAME_CSR_HASH' }, 2010784],
    ['PositiveSSL', () => shop, { DCVMethod: 'HTTP_CSR_HASH', DCVMethods: 'x' }, 2011784],
    ['PositiveSSL', () => shop, { DCVMethod: 'HTTPCSRHASH' }, 3011295],
    ['PositiveSSL', () => shop, { DCVMethod: 'admin@other.example' }, 3011295],
    ['EssentialSSL Wildcard', () => wildcard, { DCVMethod: 'HTTP_CSR_HASH' }, 3011784],
    ['SAN Certificate', () => shop, { DCVMethod: 'HTTP_CSR_HASH' }, 2010784],
    [
      'SAN Certificate',
      () => shop,
      { DNSNames: 'shop.example', DCVMethods: 'HTTP_CSR_HASH,HTTP_CSR_HASH' },
      2010767,
    ],
    ['SAN Certificate', () => shop, { DNSNames: 'b.example', DCVMethods: 'HTTP_CSR_HASH' }, 2011767],
    ['SAN Certificate', () => shop, { DNSNames: 'shop.example', DCVMethods: 'POST' }, 3011784],
  ])('refuses, for %s, %o', async (type, csr, fields, number) => {
    await using sandbox = await start();
    const { CertificateID } = await activate(sandbox, type, csr());
    const answer = await call(sandbox, 'ssl.editDCVMethod', { CertificateID, ...fields });
    expect(answer.numbers).toEqual([number]);
    expect(readAttributes(answer.raw, 'SSLEditDCVMethodResult')).toEqual([{ ID: '0', IsSuccess: 'false' }]);
  });

  test('refuses certificates that are not being validated', async () => {
    await using sandbox = await start();
    const fields = { CertificateID: await buy(sandbox, 'PositiveSSL'), DCVMethod: 'CNAME_CSR_HASH' };
    expect((await call(sandbox, 'ssl.editDCVMethod', fields)).numbers).toEqual([2011331]);
  });
});

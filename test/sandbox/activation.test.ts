import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { buy, call, command, readAttributes, readLedger, readTexts, start, type Fields } from './client.js';
import { breakSignature, makeCsr, type TestCsr } from './csr.js';

let single: TestCsr;
let wildcard: TestCsr;
let organization: TestCsr;

beforeAll(async () => {
  single = await makeCsr('CN=shop.example');
  wildcard = await makeCsr('CN=*.shop.example');
  organization = await makeCsr('CN=bank.example, O=Bank Inc, C=US');
});

function hash(algorithm: string, csr: TestCsr): string {
  return createHash(algorithm).update(csr.der).digest('hex').toUpperCase();
}

describe('ssl.activate', () => {
  test('gives HTTP validation values made of the CSR', async () => {
    await using sandbox = await start();
    const id = await buy(sandbox, 'PositiveSSL');
    const fields = { CertificateID: id, CSR: single.pem, HTTPDCValidation: 'TRUE', UniqueValue: 'abc123' };
    const { raw } = await call(sandbox, 'ssl.activate', fields);
    expect(readAttributes(raw, 'SSLActivateResult')).toEqual([{ ID: id, IsSuccess: 'true' }]);
    expect(readAttributes(raw, 'DNS')).toEqual([{ domain: 'shop.example' }]);
    expect(readTexts(raw, 'FileName')).toEqual([`${hash('md5', single)}.txt`]);
    expect(readTexts(raw, 'FileContent')).toEqual([`${hash('sha256', single)} ssl.com abc123`]);
    expect(raw).toContain('<DNSDCValidation ValueAvailable="false"/>');
  });

  test('gives DNS values that differ from request to request', async () => {
    await using sandbox = await start();
    const targets: (string | undefined)[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const fields = { CertificateID: await buy(sandbox, 'EssentialSSL Wildcard'), CSR: wildcard.pem };
      const { raw } = await call(sandbox, 'ssl.activate', { ...fields, DNSDCValidation: 'true' });
      expect(readTexts(raw, 'HostName')).toEqual([`_${hash('md5', wildcard)}.shop.example`]);
      targets.push(readTexts(raw, 'Target')[0]);
    }
    expect(targets[0]).toMatch(/^[0-9A-F]{32}\.[0-9A-F]{32}\.[0-9a-f]+\.ssl\.com$/u);
    expect(targets[0]).not.toBe(targets[1]);
  });

  test('validates the names of a multi-domain certificate each in its own way', async () => {
    await using sandbox = await start();
    const id = await buy(sandbox, 'SAN Certificate');
    const { raw, numbers } = await call(sandbox, 'ssl.activate', {
      CertificateID: id,
      CSR: single.pem,
      ApproverEmail: 'CNAMECSRHASH',
      DNSNames: 'mail.shop.example,Cart.Shop.Example',
      DNSApproverEmails: 'HTTPCSRHASH,admin@shop.example',
    });
    expect(numbers).toEqual([]);
    expect(readAttributes(raw, 'DNS')).toEqual([{ domain: 'mail.shop.example' }, { domain: 'shop.example' }]);
    const { certificates } = await readLedger(sandbox);
    expect(certificates[0]).toMatchObject({
      commonName: 'shop.example',
      sans: ['mail.shop.example', 'cart.shop.example'],
      csrPublicKeyHash: createHash('sha256').update(single.publicKey).digest('hex'),
    });
  });

  test('answers nothing but success when all names are validated by e-mail', async () => {
    await using sandbox = await start();
    const id = await buy(sandbox, 'PositiveSSL');
    const fields = { CertificateID: id, CSR: single.pem, ApproverEmail: 'Webmaster@shop.example' };
    const { raw } = await call(sandbox, 'ssl.activate', fields);
    expect(raw).toContain(`<SSLActivateResult ID="${id}" IsSuccess="true"/>`);
  });

  test('refuses a second activation', async () => {
    await using sandbox = await start();
    await command(sandbox, '/_validation', { mode: 'never' });
    const fields = {
      CertificateID: await buy(sandbox, 'PositiveSSL'),
      CSR: single.pem,
      DNSDCValidation: 'true',
    };
    const both = await Promise.all([
      call(sandbox, 'ssl.activate', fields),
      call(sandbox, 'ssl.activate', fields),
    ]);
    expect(both.flatMap((answer) => answer.numbers)).toEqual([4011331]);
    expect(both.flatMap((answer) => answer.texts)).toEqual(['Status is InValid.']);
  });

  test('refuses an activation a year after the purchase', async () => {
    await using sandbox = await start();
    const id = await buy(sandbox, 'PositiveSSL');
    await command(sandbox, '/_clock', { advance: '366d' });
    const fields = { CertificateID: id, CSR: single.pem, DNSDCValidation: 'true' };
    expect((await call(sandbox, 'ssl.activate', fields)).numbers).toEqual([4020294]);
  });

  const dns = { DNSDCValidation: 'true' };
  test.each<[string, string, () => Fields, number]>([
    ['no CSR', 'PositiveSSL', () => dns, 2010296],
    ['a CSR that is none', 'PositiveSSL', () => ({ ...dns, CSR: 'CSR' }), 2011296],
    ['a long CSR', 'PositiveSSL', () => ({ ...dns, CSR: 'x'.repeat(32_768) }), 2013296],
    ['a broken signature', 'PositiveSSL', () => ({ ...dns, CSR: breakSignature(single) }), 3011296],
    ['a wildcard for a single-name type', 'PositiveSSL', () => ({ ...dns, CSR: wildcard.pem }), 2030296],
    [
      'a single name for a wildcard type',
      'EssentialSSL Wildcard',
      () => ({ ...dns, CSR: single.pem }),
      2011296,
    ],
    [
      'HTTP for a wildcard',
      'EssentialSSL Wildcard',
      () => ({ CSR: wildcard.pem, HTTPDCValidation: 'true' }),
      2011784,
    ],
    [
      'HTTP and DNS at once',
      'PositiveSSL',
      () => ({ ...dns, CSR: single.pem, HTTPDCValidation: 'true' }),
      2011784,
    ],
    ['a strange boolean', 'PositiveSSL', () => ({ CSR: single.pem, DNSDCValidation: 'yes' }), 2011784],
    ['no validation', 'PositiveSSL', () => ({ CSR: single.pem }), 2010295],
    [
      'an approver that is no address',
      'PositiveSSL',
      () => ({ CSR: single.pem, ApproverEmail: 'admin' }),
      2011295,
    ],
    [
      'a foreign approver',
      'PositiveSSL',
      () => ({ CSR: single.pem, ApproverEmail: 'admin@other.example' }),
      3011295,
    ],
    [
      'an unlisted mailbox',
      'PositiveSSL',
      () => ({ CSR: single.pem, ApproverEmail: 'me@shop.example' }),
      3011295,
    ],
    [
      'a method word for a single name',
      'PositiveSSL',
      () => ({ CSR: single.pem, ApproverEmail: 'HTTPCSRHASH' }),
      2011295,
    ],
    [
      'more names for a single one',
      'PositiveSSL',
      () => ({ ...dns, CSR: single.pem, DNSNames: 'a.example' }),
      2010767,
    ],
    [
      'too many names',
      'SAN Certificate',
      () => ({ ...dns, CSR: single.pem, DNSNames: 'a.example,b.example,c.example' }),
      2010767,
    ],
    ['an IP address', 'SAN Certificate', () => ({ ...dns, CSR: single.pem, DNSNames: '192.0.2.9' }), 2011767],
    [
      'an internal name',
      'SAN Certificate',
      () => ({ ...dns, CSR: single.pem, DNSNames: 'nas.local' }),
      2011767,
    ],
    [
      'a name twice',
      'SAN Certificate',
      () => ({ ...dns, CSR: single.pem, DNSNames: 'shop.example' }),
      2014296,
    ],
    [
      'names without approvers',
      'SAN Certificate',
      () => ({ CSR: single.pem, ApproverEmail: 'CNAMECSRHASH', DNSNames: 'a.example' }),
      2010767,
    ],
    [
      'an unknown web server',
      'PositiveSSL',
      () => ({ ...dns, CSR: single.pem, WebServerType: 'abacus' }),
      2011297,
    ],
    [
      'a long unique value',
      'PositiveSSL',
      () => ({ ...dns, CSR: single.pem, UniqueValue: 'x'.repeat(21) }),
      2013900,
    ],
    [
      'a strange unique value',
      'PositiveSSL',
      () => ({ ...dns, CSR: single.pem, UniqueValue: 'a b' }),
      2011900,
    ],
    [
      'a bad contact address',
      'PositiveSSL',
      () => ({ ...dns, CSR: single.pem, AdminEmailAddress: 'me' }),
      2011214,
    ],
    ['OV without organisation', 'High Assurance SSL', () => ({ ...dns, CSR: single.pem }), 2010396],
  ])('refuses %s and stays as it was', async (_name, type, fields, number) => {
    await using sandbox = await start();
    const id = await buy(sandbox, type);
    const answer = await call(sandbox, 'ssl.activate', { CertificateID: id, ...fields() });
    expect(answer.numbers).toEqual([number]);
    expect(answer.raw).toContain('<SSLActivateResult ID="0" IsSuccess="false"/>');
    expect((await readLedger(sandbox)).certificates[0]).toMatchObject({
      status: 'newpurchase',
      activatedAt: null,
    });
  });

  test.each<[string, number]>([
    ['', 2010294],
    ['12345678901', 2013294],
    ['9000009', 2011294],
    ['mine', 2011294],
  ])('refuses the certificate id "%s"', async (id, number) => {
    await using sandbox = await start();
    const fields = { CertificateID: id, CSR: single.pem, ...dns };
    expect((await call(sandbox, 'ssl.activate', fields)).numbers).toEqual([number]);
  });

  test('EV needs an address and the place of incorporation', async () => {
    await using sandbox = await start();
    const fields = { CertificateID: await buy(sandbox, 'EV SSL'), CSR: organization.pem, ...dns };
    const address = {
      AdminCountry: 'US',
      AdminStateProvince: 'AZ',
      AdminCity: 'Mesa',
      AdminAddress1: 'Main Street 1',
      AdminPostalCode: '85201',
    };
    const bare = await call(sandbox, 'ssl.activate', fields);
    expect(bare.numbers).toEqual([2010326, 2010326, 2010326, 2010326, 2010326]);
    expect((await call(sandbox, 'ssl.activate', { ...fields, ...address })).numbers).toEqual([2010667]);
    const whole = { ...fields, ...address, CompanyIncorporationCountry: 'US' };
    expect((await call(sandbox, 'ssl.activate', { ...whole, AdminPhone: '555' })).numbers).toEqual([2011212]);
    expect((await call(sandbox, 'ssl.activate', whole)).status).toBe('OK');
  });

  test('OV takes the organisation from the CSR', async () => {
    await using sandbox = await start();
    const id = await buy(sandbox, 'InstantSSL');
    const fields = { CertificateID: id, CSR: organization.pem, ...dns };
    expect((await call(sandbox, 'ssl.activate', fields)).status).toBe('OK');
  });
});

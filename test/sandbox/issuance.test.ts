import { beforeAll, describe, expect, test } from 'vitest';
import { readInfo, readLeaf } from './certificates.js';
import {
  admin,
  buy,
  buyAndActivate,
  call,
  command,
  readAttributes,
  readCertificates,
  readLedger,
  readTexts,
  start,
  type Fields,
} from './client.js';
import { makeCsr, type TestCsr } from './csr.js';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);

let single: TestCsr;

beforeAll(async () => {
  single = await makeCsr('CN=shop.example');
});

describe('the issued certificate', () => {
  test.each<['ec' | 'rsa', string, string, Fields, string[]]>([
    ['ec', 'PositiveSSL', 'shop.example', {}, ['shop.example', 'www.shop.example']],
    ['rsa', 'PositiveSSL', 'www.shop.example', {}, ['www.shop.example', 'shop.example']],
    ['ec', 'PositiveSSL', 'api.shop.example', {}, ['api.shop.example', 'www.api.shop.example']],
    ['rsa', 'EssentialSSL Wildcard', '*.shop.example', {}, ['*.shop.example', 'shop.example']],
    [
      'ec',
      'SAN Certificate',
      'shop.example',
      { DNSNames: 'b.example,c.example' },
      ['shop.example', 'b.example', 'c.example'],
    ],
  ])(
    'has the key of the %s CSR and the names of %s for %s',
    async (kind, type, commonName, fields, names) => {
      await using sandbox = await start();
      const csr = await makeCsr(`CN=${commonName}`, kind);
      const id = await buyAndActivate(sandbox, type, csr.pem, fields);
      const { leaf, intermediate, root } = await readLeaf(sandbox, id);
      expect(leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(csr.publicKey);
      expect(leaf.subject).toBe(`CN=${commonName}`);
      expect(leaf.subjectAltName).toBe(names.map((name) => `DNS:${name}`).join(', '));
      expect(leaf.ca).toBe(false);
      expect(leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey)).toBe(true);
      expect(intermediate.ca && intermediate.checkIssued(root) && intermediate.verify(root.publicKey)).toBe(
        true,
      );
      expect(root.verify(root.publicKey)).toBe(true);
      expect(intermediate.verify(intermediate.publicKey)).toBe(false);
    },
  );

  test('is the same one at every look', async () => {
    await using sandbox = await start();
    const id = await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    const [first, second] = await Promise.all([readLeaf(sandbox, id), readLeaf(sandbox, id)]);
    expect(first.leaf.fingerprint256).toBe(second.leaf.fingerprint256);
  });

  test('begins when its validation completed and lasts 198 days', async () => {
    await using sandbox = await start({ now: () => NOON, validationDelayMs: 90_000 });
    const id = await buyAndActivate(sandbox, 'PositiveSSL', single.pem, { Years: '2' });
    expect((await readInfo(sandbox, id)).attributes['Status']).toBe('purchased');
    await command(sandbox, '/_clock', { advance: '89s' });
    expect((await readInfo(sandbox, id)).attributes['Status']).toBe('purchased');
    await command(sandbox, '/_clock', { advance: '20d' });
    expect((await readInfo(sandbox, id)).attributes['Status']).toBe('active');
    const { leaf } = await readLeaf(sandbox, id);
    expect(new Date(leaf.validFrom).getTime()).toBe(NOON + 90_000);
    expect(new Date(leaf.validTo).getTime()).toBe(NOON + 90_000 + 198 * DAY);
    const { certificates } = await readLedger(sandbox);
    expect(certificates[0]).toMatchObject({
      status: 'active',
      issuedAt: '2026-11-22T12:01:30.000Z',
      notAfter: '2027-06-08T12:01:30.000Z',
      termEnd: '2028-11-22T12:01:30.000Z',
    });
  });

  test('does not outlive the paid term', async () => {
    await using sandbox = await start({ leafDays: 900, now: () => NOON });
    await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    const { certificates } = await readLedger(sandbox);
    expect(certificates[0]).toMatchObject({
      notAfter: '2027-11-22T12:00:00.000Z',
      termEnd: '2027-11-22T12:00:00.000Z',
    });
  });

  test('is short once, when told so', async () => {
    await using sandbox = await start({ firstLeafDays: 3, now: () => NOON });
    const lives = async (): Promise<number[]> => {
      const { certificates } = await readLedger(sandbox);
      return certificates.map(({ notAfter }) => (Date.parse(String(notAfter)) - NOON) / DAY);
    };
    await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    expect(await lives()).toEqual([3, 198]);
    await command(sandbox, '/_first-leaf', { days: 5 });
    await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    expect(await lives()).toEqual([3, 198, 5, 198]);
  });

  test('waits for a word when validation is set to never', async () => {
    await using sandbox = await start();
    await command(sandbox, '/_validation', { mode: 'never' });
    const id = await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    await command(sandbox, '/_clock', { advance: '30d' });
    expect((await readInfo(sandbox, id)).attributes['Status']).toBe('purchased');
    await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
    expect((await readInfo(sandbox, id)).attributes['Status']).toBe('active');
    const again = await admin(sandbox, 'POST', '/_validation', { certificateId: Number(id), mode: 'now' });
    expect(again.status).toBe(400);
  });
});

describe('ssl.getInfo', () => {
  test('shows a purchase that is not activated', async () => {
    await using sandbox = await start({ now: () => NOON });
    const id = await buy(sandbox, 'PositiveSSL Multi Domain', { SANStoADD: '4' });
    const { attributes } = await readInfo(sandbox, id);
    expect(attributes).toMatchObject({
      Status: 'newpurchase',
      Type: 'san certificate',
      IssuedOn: '',
      Expires: '',
      ActivationExpireDate: '11/22/2027',
      OrderId: '7000001',
      Years: '1',
      SANSCount: '6',
    });
  });

  test('writes dates without padding, and never the validation values', async () => {
    await using sandbox = await start({ now: () => Date.UTC(2027, 0, 5) });
    const id = await buyAndActivate(sandbox, 'PositiveSSL', single.pem, {
      AdminEmailAddress: 'ops@shop.example',
    });
    const { raw, attributes } = await readInfo(sandbox, id);
    expect(attributes).toMatchObject({ Status: 'active', IssuedOn: '1/5/2027', Expires: '7/22/2027' });
    expect(raw).not.toContain('ssl.com ');
    expect(raw).not.toMatch(/HostName|FileName|Target/u);
    expect(readTexts(raw, 'CSR')[0]?.trim()).toBe(single.pem);
    expect(readTexts(raw, 'ApproverEmail')).toEqual(['CNAMECSRHASH']);
    expect(readTexts(raw, 'CommonName')).toEqual(['shop.example']);
    expect(readTexts(raw, 'AdministratorEmail')).toEqual(['ops@shop.example']);
    expect(readAttributes(raw, 'Certificates')).toEqual([{ CertificateReturned: 'false', ReturnType: '' }]);
    expect(readCertificates(raw)).toEqual([]);
  });

  test('returns a PKCS #7 bundle', async () => {
    await using sandbox = await start();
    const id = await buyAndActivate(sandbox, 'PositiveSSL', single.pem);
    const { raw } = await readInfo(sandbox, id, { Returncertificate: 'true', Returntype: 'PKCS7' });
    expect(readTexts(raw, 'Certificate')[0]?.trim()).toMatch(
      /^-----BEGIN PKCS7-----\n[^-]+\n-----END PKCS7-----$/u,
    );
  });

  test.each<[Fields, number]>([
    [{ CertificateID: '1' }, 2011294],
    [{ CertificateID: '' }, 2010294],
    [{ Returncertificate: 'maybe' }, 2011900],
    [{ Returncertificate: 'true' }, 2010900],
    [{ Returncertificate: 'true', Returntype: 'PFX' }, 2011900],
  ])('refuses %o', async (fields, number) => {
    await using sandbox = await start();
    await buy(sandbox, 'PositiveSSL');
    const answer = await call(sandbox, 'ssl.getInfo', { CertificateID: '9000001', ...fields });
    expect(answer.numbers).toEqual([number]);
    expect(answer.raw).toContain('<SSLGetInfoResult Years="0" OrderId="0" SANSCount="0"/>');
  });
});

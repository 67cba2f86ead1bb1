import { beforeAll, expect, test } from 'vitest';
import { readInfo, reissue, renew } from './certificates.js';
import {
  buy,
  buyAndActivate,
  call,
  command,
  readAttributes,
  readLedger,
  readTexts,
  start,
} from './client.js';
import { makeCsr } from './csr.js';

const BEFORE = Date.UTC(2026, 6, 10, 12);

let pem: string;

beforeAll(async () => {
  ({ pem } = await makeCsr('CN=shop.example'));
});

test('before 11 July 2026 the old products are sold under their own names, by the old CA', async () => {
  await using sandbox = await start({ now: () => BEFORE });
  const created = await call(sandbox, 'ssl.create', { Type: 'positivessl', Years: '1' });
  expect(readAttributes(created.raw, 'SSLCertificate')).toMatchObject([{ SSLType: 'PositiveSSL' }]);
  const CertificateID = readAttributes(created.raw, 'SSLCertificate')[0]?.['CertificateID'] ?? '';
  const fields = { CertificateID, CSR: pem, DNSDCValidation: 'true' };
  const activated = await call(sandbox, 'ssl.activate', fields);
  expect(readTexts(activated.raw, 'Target')[0]).toMatch(/\.comodoca\.com$/u);
  const { raw, attributes } = await readInfo(sandbox, CertificateID);
  expect(attributes['Type']).toBe('positivessl');
  expect(readTexts(raw, 'Name')).toEqual(['COMODO']);
  const refused = await call(sandbox, 'ssl.create', { Type: 'Standard SSL', Years: '1' });
  expect(refused.numbers).toEqual([2011301]);
  const prices = await call(sandbox, 'users.getPricing', { ProductType: 'SSLCERTIFICATE' });
  const products = readAttributes(prices.raw, 'Product').map((product) => product['Name']);
  expect(products).toContain('positivessl');
  expect(products).not.toContain('standard-ssl');
});

test('since then reissue and renewal make the equivalent of the new CA, by either name', async () => {
  await using sandbox = await start({ now: () => BEFORE, leafDays: 80 });
  const old = await buyAndActivate(sandbox, 'PositiveSSL', pem);
  await command(sandbox, '/_clock', { advance: '1d' });
  expect((await readInfo(sandbox, old)).attributes['Type']).toBe('positivessl');
  const other = await buyAndActivate(sandbox, 'PositiveSSL', pem);
  expect((await readInfo(sandbox, other)).attributes['Type']).toBe('standard ssl');
  expect((await renew(sandbox, old, { SSLType: 'positivessl' })).result['SSLType']).toBe('Standard SSL');
  const { id, raw } = await reissue(sandbox, old, pem);
  expect(readTexts(raw, 'Target')[0]).toMatch(/\.ssl\.com$/u);
  const info = await readInfo(sandbox, id);
  expect(info.attributes['Type']).toBe('standard ssl');
  expect(readTexts(info.raw, 'Name')).toEqual(['SSL.com']);
  const { certificates } = await readLedger(sandbox);
  expect(certificates.map((certificate) => certificate['type'])).toEqual([
    'PositiveSSL',
    'Standard SSL',
    'Standard SSL',
    'Standard SSL',
  ]);
});

test.each([
  ['PositiveSSL', 'Standard SSL SSLcom'],
  ['SAN Certificate', 'SAN Certificate SSL SSLcom'],
  ['ev multi domain ssl sslcom', 'EV Multi Domain SSL SSLcom'],
])('when told so, spells %s as live clients met it: %s', async (type, spelled) => {
  await using sandbox = await start({ typeNames: 'sslcom' });
  const answer = await call(sandbox, 'ssl.create', { Type: type, Years: '1' });
  expect(readAttributes(answer.raw, 'SSLCertificate')).toMatchObject([{ SSLType: spelled }]);
  const { raw } = await call(sandbox, 'ssl.getList');
  expect(readAttributes(raw, 'SSL')).toMatchObject([{ SSLType: spelled.toLowerCase() }]);
  const id = await buy(sandbox, spelled);
  expect((await readInfo(sandbox, id)).attributes['Type']).toBe(spelled.toLowerCase());
});

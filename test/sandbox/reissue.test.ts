import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { readInfo, readLeaf, reissue } from './certificates.js';
import {
  buy,
  buyAndActivate,
  call,
  command,
  readAttributes,
  readLedger,
  readTexts,
  start,
  type Fields,
} from './client.js';
import { breakSignature, makeCsr, type TestCsr } from './csr.js';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);

let first: TestCsr;
let second: TestCsr;

beforeAll(async () => {
  first = await makeCsr('CN=shop.example');
  second = await makeCsr('CN=shop.example');
});

test('makes a new certificate with a new id, and the old one is replaced', async () => {
  await using sandbox = await start({ now: () => NOON });
  const old = await buyAndActivate(sandbox, 'PositiveSSL', first.pem);
  await command(sandbox, '/_clock', { advance: '168d' });
  const before = await readLeaf(sandbox, old);
  const { raw, id } = await reissue(sandbox, old, second.pem);
  expect(id).not.toBe(old);
  expect(raw).toContain(`<SSLReissueResult ID="${id}" IsSuccess="true">`);
  const md5 = createHash('md5').update(second.der).digest('hex').toUpperCase();
  expect(readTexts(raw, 'HostName')).toEqual([`_${md5}.shop.example`]);

  expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'replaced', ReplacedBy: id });
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({
    Status: 'active',
    ReplacedBy: '',
    Years: '1',
    IssuedOn: '5/9/2027',
    Expires: '11/22/2027',
  });
  const { leaf, intermediate } = await readLeaf(sandbox, id);
  expect(leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(second.publicKey);
  expect(leaf.verify(intermediate.publicKey)).toBe(true);
  expect(new Date(leaf.validFrom).getTime()).toBe(NOON + 168 * DAY);
  // A year has 365 days: the rest of the term is shorter than 198 days.
  expect(new Date(leaf.validTo).getTime()).toBe(NOON + 365 * DAY);
  expect((await readLeaf(sandbox, old)).leaf.fingerprint256).toBe(before.leaf.fingerprint256);
});

test('is free, keeps order and term, and stands in list and ledger', async () => {
  await using sandbox = await start({ now: () => NOON });
  const old = await buyAndActivate(sandbox, 'PositiveSSL', first.pem, { Years: '2' });
  await command(sandbox, '/_clock', { advance: '10d' });
  const { id } = await reissue(sandbox, old, second.pem);
  const { raw } = await call(sandbox, 'ssl.getList');
  const rows = readAttributes(raw, 'SSL');
  expect(rows.map((row) => row['Status'])).toEqual(['replaced', 'active']);
  expect(rows.map((row) => row['ProviderOrderID'])).toEqual(['500001', '500001']);
  const ledger = await readLedger(sandbox);
  expect(ledger.charges).toHaveLength(1);
  expect(ledger.certificates).toMatchObject([
    { certificateId: Number(old), status: 'replaced', replacedBy: Number(id) },
    {
      certificateId: Number(id),
      replaces: Number(old),
      issuedAt: '2026-12-02T12:00:00.000Z',
      notAfter: '2027-06-18T12:00:00.000Z',
      termEnd: '2028-11-22T12:00:00.000Z',
    },
  ]);
  expect(ledger.calls.find((entry) => entry.command === 'namecheap.ssl.reissue')).toMatchObject({
    outcome: 'OK',
    certificateId: Number(id),
  });
});

test('has to be validated again, with values of its own', async () => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'PositiveSSL', first.pem);
  await command(sandbox, '/_validation', { mode: 'never' });
  const { id, raw } = await reissue(sandbox, old, first.pem);
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ Status: 'purchased', Expires: '' });
  expect((await readInfo(sandbox, old)).attributes['Status']).toBe('replaced');
  const again = await call(sandbox, 'ssl.editDCVMethod', { CertificateID: id, DCVMethod: 'CNAME_CSR_HASH' });
  expect(readTexts(again.raw, 'Target')).toEqual(readTexts(raw, 'Target'));
  await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
  expect((await readInfo(sandbox, id)).attributes['Status']).toBe('active');
  const next = await reissue(sandbox, id, first.pem);
  expect(readTexts(next.raw, 'HostName')).toEqual(readTexts(raw, 'HostName'));
  expect(readTexts(next.raw, 'Target')).not.toEqual(readTexts(raw, 'Target'));
});

test('may change the common name and the names, up to the number bought', async () => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'SAN Certificate', first.pem, { DNSNames: 'a.example' });
  const other = await makeCsr('CN=store.example');
  const tooMany = await reissue(sandbox, old, other.pem, { DNSNames: 'a.example,b.example,c.example' });
  expect(tooMany).toMatchObject({ id: '0', numbers: [2010767], texts: ['Only 2 SANS can be activated'] });
  const { id } = await reissue(sandbox, old, other.pem, { DNSNames: 'b.example,c.example' });
  const { leaf } = await readLeaf(sandbox, id);
  expect(leaf.subjectAltName).toBe('DNS:store.example, DNS:b.example, DNS:c.example');
});

test('is refused while another one is in progress', async () => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'PositiveSSL', first.pem);
  await command(sandbox, '/_validation', { mode: 'never' });
  const both = await Promise.all([reissue(sandbox, old, second.pem), reissue(sandbox, old, second.pem)]);
  expect(both.flatMap((answer) => answer.numbers)).toEqual([4011331]);
  const id = both.find((answer) => answer.status === 'OK')?.id ?? '';
  expect((await reissue(sandbox, id, second.pem)).numbers).toEqual([4011331]);
  // Namecheap's own sample shows such a certificate: active, and yet with a ReplacedBy.
  await command(sandbox, '/_status', { certificateId: Number(old), status: 'active' });
  expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'active', ReplacedBy: id });
  const late = await reissue(sandbox, old, second.pem);
  expect(late.numbers).toEqual([4011331]);
  expect(late.texts[0]).toContain('ReplacedBy');
  expect((await readLedger(sandbox)).certificates).toHaveLength(2);
});

test('is refused before issuance', async () => {
  await using sandbox = await start();
  const id = await buy(sandbox, 'PositiveSSL');
  const answer = await reissue(sandbox, id, first.pem);
  expect(answer.numbers).toEqual([4011331]);
  expect(answer.raw).toContain('<SSLReissueResult ID="0" IsSuccess="false"/>');
});

test('is possible until the paid term is over, also when the leaf has ended', async () => {
  await using sandbox = await start({ now: () => NOON });
  const id = await buyAndActivate(sandbox, 'PositiveSSL', first.pem);
  await command(sandbox, '/_clock', { advance: '364d' });
  const late = await reissue(sandbox, id, second.pem);
  const { leaf } = await readLeaf(sandbox, late.id);
  expect(new Date(leaf.validTo).getTime()).toBe(NOON + 365 * DAY);
  await command(sandbox, '/_clock', { advance: '1d' });
  const over = await reissue(sandbox, late.id, second.pem);
  expect(over).toMatchObject({ numbers: [4011331], texts: ['Status is InValid. The paid term is over.'] });
});

test('whose validation completes after the paid term is not issued', async () => {
  await using sandbox = await start({ now: () => NOON });
  const old = await buyAndActivate(sandbox, 'PositiveSSL', first.pem);
  await command(sandbox, '/_validation', { mode: 'never' });
  const { id } = await reissue(sandbox, old, second.pem);
  await command(sandbox, '/_clock', { advance: '365d' });
  await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ Status: 'purchased', IssuedOn: '' });
});

test.each<[string, Fields, () => Fields, number]>([
  ['no CSR', {}, () => ({ CSR: '' }), 2010296],
  ['a broken signature', {}, () => ({ CSR: breakSignature(first) }), 3011296],
  ['no validation', {}, () => ({ DNSDCValidation: 'false' }), 2010295],
  ['an unknown certificate', {}, () => ({ CertificateID: '9000009' }), 2011294],
  [
    'another administrator',
    { AdminEmailAddress: 'ops@shop.example' },
    () => ({ AdminEmailAddress: 'me@shop.example' }),
    2011214,
  ],
])('refuses %s and stays as it was', async (_name, activation, fields, number) => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'PositiveSSL', first.pem, activation);
  expect(await reissue(sandbox, old, second.pem, fields())).toMatchObject({ id: '0', numbers: [number] });
  expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'active', ReplacedBy: '' });
});

test('keeps the administrator of the activation', async () => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'PositiveSSL', first.pem, {
    AdminEmailAddress: 'ops@shop.example',
  });
  const kept = await reissue(sandbox, old, second.pem);
  expect(readTexts((await readInfo(sandbox, kept.id)).raw, 'AdministratorEmail')).toEqual([
    'ops@shop.example',
  ]);
  const same = await reissue(sandbox, kept.id, second.pem, { AdminEmailAddress: 'Ops@shop.example' });
  expect(same.numbers).toEqual([]);
});

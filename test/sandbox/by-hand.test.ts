import { beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { readInfo, readLeaf, reissue } from './certificates.js';
import { admin, buyAndActivate, call, command, readAttributes, readLedger, start } from './client.js';
import { makeCsr, type TestCsr } from './csr.js';

let csr: TestCsr;

beforeAll(async () => {
  csr = await makeCsr('CN=shop.example');
});

/** An admin call that must work; the id it answers with. */
async function byHand(sandbox: Sandbox, path: string, body: object): Promise<string> {
  const response = await admin(sandbox, 'POST', path, body);
  const answer = (await response.json()) as { certificateId?: number };
  expect({ status: response.status, answer }).toMatchObject({ status: 200 });
  return String(answer.certificateId);
}

test('a certificate can be bought, activated, reissued and renewed by hand', async () => {
  await using sandbox = await start({ leafDays: 60 });
  const first = await byHand(sandbox, '/_purchase', { type: 'SAN Certificate', years: 1, sansToAdd: 1 });
  const names = ['a.example', 'b.example', 'c.example'];
  const fields = { certificateId: Number(first), csr: csr.pem, sans: names };
  expect(await byHand(sandbox, '/_activate', fields)).toBe(first);
  const second = await byHand(sandbox, '/_reissue', { certificateId: Number(first) });
  expect((await readInfo(sandbox, first)).attributes).toMatchObject({
    Status: 'replaced',
    ReplacedBy: second,
  });
  const { leaf } = await readLeaf(sandbox, second);
  expect(leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(csr.publicKey);
  expect(leaf.subjectAltName).toContain('DNS:c.example');
  const third = await byHand(sandbox, '/_renew', { certificateId: Number(second), years: 2 });
  expect((await readInfo(sandbox, third)).attributes['Status']).toBe('newrenewal');
  const ledger = await readLedger(sandbox);
  expect(ledger.charges).toMatchObject([
    { command: 'web', byHand: true, amount: '32.7600', sansToAdd: 1 },
    { command: 'web', byHand: true, amount: '65.5200', years: 2 },
  ]);
  expect(ledger.certificates).toMatchObject([
    { byHand: true },
    { byHand: true, replaces: Number(first) },
    { byHand: true, renews: Number(second) },
  ]);
  expect(ledger.calls.filter(({ command: name }) => name !== 'namecheap.ssl.getInfo')).toEqual([]);
});

test('what was bought through the API can be reissued by hand, with another key', async () => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
  const other = await makeCsr('CN=shop.example');
  const id = await byHand(sandbox, '/_reissue', { certificateId: Number(old), csr: other.pem });
  expect((await readLeaf(sandbox, id)).leaf.publicKey.export({ format: 'der', type: 'spki' })).toEqual(
    other.publicKey,
  );
  expect((await reissue(sandbox, old, csr.pem)).numbers).toEqual([4011331]);
  const { certificates } = await readLedger(sandbox);
  expect(certificates[0]).not.toHaveProperty('byHand');
  expect(certificates[1]).toMatchObject({ byHand: true, replaces: Number(old) });
});

test.each<[string, object, RegExp]>([
  ['/_renew', { certificateId: 9_000_009, years: 1 }, /not valid/u],
  ['/_renew', { certificateId: 9_000_001, years: 1 }, /days to expire > 90/u],
  ['/_renew', { certificateId: 9_000_001, years: 6 }, /years: /u],
  ['/_reissue', { certificateId: 9_000_001, csr: 'nonsense' }, /CSR is Invalid/u],
  ['/_reissue', { certificateId: 9_000_009 }, /CertificateID is invalid/u],
  ['/_activate', { certificateId: 9_000_001 }, /Status is InValid/u],
  ['/_purchase', { type: 'EV SSL', years: 1, sansToAdd: 1 }, /no names can be added to a EV SSL/u],
])('%s refuses %o by the rules of the API', async (path, body, message) => {
  await using sandbox = await start();
  await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
  const response = await admin(sandbox, 'POST', path, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: expect.stringMatching(message) as unknown });
  expect((await readLedger(sandbox)).certificates).toHaveLength(1);
});

test('a purchase by hand is in the list of new purchases like any other', async () => {
  await using sandbox = await start();
  const id = await byHand(sandbox, '/_purchase', { type: 'PositiveSSL', years: 2 });
  await command(sandbox, '/_validation', { mode: 'auto' });
  const { raw } = await call(sandbox, 'ssl.getList', { ListType: 'NewPurchase' });
  expect(readAttributes(raw, 'SSL')).toMatchObject([
    { CertificateID: id, SSLType: 'standard ssl', Years: '2' },
  ]);
});

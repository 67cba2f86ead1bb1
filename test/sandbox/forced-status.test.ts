import { beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { readInfo, readLeaf } from './certificates.js';
import { admin, buy, buyAndActivate, call, command, readAttributes, readTexts, start } from './client.js';
import { makeCsr, type TestCsr } from './csr.js';

let csr: TestCsr;

beforeAll(async () => {
  csr = await makeCsr('CN=shop.example');
});

async function force(sandbox: Sandbox, id: string, status: string): Promise<void> {
  await command(sandbox, '/_status', { certificateId: Number(id), status });
  expect((await readInfo(sandbox, id)).attributes['Status']).toBe(status);
}

test('an issued certificate takes every status of the rest of its life, and keeps its leaf', async () => {
  await using sandbox = await start();
  const id = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
  const { leaf } = await readLeaf(sandbox, id);
  for (const status of ['purchaseerror', 'cancelled', 'replaced', 'expired', 'purchased', 'active']) {
    await force(sandbox, id, status);
    expect((await readLeaf(sandbox, id)).leaf.fingerprint256).toBe(leaf.fingerprint256);
  }
});

test('support resets a purchaseerror: it can be activated again', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_validation', { mode: 'never' });
  const id = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
  await force(sandbox, id, 'purchaseerror');
  const fields = { CertificateID: id, CSR: csr.pem, DNSDCValidation: 'true' };
  expect((await call(sandbox, 'ssl.activate', fields)).numbers).toEqual([4011331]);
  await force(sandbox, id, 'newpurchase');
  expect(readTexts((await readInfo(sandbox, id)).raw, 'CommonName')).toEqual(['']);
  expect((await call(sandbox, 'ssl.activate', fields)).numbers).toEqual([]);
});

test('support lets the CA go on: what was submitted is issued', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_validation', { mode: 'never' });
  const id = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
  await force(sandbox, id, 'purchaseerror');
  await force(sandbox, id, 'purchased');
  await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
  expect((await readInfo(sandbox, id)).attributes['Status']).toBe('active');
});

test('statuses show in the list', async () => {
  await using sandbox = await start();
  const id = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
  await force(sandbox, id, 'cancelled');
  const { raw } = await call(sandbox, 'ssl.getList', { ListType: 'Cancelled' });
  expect(readAttributes(raw, 'SSL')).toMatchObject([{ CertificateID: id, Status: 'cancelled' }]);
});

test.each<[string, unknown, RegExp]>([
  ['an unknown certificate', { certificateId: 9000009, status: 'active' }, /there is no 9000009/u],
  ['an unknown status', { certificateId: 9000001, status: 'revoked' }, /status: /u],
  ['no certificate', { status: 'active' }, /certificateId: /u],
  ['issuance of what was never activated', { certificateId: 9000001, status: 'active' }, /never issued/u],
  ['validation of what was never activated', { certificateId: 9000001, status: 'purchased' }, /activated/u],
  ['new for what was issued', { certificateId: 9000002, status: 'newpurchase' }, /issued already/u],
])('%s is refused', async (_name, body, message) => {
  await using sandbox = await start();
  const fresh = await buy(sandbox, 'PositiveSSL');
  const issued = await buyAndActivate(sandbox, 'PositiveSSL', csr.pem);
  const response = await admin(sandbox, 'POST', '/_status', body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: expect.stringMatching(message) as unknown });
  expect((await readInfo(sandbox, fresh)).attributes['Status']).toBe('newpurchase');
  expect((await readInfo(sandbox, issued)).attributes['Status']).toBe('active');
});

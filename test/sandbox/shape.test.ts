import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { reissue, renew } from './certificates.js';
import { buy, buyAndActivate, call, command, start, type Fields } from './client.js';
import { makeCsr } from './csr.js';
import { readDocumentedShape, readShape } from './shape.js';

let sandbox: Sandbox;
let pem: string;
const met = new Set<string>();

beforeAll(async () => {
  sandbox = await start({ balance: '99999', leafDays: 60 });
  pem = (await makeCsr('CN=shop.example, O=Shop, OU=IT, L=Mesa, ST=AZ, C=US')).pem;
});

afterAll(async () => sandbox.close());

function expectShape(name: string, raw: string): void {
  met.add(name);
  expect(readShape(raw)).toEqual(readDocumentedShape(name));
}

async function ask(name: string, of: string, fields: Fields = {}): Promise<void> {
  expectShape(name, (await call(sandbox, of, fields)).raw);
}

const MIXED = {
  DNSDCValidation: '',
  DNSNames: 'depot.example,mail.example',
  ApproverEmail: 'CNAMECSRHASH',
  DNSApproverEmails: 'HTTPCSRHASH,admin@mail.example',
};

async function issue(type: string, fields: Fields = {}): Promise<string> {
  await command(sandbox, '/_validation', { mode: 'auto' });
  return buyAndActivate(sandbox, type, pem, fields);
}

/** A multi-domain certificate that waits for its validation. */
async function submit(): Promise<string> {
  await command(sandbox, '/_validation', { mode: 'never' });
  return buyAndActivate(sandbox, 'SAN Certificate', pem, { DNSNames: 'depot.example' });
}

test('buying', async () => {
  await ask('create', 'ssl.create', { Type: 'SAN Certificate', Years: '1' });
  expectShape('renew', (await renew(sandbox, await issue('PositiveSSL'))).raw);
  const CertificateID = await buy(sandbox, 'SAN Certificate');
  await ask('purchase-more-sans', 'ssl.purchasemoresans', { CertificateID, NumberOfSANSToAdd: '2' });
});

test('submitting', async () => {
  const CertificateID = await buy(sandbox, 'SAN Certificate');
  await ask('activate', 'ssl.activate', { CertificateID, CSR: pem, ...MIXED });
  expectShape('reissue', (await reissue(sandbox, await issue('SAN Certificate'), pem, MIXED)).raw);
});

test('looking', async () => {
  await using other = await start();
  expectShape('get-list.empty', (await call(other, 'ssl.getList')).raw);
  const CertificateID = await buyAndActivate(other, 'PositiveSSL', pem);
  expectShape('get-list.one', (await call(other, 'ssl.getList')).raw);
  const wanted = { CertificateID, Returncertificate: 'true', Returntype: 'Individual' };
  expectShape('get-info', (await call(other, 'ssl.getInfo', wanted)).raw);
  const bought = await buy(other, 'PositiveSSL');
  expectShape('get-info.new', (await call(other, 'ssl.getInfo', { CertificateID: bought })).raw);
  expectShape('get-list', (await call(other, 'ssl.getList')).raw);
  expectShape('get-balances', (await call(other, 'users.getBalances')).raw);
  expectShape('get-pricing', (await call(other, 'users.getPricing', { ProductType: 'SSLCERTIFICATE' })).raw);
});

test('asking about a name and a CSR', async () => {
  const fields = { DomainName: 'shop.example', CertificateType: 'PositiveSSL' };
  await ask('get-approver-email-list', 'ssl.getApproverEmailList', fields);
  await ask('parse-csr', 'ssl.parseCSR', { csr: pem });
});

test('after the submission', async () => {
  const waiting = { CertificateID: await submit() };
  const changes = { DNSNames: 'shop.example,depot.example', DCVMethods: 'HTTP_CSR_HASH,CNAME_CSR_HASH' };
  await ask('edit-dcv-method.multi', 'ssl.editDCVMethod', { ...waiting, ...changes });
  const single = await buyAndActivate(sandbox, 'PositiveSSL', pem);
  const change = { CertificateID: single, DCVMethod: 'CNAME_CSR_HASH' };
  await ask('edit-dcv-method.single', 'ssl.editDCVMethod', change);
  await ask('resend-approver-email', 'ssl.resendApproverEmail', waiting);
});

test('after issuance', async () => {
  const CertificateID = await issue('PositiveSSL', { AdminEmailAddress: 'ops@shop.example' });
  await ask('resend-fulfillment-email', 'ssl.resendfulfillmentemail', { CertificateID });
  await reissue(sandbox, CertificateID, pem);
  const fields = { CertificateID, CertificateType: 'PositiveSSL' };
  await ask('revoke-certificate', 'ssl.revokecertificate', fields);
});

test('errors keep a zero-filled result, and those of the credentials have none', async () => {
  const CertificateID = await issue('PositiveSSL');
  await ask('error.get-info', 'ssl.getInfo', { CertificateID: '7' });
  await ask('error.renew', 'ssl.renew', { CertificateID, Years: '1', SSLType: 'EV SSL' });
  const edit = { CertificateID, DCVMethod: 'CNAME_CSR_HASH' };
  await ask('error.edit-dcv-method', 'ssl.editDCVMethod', edit);
  const revocation = { CertificateID, CertificateType: 'PositiveSSL' };
  await ask('error.revoke-certificate', 'ssl.revokecertificate', revocation);
  const name = { DomainName: 'shop.example', CertificateType: 'RapidSSL' };
  await ask('error.get-approver-email-list', 'ssl.getApproverEmailList', name);
  await ask('error.credentials', 'ssl.getList', { ClientIp: '10.1.2.3' });
});

test('every fixture was compared', () => {
  const names = readdirSync(new URL('../fixtures/namecheap/shapes/', import.meta.url));
  expect([...met].map((name) => `${name}.xml`).sort()).toEqual(names.sort());
});

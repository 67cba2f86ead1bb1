import { beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { readInfo, readLeaf, reissue, renew } from './certificates.js';
import {
  buy,
  buyAndActivate,
  call,
  command,
  readAttributes,
  readLedger,
  start,
  type Fields,
} from './client.js';
import { makeCsr, type TestCsr } from './csr.js';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);

let csr: TestCsr;

beforeAll(async () => {
  csr = await makeCsr('CN=shop.example');
});

async function activate(sandbox: Sandbox, id: string, pem: string): Promise<number[]> {
  const fields = { CertificateID: id, CSR: pem, DNSDCValidation: 'true' };
  return (await call(sandbox, 'ssl.activate', fields)).numbers;
}

async function readTermEnd(sandbox: Sandbox, id: string): Promise<number> {
  const { certificates } = await readLedger(sandbox);
  const found = certificates.find((certificate) => certificate['certificateId'] === Number(id));
  return Date.parse(String(found?.['termEnd']));
}

/** An issued certificate with a leaf of so many days. */
async function issue(sandbox: Sandbox, days: number, fields: Fields = {}): Promise<string> {
  await command(sandbox, '/_first-leaf', { days });
  return buyAndActivate(sandbox, 'PositiveSSL', csr.pem, fields);
}

test('buys a new certificate that has to be activated', async () => {
  await using sandbox = await start();
  const old = await issue(sandbox, 30);
  const { result, id, status } = await renew(sandbox, old, { Years: '2' });
  expect(status).toBe('OK');
  expect(result).toEqual({
    CertificateID: '9000002',
    SSLType: 'Standard SSL',
    Years: '2',
    OrderId: '7000002',
    TransactionId: '8000002',
    ChargedAmount: '17.7600',
  });
  const { attributes } = await readInfo(sandbox, id);
  expect(attributes).toMatchObject({ Status: 'newrenewal', Years: '2', OrderId: '7000002' });
  expect(attributes['StatusDescription']).toContain('Renewal');
  const { raw } = await call(sandbox, 'ssl.getList', { ListType: 'NewRenewal' });
  expect(readAttributes(raw, 'SSL')).toMatchObject([{ CertificateID: id, Status: 'newrenewal' }]);
  const ledger = await readLedger(sandbox);
  expect(ledger.balance).toBe('973.3600');
  expect(ledger.charges[1]).toMatchObject({ command: 'namecheap.ssl.renew', amount: '17.7600', years: 2 });
  expect(ledger.certificates[1]).toMatchObject({ renews: Number(old), termEnd: null });
  expect(ledger.calls.at(-3)).toMatchObject({ command: 'namecheap.ssl.renew', certificateId: Number(id) });
});

test('carries the days left of the old term over, and leaves the old certificate alone', async () => {
  await using sandbox = await start({ now: () => NOON });
  const old = await issue(sandbox, 365);
  await command(sandbox, '/_clock', { advance: '340d' });
  const { id } = await renew(sandbox, old);
  expect(await activate(sandbox, id, csr.pem)).toEqual([]);
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({
    Status: 'active',
    StatusDescription: 'Certificate is Active. (Renewal)',
  });
  expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'active', ReplacedBy: '' });
  // Issued on 2027-10-28: a leap year with 366 days, and the 25 days that were left.
  expect(await readTermEnd(sandbox, id)).toBe(NOON + (340 + 366 + 25) * DAY);
  const { leaf } = await readLeaf(sandbox, id);
  expect(new Date(leaf.validTo).getTime()).toBe(NOON + (340 + 198) * DAY);
});

test('carries nothing over when it is activated after the old term', async () => {
  await using sandbox = await start({ now: () => NOON });
  const old = await issue(sandbox, 365);
  await command(sandbox, '/_clock', { advance: '340d' });
  const { id } = await renew(sandbox, old);
  await command(sandbox, '/_clock', { advance: '26d' });
  expect(await activate(sandbox, id, csr.pem)).toEqual([]);
  expect(await readTermEnd(sandbox, id)).toBe(NOON + (366 + 366) * DAY);
});

test('carries whole days over', async () => {
  await using sandbox = await start({ now: () => NOON });
  const old = await issue(sandbox, 365);
  await command(sandbox, '/_clock', { advance: '340d' });
  await command(sandbox, '/_clock', { advance: '1s' });
  const { id } = await renew(sandbox, old);
  expect(await activate(sandbox, id, csr.pem)).toEqual([]);
  expect(await readTermEnd(sandbox, id)).toBe(NOON + (340 + 366 + 24) * DAY + 1000);
});

test.each<[string, number]>([
  ['107d', 4011294],
  ['108d', 0],
  ['198d', 0],
  ['378d', 0],
  ['379d', 4011294],
])('after %s of a leaf of 198 days, in a term of five years, answers %i', async (advance, number) => {
  await using sandbox = await start({ now: () => NOON });
  const old = await issue(sandbox, 198, { Years: '5' });
  await command(sandbox, '/_clock', { advance });
  const { numbers } = await renew(sandbox, old, { Years: '3' });
  expect(numbers).toEqual(number === 0 ? [] : [number]);
  expect((await readLedger(sandbox)).charges).toHaveLength(number === 0 ? 2 : 1);
});

test.each<[string, number]>([
  ['274d', 4011294],
  ['275d', 0],
  ['545d', 0],
  ['546d', 4011294],
])('with expires: term, after %s of a term of one year answers %i', async (advance, number) => {
  await using sandbox = await start({ expires: 'term', now: () => NOON });
  const old = await issue(sandbox, 198);
  expect((await readInfo(sandbox, old)).attributes['Expires']).toBe('11/22/2027');
  expect(readAttributes((await call(sandbox, 'ssl.getList')).raw, 'SSL')).toMatchObject([
    { ExpireDate: '11/22/2027', IsExpiredYN: 'false' },
  ]);
  await command(sandbox, '/_clock', { advance });
  expect((await renew(sandbox, old)).numbers).toEqual(number === 0 ? [] : [number]);
});

test('is sold until 180 days after the paid term, also when the last leaf ended long before', async () => {
  await using sandbox = await start({ now: () => NOON });
  const old = await issue(sandbox, 10);
  await command(sandbox, '/_clock', { advance: '300d' });
  expect((await renew(sandbox, old)).numbers).toEqual([4011294]);
  await command(sandbox, '/_clock', { advance: '245d' });
  expect((await renew(sandbox, old)).numbers).toEqual([]);
});

test('tells that it is too early', async () => {
  await using sandbox = await start();
  const old = await issue(sandbox, 198);
  const { texts, result } = await renew(sandbox, old, { Years: '3' });
  expect(texts).toEqual(["Cannot renew with Year=3 when certificate's days to expire &gt; 90"]);
  expect(result).toEqual({
    CertificateID: '0',
    Years: '0',
    OrderId: '0',
    TransactionId: '0',
    ChargedAmount: '0',
  });
});

test('is refused when it was bought already, also for the reissue of the old certificate', async () => {
  await using sandbox = await start();
  const old = await issue(sandbox, 60);
  const { id } = await renew(sandbox, old);
  const again = await renew(sandbox, old);
  expect(again.numbers).toEqual([4028294]);
  expect(again.texts).toEqual(['This CertificateID is already queued for Renewal']);
  await command(sandbox, '/_first-leaf', { days: 60 });
  const successor = await reissue(sandbox, old, csr.pem);
  expect((await renew(sandbox, successor.id)).numbers).toEqual([4028294]);
  expect((await readLedger(sandbox)).charges).toHaveLength(2);
  await command(sandbox, '/_status', { certificateId: Number(id), status: 'cancelled' });
  expect((await renew(sandbox, successor.id)).numbers).toEqual([]);
});

test('has the names of the old certificate, and costs accordingly', async () => {
  await using sandbox = await start({ leafDays: 50 });
  const old = await buyAndActivate(sandbox, 'SAN Certificate', csr.pem, { SANStoADD: '3' });
  const { result, id } = await renew(sandbox, old, { SSLType: 'san certificate ssl sslcom' });
  expect(result).toMatchObject({ SSLType: 'SAN Certificate', ChargedAmount: '48.5200' });
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ SANSCount: '5' });
});

test('must keep the domain, and may be followed by another renewal', async () => {
  await using sandbox = await start({ leafDays: 50 });
  const old = await issue(sandbox, 50);
  const { id } = await renew(sandbox, old);
  const other = await makeCsr('CN=store.example');
  expect(await activate(sandbox, id, other.pem)).toEqual([2011166]);
  expect((await readInfo(sandbox, id)).attributes['Status']).toBe('newrenewal');
  expect(await activate(sandbox, id, csr.pem)).toEqual([]);
  const next = await renew(sandbox, id);
  expect(await activate(sandbox, next.id, csr.pem)).toEqual([]);
});

test.each(['PositiveSSL', 'EssentialSSL', 'standard ssl sslcom', 'STANDARD SSL'])(
  'takes %s for a Standard SSL',
  async (SSLType) => {
    await using sandbox = await start({ leafDays: 50 });
    const old = await issue(sandbox, 50);
    expect((await renew(sandbox, old, { SSLType })).result['SSLType']).toBe('Standard SSL');
  },
);

test.each<[string, Fields, number[]]>([
  ['nothing', { CertificateID: '', Years: '', SSLType: '' }, [2010294, 2010167, 2010301]],
  ['an unknown certificate', { CertificateID: '9000009' }, [2011294]],
  ['a long id', { CertificateID: '1234567890' }, [2013294]],
  ['years in words', { Years: 'two' }, [2011167]],
  ['six years', { Years: '6' }, [2013167]],
  ['an unknown type', { SSLType: 'NegativeSSL' }, [2011301]],
  ['a discontinued type', { SSLType: 'RapidSSL' }, [2011301]],
  ['a long type', { SSLType: 'x'.repeat(51) }, [2013301]],
  ['another type', { SSLType: 'Standard Wildcard SSL' }, [2012301]],
  ['a promotion', { PromotionCode: 'SUMMER' }, [2011170]],
])('refuses %s and charges nothing', async (_name, fields, numbers) => {
  await using sandbox = await start();
  const old = await issue(sandbox, 30);
  expect((await renew(sandbox, old, fields)).numbers).toEqual(numbers);
  expect((await readLedger(sandbox)).charges).toHaveLength(1);
});

test('refuses when the money is short, and then does not queue it', async () => {
  await using sandbox = await start({ balance: '8.88' });
  const old = await issue(sandbox, 30);
  const answer = await renew(sandbox, old);
  expect(answer.numbers).toEqual([2528166]);
  expect(answer.texts[0]).toContain('INSUFFICIENTFUNDS');
  await command(sandbox, '/_balance', { balance: '8.88' });
  expect((await renew(sandbox, old)).numbers).toEqual([]);
});

test('needs an active or expired certificate', async () => {
  await using sandbox = await start();
  expect((await renew(sandbox, await buy(sandbox, 'PositiveSSL'))).numbers).toEqual([4011331]);
  const old = await issue(sandbox, 30);
  const status = async (name: string): Promise<void> =>
    command(sandbox, '/_status', { certificateId: Number(old), status: name });
  for (const name of ['purchaseerror', 'cancelled', 'replaced']) {
    await status(name);
    expect((await renew(sandbox, old)).numbers).toEqual([4011331]);
  }
  await status('expired');
  expect((await readInfo(sandbox, old)).attributes).toMatchObject({ Status: 'expired' });
  expect((await renew(sandbox, old)).numbers).toEqual([]);
});

test('order-error-after-charge renews, and answers an error with the order id', async () => {
  await using sandbox = await start();
  const old = await issue(sandbox, 30);
  await command(sandbox, '/_fault', { command: 'ssl.renew', fault: 'order-error-after-charge', count: 1 });
  const answer = await renew(sandbox, old);
  expect(answer.numbers).toEqual([2528166]);
  expect(answer.result).toMatchObject({
    CertificateID: '0',
    OrderId: '7000002',
    TransactionId: '8000002',
    ChargedAmount: '0',
  });
  expect((await readLedger(sandbox)).charges[1]).toMatchObject({ command: 'namecheap.ssl.renew' });
  expect((await renew(sandbox, old)).numbers).toEqual([4028294]);
});

import { beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { readInfo, readLeaf, reissue } from './certificates.js';
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

let csr: TestCsr;

beforeAll(async () => {
  csr = await makeCsr('CN=shop.example');
});

async function addNames(sandbox: Sandbox, id: string, count: string, fields: Fields = {}) {
  const sent = { CertificateID: id, NumberOfSANStoADD: count, ...fields };
  const answer = await call(sandbox, 'ssl.purchasemoresans', sent);
  return { ...answer, result: readAttributes(answer.raw, 'SSLPurchaseMoreSANSResult')[0] };
}

test('adds names before activation, charged for every year', async () => {
  await using sandbox = await start();
  const id = await buy(sandbox, 'SAN Certificate', { Years: '2' });
  const { raw, result } = await addNames(sandbox, id, '4');
  expect(result).toEqual({
    IsSuccess: 'true',
    OrderId: '7000002',
    TransactionId: '8000002',
    ChargedAmount: '63.0400',
  });
  expect(readAttributes(raw, 'SSLCertificate')).toEqual([
    { CertificateID: id, SSLType: 'san certificate', Years: '2', Status: 'NEWPURCHASE', SANSCount: '6' },
  ]);
  expect(raw).toContain('<RequestedCommand>namecheap.ssl.purchaseMoreSANS</RequestedCommand>');
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ SANSCount: '6' });
  const ledger = await readLedger(sandbox);
  expect(ledger.balance).toBe('887.2000');
  expect(ledger.charges[1]).toMatchObject({
    command: 'namecheap.ssl.purchaseMoreSANS',
    certificateId: Number(id),
    amount: '63.0400',
    sansToAdd: 4,
  });
  expect(ledger.certificates).toMatchObject([{ certificateId: Number(id), sansCount: 6 }]);
  expect(ledger.calls[1]).toMatchObject({ command: 'namecheap.ssl.purchaseMoreSANS', outcome: 'OK' });
});

test('adds names to an active certificate for its next reissue', async () => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'SAN Certificate', csr.pem);
  const DNSNames = 'a.example,b.example,c.example';
  expect((await reissue(sandbox, old, csr.pem, { DNSNames })).numbers).toEqual([2010767]);
  const { raw } = await addNames(sandbox, old, '1');
  expect(readAttributes(raw, 'SSLCertificate')).toMatchObject([{ Status: 'ACTIVE', SANSCount: '3' }]);
  const { id } = await reissue(sandbox, old, csr.pem, { DNSNames });
  expect((await readLeaf(sandbox, id)).leaf.subjectAltName).toContain('DNS:c.example');
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ SANSCount: '3' });
});

test('goes up to 100 names, the common name included', async () => {
  await using sandbox = await start();
  const id = await buy(sandbox, 'SAN Certificate', { SANStoADD: '90' });
  expect(await addNames(sandbox, id, '8')).toMatchObject({ numbers: [2011767] });
  expect(await addNames(sandbox, id, '7')).toMatchObject({ numbers: [] });
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ SANSCount: '99' });
  expect(await addNames(sandbox, id, '1')).toMatchObject({ numbers: [2011767] });
});

test('is charged every time: there is no protection against a repetition', async () => {
  await using sandbox = await start();
  const id = await buy(sandbox, 'SAN Certificate');
  await addNames(sandbox, id, '1');
  await addNames(sandbox, id, '1');
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ SANSCount: '4' });
  expect((await readLedger(sandbox)).charges).toHaveLength(3);
});

test.each<[string, string, Fields, number[]]>([
  ['nothing', 'SAN Certificate', { CertificateID: '', NumberOfSANStoADD: '' }, [2010294, 2010900]],
  ['an unknown certificate', 'SAN Certificate', { CertificateID: '9000009' }, [2011294]],
  ['names in words', 'SAN Certificate', { NumberOfSANStoADD: 'two' }, [2011900]],
  ['no names', 'SAN Certificate', { NumberOfSANStoADD: '0' }, [2013900]],
  ['a hundred names', 'SAN Certificate', { NumberOfSANStoADD: '100' }, [2013900]],
  ['a single-name certificate', 'PositiveSSL', {}, [2011767]],
])('refuses %s and charges nothing', async (_name, type, fields, numbers) => {
  await using sandbox = await start();
  const id = await buy(sandbox, type);
  const answer = await addNames(sandbox, id, '1', fields);
  expect(answer).toMatchObject({
    numbers,
    result: { IsSuccess: 'false', OrderId: '0', TransactionId: '0', ChargedAmount: '0' },
  });
  expect((await readLedger(sandbox)).charges).toHaveLength(1);
});

test('refuses certificates that wait for validation, are replaced or whose term is over', async () => {
  await using sandbox = await start();
  const old = await buyAndActivate(sandbox, 'SAN Certificate', csr.pem);
  await command(sandbox, '/_validation', { mode: 'never' });
  const { id } = await reissue(sandbox, old, csr.pem);
  expect(await addNames(sandbox, old, '1')).toMatchObject({ numbers: [4011331] });
  expect(await addNames(sandbox, id, '1')).toMatchObject({ numbers: [4011331] });
  await command(sandbox, '/_validation', { certificateId: Number(id), mode: 'now' });
  expect(await addNames(sandbox, id, '1')).toMatchObject({ numbers: [] });
  await command(sandbox, '/_clock', { advance: '366d' });
  expect(await addNames(sandbox, id, '1')).toMatchObject({ numbers: [4011331] });
});

test('refuses when the money is short', async () => {
  await using sandbox = await start({ balance: '24.88' });
  const id = await buy(sandbox, 'SAN Certificate');
  const answer = await addNames(sandbox, id, '1');
  expect(answer.texts[0]).toContain('INSUFFICIENTFUNDS');
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ SANSCount: '2' });
});

test('order-error-after-charge adds, and answers an error with the order id', async () => {
  await using sandbox = await start();
  const id = await buy(sandbox, 'SAN Certificate');
  await command(sandbox, '/_fault', { command: 'ssl.purchaseMoreSans', fault: 'order-error-after-charge' });
  expect(await addNames(sandbox, id, '1')).toMatchObject({
    numbers: [2528166],
    result: { IsSuccess: 'false', OrderId: '7000002', TransactionId: '8000002', ChargedAmount: '0' },
  });
  expect((await readInfo(sandbox, id)).attributes).toMatchObject({ SANSCount: '3' });
});

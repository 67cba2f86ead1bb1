import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { admin, buy, call, command, readAttributes, readLedger, send, start } from './client.js';
import { makeCsr } from './csr.js';

const ORDER = { Type: 'PositiveSSL', Years: '1' };

async function countCharges(sandbox: Sandbox): Promise<number> {
  return (await readLedger(sandbox)).charges.length;
}

async function readOutcomes(sandbox: Sandbox): Promise<string[]> {
  return (await readLedger(sandbox)).calls.map((entry) => entry.outcome);
}

test.each([
  ['drop-before', 0],
  ['drop-after', 1],
])('%s cuts the connection after %i purchases', async (fault, charges) => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'ssl.create', fault, count: 1 });
  await expect(send(sandbox, 'ssl.create', ORDER)).rejects.toThrow('fetch failed');
  expect(await countCharges(sandbox)).toBe(charges);
  expect(await readOutcomes(sandbox)).toEqual([fault]);
  expect((await call(sandbox, 'ssl.create', ORDER)).status).toBe('OK');
});

test.each([
  ['http-500', 500, 0],
  ['http-500-after', 500, 1],
  ['html', 200, 0],
  ['html-after', 200, 1],
  ['throttle', 405, 0],
])('%s answers HTML with status %i after %i purchases', async (fault, status, charges) => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'NAMECHEAP.SSL.CREATE', fault });
  const response = await send(sandbox, 'ssl.create', ORDER);
  expect(response.status).toBe(status);
  expect(await response.text()).toContain('<html>');
  expect(await countCharges(sandbox)).toBe(charges);
});

test('truncated buys, and cuts the XML off but not the HTTP answer', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: '*', fault: 'truncated' });
  const text = await (await send(sandbox, 'ssl.create', ORDER)).text();
  expect(text).toMatch(/^<\?xml/u);
  expect(text).not.toContain('</ApiResponse>');
  expect(await countCharges(sandbox)).toBe(1);
});

test.each([
  [true, 0],
  [false, 1],
])('hang (before: %s) never answers, after %i purchases', async (before, charges) => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'hang', before, count: 1 });
  const answer = send(sandbox, 'ssl.create', ORDER);
  const failure = expect(answer).rejects.toThrow('fetch failed');
  await expect.poll(() => readOutcomes(sandbox)).toEqual(['hang']);
  expect(await countCharges(sandbox)).toBe(charges);
  await sandbox.close();
  await failure;
});

test('throttle-500000 and error answer an error without acting', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'throttle-500000', count: 1 });
  const throttled = await call(sandbox, 'ssl.create', ORDER);
  expect(throttled).toMatchObject({ httpStatus: 200, numbers: [500000], texts: ['Too many requests'] });
  const error = { number: 5050900, text: 'Unhandled <exceptions>' };
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'error', count: 1, error });
  const refused = await call(sandbox, 'ssl.create', ORDER);
  expect(refused.numbers).toEqual([5050900]);
  expect(readAttributes(refused.raw, 'SSLCreateResult')[0]).toMatchObject({ OrderId: '0' });
  expect(await countCharges(sandbox)).toBe(0);
});

test('slow answers rightly in the end', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'slow', delayMs: 30, count: 1 });
  expect((await call(sandbox, 'ssl.create', ORDER)).status).toBe('OK');
  expect(await readOutcomes(sandbox)).toEqual(['slow']);
});

test('a slow answer does not keep the sandbox from closing', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'slow', delayMs: 600_000 });
  const failure = expect(send(sandbox, 'ssl.create', ORDER)).rejects.toThrow('fetch failed');
  await expect.poll(() => countCharges(sandbox)).toBe(1);
  await sandbox.close();
  await failure;
});

test('order-error-after-charge charges, and answers an error with the order id', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: '*', fault: 'order-error-after-charge', count: 1 });
  expect((await call(sandbox, 'users.getBalances')).status).toBe('OK');
  const answer = await call(sandbox, 'ssl.create', ORDER);
  expect(answer).toMatchObject({ status: 'ERROR', numbers: [2528166] });
  expect(readAttributes(answer.raw, 'SSLCreateResult')).toEqual([
    { IsSuccess: 'false', OrderId: '7000001', TransactionId: '8000001', ChargedAmount: '0' },
  ]);
  expect(await readLedger(sandbox)).toMatchObject({ balance: '991.1200', charges: [{ orderId: 7000001 }] });
});

test('other-command buys, and answers as another command', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'other-command' });
  const answer = await call(sandbox, 'ssl.create', ORDER);
  expect(answer.status).toBe('OK');
  expect(answer.raw).toContain('<CommandResponse Type="namecheap.users.getBalances">');
  expect((await readLedger(sandbox)).calls[0]).toMatchObject({
    command: 'namecheap.ssl.create',
    outcome: 'other-command',
    certificateId: 9000001,
  });
});

test('purchaseerror leaves the certificate stuck', async () => {
  await using sandbox = await start();
  const csr = await makeCsr('CN=shop.example');
  await command(sandbox, '/_fault', { command: 'ssl.activate', fault: 'purchaseerror', count: 1 });
  const CertificateID = await buy(sandbox, 'PositiveSSL');
  const fields = { CertificateID, CSR: csr.pem, DNSDCValidation: 'true' };
  expect((await call(sandbox, 'ssl.activate', fields)).numbers).toEqual([3027295]);
  const { raw } = await call(sandbox, 'ssl.getInfo', { CertificateID });
  expect(readAttributes(raw, 'SSLGetInfoResult')[0]).toMatchObject({ Status: 'purchaseerror' });
  expect((await call(sandbox, 'ssl.activate', fields)).numbers).toEqual([4011331]);
});

test('faults strike in order, as often as told, until they are cleared', async () => {
  await using sandbox = await start();
  const error = { number: 5050900, text: 'Unhandled exceptions' };
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'http-500', count: 2 });
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'error', error });
  const turn = async (): Promise<number> => (await send(sandbox, 'ssl.create', ORDER)).status;
  expect([await turn(), await turn(), await turn(), await turn()]).toEqual([500, 500, 200, 200]);
  expect((await call(sandbox, 'users.getBalances')).status).toBe('OK');
  expect((await admin(sandbox, 'DELETE', '/_fault')).status).toBe(200);
  await turn();
  expect(await readOutcomes(sandbox)).toEqual(['http-500', 'http-500', 'error', 'error', 'OK', 'OK']);
});

test('a fault with a probability strikes some calls and not others', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: '*', fault: 'http-500', probability: 0.5 });
  const statuses = await Promise.all(
    Array.from({ length: 64 }, async () => (await send(sandbox, 'users.getBalances')).status),
  );
  expect(new Set(statuses)).toEqual(new Set([200, 500]));
});

test('a client that leaves in the middle of a request does no harm', async () => {
  await using sandbox = await start();
  const socket = connect(sandbox.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST /xml.response HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 100\r\n\r\nhalf');
  socket.destroy();
  expect((await call(sandbox, 'users.getBalances')).status).toBe('OK');
});

import { expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.js';
import { admin, buy, call, command, readAttributes, readLedger, send, start } from './client.js';

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0);

test('the account is throttled by rolling windows', async () => {
  await using sandbox = await start({ limits: [2, 3, 4], now: () => NOON });
  const turn = async (): Promise<number> => (await send(sandbox, 'users.getBalances')).status;
  expect([await turn(), await turn(), await turn()]).toEqual([200, 200, 405]);
  await command(sandbox, '/_clock', { advanceMs: 59_999 });
  expect(await turn()).toBe(405);
  await command(sandbox, '/_clock', { advanceMs: 1 });
  expect([await turn(), await turn()]).toEqual([200, 405]);
  await command(sandbox, '/_clock', { advance: '59m' });
  expect([await turn(), await turn()]).toEqual([200, 405]);
  await command(sandbox, '/_clock', { advance: '23h' });
  expect([await turn(), await turn(), await turn()]).toEqual([200, 200, 405]);
  const { calls } = await readLedger(sandbox);
  expect(calls.filter((entry) => entry.outcome === 'throttled')).toHaveLength(5);
});

test('calls with a wrong key do not use up the limits', async () => {
  await using sandbox = await start({ limits: [1, 0, 0] });
  expect((await call(sandbox, 'users.getBalances', { ApiKey: 'guess' })).numbers).toEqual([1011102]);
  expect((await call(sandbox, 'users.getBalances')).status).toBe('OK');
  expect((await send(sandbox, 'users.getBalances')).status).toBe(405);
});

test('a purchase by hand is charged but marked', async () => {
  await using sandbox = await start();
  await buy(sandbox, 'PositiveSSL');
  await command(sandbox, '/_purchase', { type: 'PositiveSSL', years: 2 });
  const ledger = await readLedger(sandbox);
  expect(ledger.balance).toBe('973.3600');
  expect(ledger.charges[0]).not.toHaveProperty('byHand');
  expect(ledger.charges[1]).toMatchObject({
    certificateId: 9000002,
    amount: '17.7600',
    command: 'web',
    byHand: true,
  });
  const { raw } = await call(sandbox, 'ssl.getList', { ListType: 'NewPurchase' });
  expect(readAttributes(raw, 'SSL')).toHaveLength(2);
});

test('the ledger lists every call', async () => {
  await using sandbox = await start({ now: () => NOON });
  await call(sandbox, 'ssl.getInfo', { CertificateID: '9000005' });
  await buy(sandbox, 'PositiveSSL');
  expect(await readLedger(sandbox)).toMatchObject({
    now: '2026-11-22T12:00:00.000Z',
    calls: [
      {
        at: '2026-11-22T12:00:00.000Z',
        command: 'namecheap.ssl.getInfo',
        outcome: 'ERROR',
        numbers: [2011294],
        certificateId: 9000005,
      },
      { command: 'namecheap.ssl.create', outcome: 'OK', numbers: [], certificateId: 9000001 },
    ],
  });
});

test.each<[string, unknown, RegExp]>([
  ['/_fault', undefined, /Invalid input/u],
  ['/_fault', { command: 'ssl.create', fault: 'gremlin' }, /fault: /u],
  ['/_fault', { command: 'ssl.cerate', fault: 'hang' }, /no command "ssl\.cerate"/u],
  ['/_fault', { command: '*', fault: 'error' }, /error \{number, text\}/u],
  ['/_fault', { command: '*', fault: 'hang', count: 0 }, /count: /u],
  ['/_fault', { command: '*', fault: 'hang', often: 1 }, /often/u],
  ['/_fault', { command: '*', fault: 'html', before: true }, /before/u],
  ['/_clock', {}, /either advanceMs or advance/u],
  ['/_clock', { advance: 'soon' }, /advance: /u],
  ['/_clock', { advance: '999999999999d' }, /advance: /u],
  ['/_clock', { advanceMs: -1 }, /advanceMs: /u],
  ['/_validation', { mode: 'later' }, /mode: /u],
  ['/_validation', { mode: 'now', certificateId: 1 }, /certificateId: 1 is not waiting/u],
  ['/_balance', { balance: 'much' }, /balance: /u],
  ['/_first-leaf', { days: 0 }, /days: /u],
  ['/_purchase', { type: 'NegativeSSL', years: 1 }, /"NegativeSSL" is not sold/u],
  ['/_purchase', { type: 'EV SSL', years: 5 }, /balance is too low/u],
])('%s refuses %o', async (path, body, message) => {
  await using sandbox = await start({ balance: '10' });
  const response = await admin(sandbox, 'POST', path, body);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: expect.stringMatching(message) as unknown });
  expect(await readLedger(sandbox)).toMatchObject({ balance: '10.0000', charges: [] });
});

test('bodies that are no JSON, unknown paths and huge bodies are refused', async () => {
  await using sandbox = await start();
  const notJson = await fetch(new URL('/_clock', sandbox.url), { method: 'POST', body: 'soon' });
  expect(notJson.status).toBe(400);
  expect((await admin(sandbox, 'GET', '/_nothing')).status).toBe(404);
  expect((await fetch(sandbox.url, { method: 'PUT' })).status).toBe(404);
  expect((await fetch(sandbox.url, { method: 'POST', body: 'x'.repeat(1_000_001) })).status).toBe(413);
});

test('a port that is taken is a failure with a remedy; close may be called twice', async () => {
  await using sandbox = await start();
  await expect(startSandbox({ port: sandbox.port })).rejects.toMatchObject({
    code: 'ERR_SANDBOX_PORT',
    message: expect.stringContaining('Choose another port') as unknown,
  });
  await sandbox.close();
  await sandbox.close();
  await expect(fetch(sandbox.url)).rejects.toThrow('fetch failed');
});

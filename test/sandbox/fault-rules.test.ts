import { expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { admin, buy, call, command, readLedger, send, start } from './client.js';

const ORDER = { Type: 'PositiveSSL', Years: '1' };

async function readStatuses(sandbox: Sandbox, count: number): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < count) statuses.push((await send(sandbox, 'users.getBalances')).status);
  return statuses;
}

test('a rule can let calls pass first', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: '*', fault: 'http-500', skip: 2, count: 1 });
  expect(await readStatuses(sandbox, 4)).toEqual([200, 200, 500, 200]);
});

test('with a seed, chance strikes the same calls again', async () => {
  const rule = { command: '*', fault: 'http-500', probability: 0.4 };
  const play = async (own: object, faultSeed?: number): Promise<number[]> => {
    await using sandbox = await start(faultSeed === undefined ? {} : { faultSeed });
    await command(sandbox, '/_fault', { ...rule, ...own });
    return await readStatuses(sandbox, 40);
  };
  const first = await play({ seed: 7 });
  expect(new Set(first)).toEqual(new Set([200, 500]));
  expect(await play({ seed: 7 })).toEqual(first);
  expect(await play({ seed: 8 })).not.toEqual(first);
  expect(await play({}, 7)).toEqual(first);
});

test('truncated ends at the byte that was asked for', async () => {
  await using sandbox = await start();
  for (const bytes of [0, 1, 38, 90]) {
    await command(sandbox, '/_fault', { command: '*', fault: 'truncated', bytes, count: 1 });
    const response = await send(sandbox, 'ssl.create', ORDER);
    expect(response.headers.get('content-length')).toBe(String(bytes));
    expect(await response.text()).toHaveLength(bytes);
  }
  expect((await readLedger(sandbox)).charges).toHaveLength(4);
});

test('error answers several errors, and those of the credentials in the short envelope', async () => {
  await using sandbox = await start();
  const error = [
    { number: 2011301, text: 'Type is not valid' },
    { number: 5050900, text: 'Unhandled exceptions' },
  ];
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'error', error, count: 1 });
  const several = await call(sandbox, 'ssl.create', ORDER);
  expect(several.numbers).toEqual([2011301, 5050900]);
  expect(several.raw).toContain('<SSLCreateResult IsSuccess="false"');
  const locked = { number: 1017150, text: 'Request IP is locked' };
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'error', error: locked, count: 1 });
  const short = await call(sandbox, 'ssl.create', ORDER);
  expect(short.numbers).toEqual([1017150]);
  expect(short.raw).toContain('<RequestedCommand/>');
  expect(short.raw).not.toContain('CommandResponse');
  expect((await readLedger(sandbox)).charges).toEqual([]);
});

test('bare-envelope leaves out what some of the samples do not have', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: '*', fault: 'bare-envelope' });
  for (const name of ['ssl.getList', 'users.getBalances']) {
    const { raw, status } = await call(sandbox, name);
    expect(status).toBe('OK');
    expect(raw).not.toMatch(/xmlns|Warnings/u);
    expect(raw).toContain('<RequestedCommand>');
  }
});

test('GET lists the rules that still hold, and how often they struck', async () => {
  await using sandbox = await start();
  await command(sandbox, '/_fault', { command: 'ssl.create', fault: 'slow', delayMs: 0 });
  await command(sandbox, '/_fault', { command: 'ssl.renew', fault: 'hang', count: 1 });
  await buy(sandbox, 'PositiveSSL');
  await buy(sandbox, 'PositiveSSL');
  const read = async (): Promise<unknown> => (await admin(sandbox, 'GET', '/_fault')).json();
  expect(await read()).toEqual({
    rules: [
      { command: 'ssl.create', fault: 'slow', delayMs: 0, struck: 2 },
      { command: 'ssl.renew', fault: 'hang', count: 1, struck: 0 },
    ],
  });
  await admin(sandbox, 'DELETE', '/_fault');
  expect(await read()).toEqual({ rules: [] });
});

test.each<[object, RegExp]>([
  [{ fault: 'html', bytes: 3 }, /bytes belongs/u],
  [{ fault: 'html', seed: 3 }, /seed belongs/u],
  [{ fault: 'error', error: [] }, /error/u],
])('refuses %o', async (rule, message) => {
  await using sandbox = await start();
  const response = await admin(sandbox, 'POST', '/_fault', { command: '*', ...rule });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: expect.stringMatching(message) as unknown });
});

test('calls beyond the limits get the error of former years when told so', async () => {
  await using sandbox = await start({ limits: [1, 0, 0], limitAnswer: '500000' });
  await call(sandbox, 'users.getBalances');
  const answer = await call(sandbox, 'users.getBalances');
  expect(answer).toMatchObject({ httpStatus: 200, numbers: [500000], texts: ['Too many requests'] });
  expect((await readLedger(sandbox)).calls.map(({ outcome }) => outcome)).toEqual(['OK', 'throttled']);
});

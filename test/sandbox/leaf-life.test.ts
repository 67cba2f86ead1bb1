import { expect, test } from 'vitest';
import { computeLeafDays } from '../../src/sandbox/leaf-life.js';
import { reissue } from './certificates.js';
import { buyAndActivate, command, readLedger, start } from './client.js';
import { makeCsr } from './csr.js';

const DAY = 86_400_000;

test.each<[string, number]>([
  ['2026-03-11T23:59:59Z', 396],
  ['2026-03-12T00:00:00Z', 198],
  ['2027-03-14T23:59:59Z', 198],
  ['2027-03-15T00:00:00Z', 99],
  ['2029-03-14T23:59:59Z', 99],
  ['2029-03-15T00:00:00Z', 46],
  ['2040-01-01T00:00:00Z', 46],
])('auto, at %s, is %i days', (day, days) => {
  expect(computeLeafDays('auto', Date.parse(day))).toBe(days);
  expect(computeLeafDays(30, Date.parse(day))).toBe(30);
});

test('with auto the certificates of one term get shorter, and the last ends with it', async () => {
  const start0 = Date.parse('2026-11-22T12:00:00Z');
  await using sandbox = await start({ leafDays: 'auto', now: () => start0 });
  const { pem } = await makeCsr('CN=shop.example');
  let id = await buyAndActivate(sandbox, 'PositiveSSL', pem, { Years: '3' });
  // 2027-06-05, 2029-03-20, 2029-11-12 (ten days before the term's end).
  for (const advance of ['195d', '654d', '237d']) {
    await command(sandbox, '/_clock', { advance });
    ({ id } = await reissue(sandbox, id, pem));
  }
  const { certificates } = await readLedger(sandbox);
  const lives = certificates.map(
    ({ issuedAt, notAfter }) => (Date.parse(String(notAfter)) - Date.parse(String(issuedAt))) / DAY,
  );
  expect(lives).toEqual([198, 99, 46, 10]);
  expect(certificates.at(-1)).toMatchObject({ notAfter: certificates.at(-1)?.['termEnd'] });
});

import { expect, it } from 'vitest';
import { signWebhook, verifyWebhook } from '../../src/webhook/sign.js';

const NOW = 1_800_000_000_000;
const secret = 'sixteen-letters!';
const body = '{"id":"e1"}';

function compose(timestamp: string, changes: Readonly<Record<string, string | string[] | undefined>> = {}) {
  const signature = signWebhook(secret, timestamp, body);
  const headers = { 'x-pmnamecheap-timestamp': timestamp, 'x-pmnamecheap-signature': signature, ...changes };
  return { secret, headers, body, now: NOW };
}

it('signs "timestamp.body" with HMAC-SHA256', () => {
  // printf '%s' '1800000000.{"id":"e1"}' | openssl dgst -sha256 -hmac 'sixteen-letters!'
  expect(signWebhook(secret, 1_800_000_000, body)).toBe(
    'v1=fb6417f3d16399b66438c678e131cb0b713d170d823a7e29340edd0e725fd628',
  );
});

it('accepts a fresh signature, the body as text or bytes', () => {
  expect(verifyWebhook(compose('1800000000'))).toBe(true);
  expect(verifyWebhook({ ...compose('1800000000'), body: Buffer.from(body) })).toBe(true);
});

it.each([
  ['1799999700', true],
  ['1799999699', false],
  ['1800000300', true],
  ['1800000301', false],
])('of %s, five minutes around now: %s', (timestamp, isValid) => {
  expect(verifyWebhook(compose(timestamp))).toBe(isValid);
});

it.each([
  ['another secret', { ...compose('1800000000'), secret: 'another-secret-16' }],
  ['another body', { ...compose('1800000000'), body: '{"id":"e2"}' }],
  ['another time', compose('1800000000', { 'x-pmnamecheap-timestamp': '1800000001' })],
  ['a cut signature', compose('1800000000', { 'x-pmnamecheap-signature': 'v1=00' })],
  ['no signature', compose('1800000000', { 'x-pmnamecheap-signature': undefined })],
  ['two signatures', compose('1800000000', { 'x-pmnamecheap-signature': ['v1=00', 'v1=00'] })],
  ['a timestamp that is none', compose('1e9')],
])('refuses %s', (_what, received) => {
  expect(verifyWebhook(received)).toBe(false);
});

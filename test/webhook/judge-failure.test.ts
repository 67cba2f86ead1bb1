import { expect, it } from 'vitest';
import { isAccepted, judgeFailure } from '../../src/webhook/judge-failure.js';

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

const old = {
  ...{ position: '1-0', count: 300, firstAt: NOW - 80 * HOUR_MS, refusedSince: NOW - 2 * HOUR_MS },
  reason: 'the receiver answered HTTP 400',
};

it('counts for each event anew', () => {
  const failed = { position: '2-0', outcome: { kind: 'answered', status: 400 } } as const;
  expect(judgeFailure(old, failed, NOW, 0)).toEqual({
    isDead: false,
    retryAt: NOW + 5000,
    failures: {
      ...{ position: '2-0', count: 1, firstAt: NOW, refusedSince: NOW },
      reason: 'the receiver answered HTTP 400',
    },
  });
  expect(judgeFailure(old, { ...failed, position: '1-0' }, NOW, 0)).toMatchObject({
    isDead: true,
    failures: { count: 301 },
  });
});

it('spreads tries by up to a quarter', () => {
  const failed = { position: '1-0', outcome: { kind: 'failed', code: 'ETIMEDOUT' } } as const;
  const recent = { ...old, firstAt: NOW };
  const [longest, shortest] = [0, 1].map((random) => judgeFailure(recent, failed, NOW, random));
  expect(longest).toMatchObject({ retryAt: NOW + 900_000, failures: { reason: 'no answer (ETIMEDOUT)' } });
  expect(shortest).toMatchObject({ retryAt: NOW + 675_000 });
});

it.each([
  [199, false],
  [200, true],
  [299, true],
  [300, false],
])('takes the status %d for accepted: %s', (status, isTaken) => {
  expect(isAccepted({ kind: 'answered', status })).toBe(isTaken);
});

it('takes no answer for no acceptance', () => {
  expect(isAccepted({ kind: 'failed', code: 'ECONNRESET' })).toBe(false);
});

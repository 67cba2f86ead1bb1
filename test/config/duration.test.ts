import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../config/duration.js';
import { InputError } from '../../src/errors.js';

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['20m', 1_200_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['1.5h', 5_400_000],
    ['0s', 0],
    ['0.4ms', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '90', 'm', '-5s', '5 s', '5S', '1h30m', '1e3s', '.5s', 'NaNs', '99999999999999999d'])(
    'refuses %j and says what to give',
    (text) => {
      expect(() => parseDuration(text)).toThrow(InputError);
      expect(() => parseDuration(text)).toThrow(/give one such as 90s, 20m or 12h/);
    },
  );
});

describe('formatDuration', () => {
  it.each([0, 1, 999, 1_000, 90_000, 1_200_000, 5_400_000, 86_400_000, 86_400_001])(
    'writes %d ms such that it reads back',
    (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    },
  );

  it('uses the largest unit that is exact', () => {
    expect([90_000, 1_200_000, 172_800_000, 1_500].map(formatDuration)).toEqual([
      '90s',
      '20m',
      '2d',
      '1500ms',
    ]);
  });
});

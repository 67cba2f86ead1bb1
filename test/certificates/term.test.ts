import { describe, expect, it } from 'vitest';
import { computePaidTill, computeTermEnd } from '../../src/certificates/term.js';

const DAY = 86_400_000;
const iso = (ms: number): string => new Date(ms).toISOString();

describe('computeTermEnd', () => {
  it.each([
    ['2020-10-20T00:00:00.000Z', 5, '2025-10-20T00:00:00.000Z'],
    ['2026-11-22T23:59:59.999Z', 1, '2027-11-22T23:59:59.999Z'],
    ['2024-02-29T12:00:00.000Z', 1, '2025-02-28T12:00:00.000Z'],
    ['2024-02-29T12:00:00.000Z', 4, '2028-02-29T12:00:00.000Z'],
    ['2023-02-28T12:00:00.000Z', 1, '2024-02-28T12:00:00.000Z'],
    ['2026-12-31T23:30:00.000Z', 2, '2028-12-31T23:30:00.000Z'],
  ])('%s + %i years is %s', (start, years, end) => {
    expect(iso(computeTermEnd(Date.parse(start), years))).toBe(end);
  });

  it('keeps month, day and time of any start, and never exceeds 366 days a year', () => {
    for (let start = Date.UTC(2023, 0, 1, 23, 59, 59); start < Date.UTC(2028, 0, 1); start += DAY) {
      for (const years of [1, 2, 3, 4, 5]) {
        const end = computeTermEnd(start, years);
        const expected = iso(start)
          .slice(5)
          .replace('02-29', new Date(end).getUTCDate() === 29 ? '02-29' : '02-28');
        expect(iso(end).slice(5)).toBe(expected);
        expect(new Date(end).getUTCFullYear()).toBe(new Date(start).getUTCFullYear() + years);
      }
    }
  });
});

describe('computePaidTill', () => {
  it('tells the worked example: issued on 2020-10-20 for 5 years, the certificate for one', () => {
    const issued = Date.UTC(2020, 9, 20);
    const endDate = Date.UTC(2021, 9, 20);
    const paidTill = computePaidTill({ termEnd: computeTermEnd(issued, 5), endDate });
    expect(iso(paidTill ?? 0)).toBe('2025-10-20T00:00:00.000Z');
  });

  it('is null when the one certificate covers the whole term', () => {
    const termEnd = computeTermEnd(Date.UTC(2020, 9, 20), 1);
    expect(computePaidTill({ termEnd, endDate: termEnd })).toBeNull();
  });

  it.each([
    [-5 * DAY, null],
    [2 * DAY - 1, null],
    [2 * DAY, null],
    [2 * DAY + 1, Date.UTC(2027, 0, 1)],
  ])('with %i ms between End date and the term it is %j', (gap, expected) => {
    const termEnd = Date.UTC(2027, 0, 1);
    expect(computePaidTill({ termEnd, endDate: termEnd - gap })).toBe(expected);
  });
});

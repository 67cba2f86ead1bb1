import { describe, expect, it } from 'vitest';
import {
  collectDelay,
  computeEmergencyAt,
  computeReissueDue,
  type ReissueTiming,
} from '../../src/certificates/due.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ISSUED = Date.UTC(2026, 10, 22);

function compose(lifeDays: number, changes: Partial<ReissueTiming> = {}): ReissueTiming {
  return {
    ...{
      serial: '1001',
      issuedAt: ISSUED,
      endDate: ISSUED + lifeDays * DAY,
      paidTill: ISSUED + 5 * 365 * DAY,
    },
    ...{ reissueBeforeMs: null, reissueSpreadMs: null },
    ...changes,
  };
}

describe('computeReissueDue', () => {
  it('is a third of the life before the end, without a spread', () => {
    expect(computeReissueDue(compose(198, { reissueSpreadMs: 0 }))).toBe(ISSUED + 132 * DAY);
  });

  it('is the fixed lead before the end', () => {
    const timing = compose(198, { reissueSpreadMs: 0, reissueBeforeMs: 30 * DAY });
    expect(computeReissueDue(timing)).toBe(ISSUED + 168 * DAY);
  });

  it('is null when nothing is left to reissue', () => {
    expect(computeReissueDue(compose(198, { paidTill: null }))).toBeNull();
    expect(computeReissueDue(compose(198, { paidTill: ISSUED + 198 * DAY }))).toBeNull();
    expect(computeReissueDue(compose(198, { paidTill: ISSUED + 100 * DAY }))).toBeNull();
    expect(computeReissueDue(compose(198, { paidTill: ISSUED + 198 * DAY + 1 }))).not.toBeNull();
  });

  it('is the issue itself when the lead is longer than the life', () => {
    expect(computeReissueDue(compose(10, { reissueBeforeMs: 30 * DAY }))).toBe(ISSUED);
  });

  it('stays the same for the same certificate', () => {
    expect(computeReissueDue(compose(198))).toBe(computeReissueDue(compose(198)));
  });

  it.each([398, 198, 100, 47, 7, 1])(
    'spreads %i-day certificates evenly, and only to earlier times',
    (life) => {
      const spread = Math.min((life * DAY) / 12, 14 * DAY);
      const latest = ISSUED + (life * DAY * 2) / 3;
      const tenths = Array<number>(10).fill(0);
      for (let id = 0; id < 5000; id++) {
        const due = computeReissueDue(compose(life, { serial: String(id) })) ?? 0;
        const earlier = latest - due;
        expect(earlier).toBeGreaterThanOrEqual(-1);
        expect(earlier).toBeLessThanOrEqual(spread + 1);
        const tenth = Math.min(9, Math.max(0, Math.floor((earlier / spread) * 10)));
        tenths[tenth] = (tenths[tenth] ?? 0) + 1;
      }
      expect(Math.min(...tenths)).toBeGreaterThan(400);
      expect(Math.max(...tenths)).toBeLessThan(600);
    },
  );

  it('stays between issue and end, and before the emergency of a certificate of a normal life', () => {
    for (let life = 1; life <= 400; life++) {
      for (const reissueBeforeMs of [null, DAY, 30 * DAY, 500 * DAY]) {
        const timing = compose(life, { reissueBeforeMs, serial: `s-${life}` });
        const due = computeReissueDue(timing);
        expect(due).toBeGreaterThanOrEqual(timing.issuedAt);
        expect(due).toBeLessThan(timing.endDate);
        if (reissueBeforeMs === null && life >= 9)
          expect(due).toBeLessThanOrEqual(computeEmergencyAt(timing) ?? 0);
      }
    }
  });
});

describe('computeEmergencyAt', () => {
  it.each([
    [398, 398 - 398 / 20],
    [198, 198 - 198 / 20],
    [60, 57],
    [47, 44],
    [10, 7],
    [3, 0],
    [1, 0],
  ])('of a %i-day certificate is day %f', (life, day) => {
    expect(computeEmergencyAt(compose(life))).toBe(Math.round(ISSUED + day * DAY));
  });

  it('is null when nothing is left to reissue', () => {
    expect(computeEmergencyAt(compose(198, { paidTill: null }))).toBeNull();
    expect(computeEmergencyAt(compose(198, { paidTill: ISSUED }))).toBeNull();
  });
});

it.each([
  [-5000, 60_000],
  [0, 60_000],
  [240_000, 60_000],
  [HOUR, HOUR / 4],
  [4 * HOUR, HOUR],
  [30 * DAY, HOUR],
])('a certificate pending for %i ms is looked at again after %i ms', (age, delay) => {
  expect(collectDelay(age, 60_000)).toBe(delay);
});

it('is never more often than asked for, even if that is longer than an hour', () => {
  expect(collectDelay(30 * DAY, 2 * HOUR)).toBe(2 * HOUR);
});

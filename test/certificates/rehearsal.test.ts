import { describe, expect, it } from 'vitest';
import { findMaxValidityDays } from '../../config/reissue.js';
import type { Money } from '../../src/certificates/record.js';
import type { FleetItem } from '../../src/certificates/rehearsal-fleet.js';
import { rehearseFleet, type RehearsalReport } from '../../src/certificates/rehearsal-report.js';
import { computeCallsPerDay, type RehearsalRules } from '../../src/certificates/rehearsal-rules.js';
import { computeTermEnd } from '../../src/certificates/term.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 7, 1);

const RULES: RehearsalRules = {
  ...{ now: NOW, days: 400, reissueBeforeMs: null, reissueSpreadMs: 0 },
  ...{ renew: 'none', leafDays: null },
};

/** Issued on the first day of the play for `lifeDays`. */
function compose(lifeDays: number, changes: Partial<FleetItem> = {}): FleetItem {
  const years = changes.years ?? 5;
  return {
    ...{ serviceId: '1001', account: 'acc', product: 'Standard SSL', years, methods: ['dns'] },
    ...{ issuedAt: NOW, endDate: NOW + lifeDays * DAY, termEnd: computeTermEnd(NOW, years) },
    ...changes,
  };
}

function play(
  items: readonly FleetItem[],
  rules: Partial<RehearsalRules> = {},
  callsPerDay: number | null = null,
): RehearsalReport {
  const fleet = { items: [...items], notInPlay: {}, stuck: [] };
  return rehearseFleet(fleet, new Map([['acc', { name: 'default', callsPerDay }]]), { ...RULES, ...rules });
}

const months = (report: RehearsalReport, key: 'reissues' | 'renewals' | 'lapses' | 'termsEnded') =>
  Object.fromEntries(report.months.flatMap((month) => (month[key] > 0 ? [[month.month, month[key]]] : [])));

describe('the longest life at issue', () => {
  it.each([
    ['2020-01-01T00:00:00Z', 198],
    ['2027-03-14T23:59:59.999Z', 198],
    ['2027-03-15T00:00:00Z', 99],
    ['2029-03-14T23:59:59.999Z', 99],
    ['2029-03-15T00:00:00Z', 46],
    ['2040-01-01T00:00:00Z', 46],
  ])('of %s is %i days', (at, days) => {
    expect(findMaxValidityDays(Date.parse(at))).toBe(days);
  });
});

describe('one certificate', () => {
  it('of five years is reissued through the rules of 2027 and 2029 until its term is covered', () => {
    // 2026-12-11 for 198 days; 2027-04-22 and every 66 days until 2029-02-10 for 99: 11; 2029-04-18 and every 30⅔ days
    // for 46, until one reaches 2031-08-01: 27.
    const report = play([compose(198)], { days: 1900 });
    expect(report.total).toMatchObject({ reissues: 39, renewals: 0, lapses: 0, termsEnded: 1 });
    expect(report.months.filter(({ month }) => month < '2027-07' && month > '2026-11')).toMatchObject([
      ...[{ month: '2026-12', reissues: 1 }, { reissues: 0 }, { reissues: 0 }, { reissues: 0 }],
      ...[{ month: '2027-04', reissues: 1 }, { reissues: 0 }, { month: '2027-06', reissues: 1 }],
    ]);
    const between = (from: string, to: string) =>
      report.months.reduce(
        (sum, { month, reissues }) => sum + (month >= from && month < to ? reissues : 0),
        0,
      );
    expect([between('2026', '2027-04'), between('2027-04', '2029-03'), between('2029-03', '2032')]).toEqual([
      1, 11, 27,
    ]);
    expect(months(report, 'termsEnded')).toEqual({ '2031-08': 1 });
    expect(report.verdict).toMatch(
      /^1,900 days: 39 reissues, all in time; peak 2026-12-11 with 26 calls; 0 act/,
    );
  });

  it.each([
    [198, 13],
    [99, 27],
    [46, 58],
  ])('of five years at a fixed life of %i days takes %i reissues', (leafDays, reissues) => {
    const report = play([compose(leafDays)], { days: 1900, leafDays });
    expect(report.total).toMatchObject({ reissues, lapses: 0, termsEnded: 1, calls: reissues * 26 });
  });

  it('that covers its term needs nothing, and its term ends', () => {
    const report = play([compose(365, { years: 1 })]);
    expect(report.total).toMatchObject({ reissues: 0, calls: 0, lapses: 0, termsEnded: 1, peak: null });
    expect(report.verdict).toBe('400 days: 0 reissues, all in time; 0 actions of people by mail.');
  });

  it('follows the settings of the lead', () => {
    const report = play([compose(198)], { reissueBeforeMs: 30 * DAY, days: 170 });
    expect(months(report, 'reissues')).toEqual({ '2027-01': 1 }); // day 168
    expect(play([compose(198)], { reissueBeforeMs: 30 * DAY, days: 168 }).total.reissues).toBe(0);
  });

  it('stops where the lead is longer than the life, and says who lapses', () => {
    const report = play([compose(46)], { leafDays: 46, reissueBeforeMs: 60 * DAY });
    expect(report.total).toMatchObject({ reissues: 1, lapses: 1 });
    expect(report.stopped).toEqual({
      count: 1,
      first: [{ serviceId: '1001', at: '2026-08-01T00:00:00.000Z' }],
    });
    expect(report.verdict).toContain('; the automation of 1 service would stop; ');
    expect(report.lapsing.first).toEqual([{ serviceId: '1001', at: '2026-09-16T00:00:00.000Z' }]);
  });

  it('goes on where a CA shortens its lives, although a new one ends before the old one would have', () => {
    const report = play([compose(198)], { leafDays: 46 });
    expect(report.total).toMatchObject({ lapses: 0 });
    expect(report.total.reissues).toBeGreaterThan(1);
    expect(report.stopped.count).toBe(0);
  });

  it('that has lapsed before the play is counted on the first day and served at once', () => {
    const report = play([compose(198, { issuedAt: NOW - 200 * DAY, endDate: NOW - 2 * DAY })]);
    expect(months(report, 'lapses')).toEqual({ '2026-08': 1 });
    expect(report.lapsing.first).toEqual([{ serviceId: '1001', at: '2026-07-30T00:00:00.000Z' }]);
    expect(report.months[0]).toMatchObject({ reissues: 1 });
  });
});

describe('renewals', () => {
  const oneYear = compose(198, { years: 1, methods: ['email', 'email', 'dns'] });

  it('come 30 days before the end of the term when asked for, and continue it', () => {
    const report = play([oneYear], { renew: 'all', days: 366 + 365 });
    expect(months(report, 'renewals')).toEqual({ '2027-07': 1, '2028-07': 1 });
    expect(report.total).toMatchObject({ termsEnded: 0, lapses: 0 });
    // 2026-12-11 for 198 days; 2027-04-22 for 99, which is two days short of the term and covers it; after the renewal on
    // 2027-07-02 every 66 days, until 2028-07-02.
    expect(months(report, 'reissues')).toEqual({
      ...{ '2026-12': 1, '2027-04': 1, '2027-09': 1, '2027-11': 1 },
      ...{ '2028-01': 1, '2028-03': 1, '2028-05': 1 },
    });
    // Three names, each validated again at each of the nine.
    expect(report.total.actions).toEqual({ email: 18, http: 0, dns: 9, unknown: 0 });
    expect(report.total.calls).toBe(7 * 26 + 2 * 27);
  });

  it('are none otherwise: the term ends', () => {
    const report = play([oneYear], { days: 366 });
    expect(report.total).toMatchObject({ renewals: 0, reissues: 2, termsEnded: 1, lapses: 0 });
  });

  it('cost what the prices say, and are told apart where there is none', () => {
    const prices = (product: string, years: number): Money | null =>
      product === 'Standard SSL' ? { amount: `${years * 7}.1`, currency: 'USD' } : null;
    const items = [
      oneYear,
      compose(198, { serviceId: '2', years: 1 }),
      compose(198, { serviceId: '3', years: 1, product: 'EV SSL' }),
    ];
    const rules = { renew: 'all', prices } as const;
    expect(play(items, rules).total.spend).toEqual({
      ...{ total: [{ amount: '14.2000', currency: 'USD' }], unpriced: 1 },
    });
    expect(play(items, { renew: 'all' }).total.spend).toEqual({ total: [], unpriced: 3 });
  });
});

describe('the quota', () => {
  const bulk = Array.from({ length: 10_000 }, (_, index) => compose(198, { serviceId: String(index) }));

  it('spreads a day of 10,000 over the days it takes', () => {
    const report = play(bulk, { now: NOW + 132 * DAY, days: 10 }, 8000);
    // Each day: two calls per certificate, and 24 times a page per hundred.
    const [month] = report.months;
    expect(month).toMatchObject({ reissues: 10_000, lapses: 0, calls: 2 * 10_000 + 24 * (36 + 36 + 29) });
    expect(report.shortage).toEqual({ day: '2026-12-11', account: 'default', waiting: 10_000 - 3568 });
    expect(month?.peak).toEqual({ day: '2026-12-11', account: 'default', calls: 8000, limit: 8000 });
    const byDay = [1, 2, 3].map((days) => play(bulk, { now: NOW + 132 * DAY, days }, 8000).total.reissues);
    expect(byDay).toEqual([3568, 7136, 10_000]);
  });

  it('lets lapse what does not fit before its End date, latest ends last, and serves it all the same', () => {
    // Three fit a day: 24 list pages and twice three calls of 30. All are due on the first day.
    const items = Array.from({ length: 10 }, (_, index) =>
      compose(198, {
        serviceId: `svc-${index}`,
        issuedAt: NOW - 150 * DAY,
        endDate: NOW + 36 * HOUR + (9 - index) * 60_000,
      }),
    );
    const report = play(items, { reissueBeforeMs: 37 * HOUR, days: 6 }, 30);
    expect(report.total).toMatchObject({ reissues: 10, lapses: 4 });
    expect(report.lapsing.first.map(({ serviceId }) => serviceId)).toEqual([
      'svc-3',
      'svc-2',
      'svc-1',
      'svc-0',
    ]);
    expect(report.shortage).toEqual({ day: '2026-08-01', account: 'default', waiting: 7 });
    expect(report.verdict).toBe(
      '6 days: 10 reissues, but 4 services would lapse, the first on 2026-08-02; the quota does not suffice on 2026-08-01 for the first time; peak 2026-08-01 with 30 of 30 calls; 0 actions of people by mail.',
    );
  });

  it('counts a lapse also of what is never served, and names no more than twenty', () => {
    const items = Array.from({ length: 25 }, (_, index) => compose(198, { serviceId: String(index) }));
    const report = play(items, { days: 199 }, 1);
    expect(report.total).toMatchObject({ reissues: 0, calls: 0, lapses: 25 });
    expect(report.lapsing).toMatchObject({ count: 25, first: { length: 20 } });
    expect(play(items, { days: 198 }, 1).total.lapses).toBe(0);
  });

  it('counts the list page that one certificate more would open', () => {
    const items = bulk.slice(0, 200);
    const report = play(items, { now: NOW + 132 * DAY, days: 1 }, 230);
    expect(report.total).toMatchObject({ reissues: 100, calls: 224 });
  });

  it('is not spent on a term that ended while the work waited', () => {
    // One fits a day; the terms end at noon of the fourth, so the fifth comes too late.
    const items = Array.from({ length: 5 }, (_, index) =>
      compose(198, {
        serviceId: `svc-${index}`,
        issuedAt: NOW - 150 * DAY,
        endDate: NOW + DAY + index * 60_000,
        termEnd: NOW + 3.5 * DAY,
      }),
    );
    const report = play(items, { days: 10 }, 26);
    expect(report.total).toMatchObject({ reissues: 4, lapses: 3, termsEnded: 5 });
    for (const days of [4, 10]) {
      expect(play(items, { days }, 1).total).toMatchObject({ reissues: 0, lapses: 5, termsEnded: 5 });
    }
  });

  it('may be too small for renewals that come together: a certificate never outlives its term', () => {
    // One a day: the reissues on days 0 to 31, the renewals from day 50 on, the last one a day after its term's end.
    const items = Array.from({ length: 32 }, (_, index) =>
      compose(198, {
        ...{ serviceId: String(index), years: 1 },
        ...{ issuedAt: NOW - 158 * DAY, endDate: NOW + 40 * DAY, termEnd: NOW + 80 * DAY },
      }),
    );
    const report = play(items, { days: 120, reissueBeforeMs: 40 * DAY, renew: 'all' }, 27);
    expect(report.total).toMatchObject({ reissues: 32, renewals: 32, lapses: 1, termsEnded: 0 });
    expect(report.lapsing.first).toMatchObject([{ at: new Date(NOW + 80 * DAY).toISOString() }]);
  });

  it('of one account does not help another', () => {
    const items = ['a', 'b'].flatMap((account) =>
      Array.from({ length: 5 }, (_, index) => compose(198, { account, serviceId: `${account}${index}` })),
    );
    const accounts = new Map([
      ['a', { name: 'one', callsPerDay: null }],
      ['b', { name: 'two', callsPerDay: 26 }],
    ]);
    const rules = { ...RULES, now: NOW + 132 * DAY, days: 3 };
    const report = rehearseFleet({ items, notInPlay: {}, stuck: [] }, accounts, rules);
    expect(report.total).toMatchObject({ reissues: 8, peak: { account: 'one', calls: 34, limit: null } });
    expect(report.shortage).toEqual({ day: '2026-12-11', account: 'two', waiting: 4 });
  });

  it.each([
    [[20, 700, 8000], 8000],
    [[0, 0, 0], null],
    [[0, 0, 500], 500],
    [[1, 0, 0], 1440],
    [[20, 100, 0], 2400],
  ] as const)('of limits %j is %j calls a day', (limits, calls) => {
    expect(computeCallsPerDay(limits)).toBe(calls);
  });
});

it('plays exactly the days asked for, today included whatever the hour', () => {
  const now = NOW + 15 * HOUR;
  const report = play([], { now, days: 31 });
  expect([report.from, report.to, report.months.map(({ month }) => month)]).toEqual([
    ...['2026-08-01', '2026-08-31'],
    ['2026-08'],
  ]);
  expect(play([], { now, days: 32 }).to).toBe('2026-09-01');
  // Due on the 33rd day, at one in the morning.
  const due = compose(198, { issuedAt: NOW + HOUR - 100 * DAY, endDate: NOW + HOUR + 98 * DAY });
  expect(play([due], { now, days: 32 }).total.reissues).toBe(0);
  expect(play([due], { now, days: 33 }).total.reissues).toBe(1);
});

describe('any fleet', () => {
  /** Numbers from 0 to below 1 that depend on the seed alone (mulberry32). */
  function createRandom(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  function composeAny(random: () => number, serviceId: string): FleetItem {
    const life = 1 + Math.floor(random() * 198);
    const issuedAt = NOW - random() * life * DAY;
    const years = 1 + Math.floor(random() * 5);
    const termEnd = computeTermEnd(issuedAt - random() * 300 * DAY, years);
    const endDate = Math.min(issuedAt + life * DAY, Math.max(termEnd, NOW + DAY));
    return compose(life, { serviceId, issuedAt, endDate, years, termEnd: Math.max(termEnd, endDate) });
  }

  it.each([1, 2, 3, 4, 5])(
    'never lapses while the quota is ample, and loses no piece of work (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      const items = Array.from({ length: 200 }, (_, index) => composeAny(random, String(index)));
      for (const renew of ['none', 'all'] as const) {
        for (const leafDays of [null, 150]) {
          const rules = { renew, leafDays, reissueSpreadMs: null, days: 1200 };
          const free = play(items, rules);
          expect(free.total).toMatchObject({ lapses: 0, ...(renew === 'all' ? { termsEnded: 0 } : {}) });
          expect(free.stopped.count).toBe(0);
          // A quota as large as the peak changes nothing.
          const bounded = play(items, rules, free.total.peak?.calls ?? 0);
          expect({ ...bounded.total, peak: null }).toEqual({ ...free.total, peak: null });
          expect(bounded.shortage).toBeNull();
        }
      }
    },
  );

  it.each([1, 2, 3])('never exceeds the quota, and goes on serving what has lapsed (seed %i)', (seed) => {
    const random = createRandom(seed);
    const items = Array.from({ length: 300 }, (_, index) => composeAny(random, String(index)));
    // Six fit a day, and most are due in the first weeks.
    const report = play(items, { days: 300 }, 36);
    const free = play(items, { days: 300 });
    expect(report.months.every(({ peak }) => (peak?.calls ?? 0) <= 36)).toBe(true);
    expect(report.shortage).not.toBeNull();
    expect(report.lapsing.count).toBeGreaterThan(0);
    expect(report.total.reissues).toBeGreaterThan(free.total.reissues / 2);
  });
});

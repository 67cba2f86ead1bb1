import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { computeReissueDue } from '../../src/certificates/due.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const DAY_MS = 86_400_000;
const redis = useRedis();

/** How many certificates follow the first one, by the rules alone: no clock, no store, no Namecheap. */
function countReissues(
  first: { issuedAt: number; endDate: number; termEnd: number; serial: string },
  life: number,
) {
  let [issuedAt, endDate] = [first.issuedAt, first.endDate];
  for (let count = 0; ; count++) {
    const paidTill = first.termEnd - endDate <= 2 * DAY_MS ? null : first.termEnd;
    const due = computeReissueDue({
      ...{ issuedAt, endDate, paidTill, serial: first.serial },
      ...{ reissueBeforeMs: null, reissueSpreadMs: null },
    });
    if (due === null) return count;
    issuedAt = due;
    endDate = Math.min(due + life * DAY_MS, first.termEnd);
  }
}

describe('five years of one order', () => {
  it.each([198, 99, 46])(
    'at lives of %i days: every certificate in time, the last ends with the term',
    async (life) => {
      await using play = await Play.start(redis, { leafDays: life });
      const first = await play.order('years.example.com', { years: 5 });
      const { serviceId } = first;
      const termEnd = Date.parse(first.termEnd ?? '');
      const expected = countReissues(
        {
          issuedAt: Date.parse(first.issuedAt ?? ''),
          endDate: Date.parse(first.endDate ?? ''),
          ...{ termEnd, serial: serviceId },
        },
        life,
      );
      expect(first.paidTill).not.toBeNull();

      let record = first;
      while (play.now() < termEnd) {
        // To the next moment at which time demands something, and a little further.
        const due = record.nextReissueAt === null ? termEnd : Date.parse(record.nextReissueAt);
        await play.pass(Math.max(60_000, due - play.now() + 60_000));
        await play.tick();
        await play.pass(2000);
        await play.tick();
        record = await play.bench.read(serviceId);
        if (record.status === 'issued')
          expect(Date.parse(record.endDate ?? '')).toBeGreaterThan(play.now() - 60_000);
        expect(record.termEnd).toBe(first.termEnd);
      }

      expect(record.certificateIds.length - 1).toBe(expected);
      expect(record.paidTill).toBeNull();
      expect(Math.abs(termEnd - Date.parse(record.endDate ?? ''))).toBeLessThanOrEqual(2 * DAY_MS);
      expect(record.covered).toEqual([{ from: record.covered[0]?.from, till: record.endDate }]);
      expect(await play.bench.countCalls('ssl.create')).toBe(1);
      expect(await play.bench.countCalls('ssl.reissue')).toBe(expected);
      expect(await play.bench.countCalls('ssl.getInfo')).toBe(expected + 1);

      const types = (await play.readEvents())
        .filter((event) => event.serviceId === serviceId)
        .map(({ type }) => type);
      const count = (type: string) => types.filter((one) => one === `certificate.${type}`).length;
      expect([count('issued'), count('reissue-due'), count('reissued')]).toEqual([1, expected, expected]);
      expect([count('expiring'), count('expired'), count('gap'), count('emergency')]).toEqual([1, 1, 0, 0]);

      const stored = await play.bench.store.certificates.load(serviceId);
      expect(new Date(new X509Certificate(stored?.pem?.certificate ?? '').validTo).toISOString()).toBe(
        record.endDate,
      );
    },
  );
});

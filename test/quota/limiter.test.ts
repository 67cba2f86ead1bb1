import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { AccountLimiter, type Limits } from '../../src/quota/limiter.js';
import { useRedis } from '../helpers/redis.js';
import { until } from '../helpers/system.js';

const NAMECHEAP: Limits = [20, 700, 8000];
const DAY_MS = 86_400_000;
const WINDOWS_MS = [60_000, 3_600_000, DAY_MS];

const redis = useRedis();
let limiter: AccountLimiter;

beforeEach(() => {
  const account = randomUUID();
  limiter = new AccountLimiter(redis.client, (what) => `{test}:${account}:${what}`, randomUUID);
});

describe('the limiter of an account', () => {
  it('never exceeds any window in a simulated day at saturation, and says exactly when to come back', async () => {
    const start = 1_800_000_000_000;
    const granted: number[] = [];
    let now = start;
    while (now < start + DAY_MS) {
      const { waitMs } = await limiter.take(NAMECHEAP, now);
      if (waitMs === 0) granted.push(now);
      else now += waitMs;
    }
    for (const [index, window] of WINDOWS_MS.entries()) {
      const limit = NAMECHEAP[index] ?? 0;
      const worst = granted.reduce((most, at, last) => {
        const first = granted.findIndex((other) => other > at - window);
        return Math.max(most, last - first + 1);
      }, 0);
      expect(worst).toBe(limit);
    }
    expect(granted.length).toBe(8000);
  }, 60_000);

  it('takes from all windows or from none: a refusal wastes nothing', async () => {
    const limits: Limits = [0, 3, 0];
    const now = 1_800_000_000_000;
    const answers = await Promise.all(Array.from({ length: 50 }, () => limiter.take(limits, now)));
    expect(answers.filter(({ waitMs }) => waitMs === 0)).toHaveLength(3);
    expect(await limiter.count(now)).toEqual([3, 3, 3]);
  });

  it('lets the account rest after "too many requests", longer each time, until a call goes through', async () => {
    expect(await limiter.rest(60_000)).toBe(60_000);
    expect((await limiter.take(NAMECHEAP)).waitMs).toBeGreaterThan(0);
    expect(await limiter.look(NAMECHEAP)).toBeGreaterThan(0);
    // A second refusal that was under way meanwhile does not lengthen the rest, and a success does not end it.
    expect(await limiter.rest(60_000)).toBeLessThanOrEqual(60_000);
    await limiter.wake();
    expect((await limiter.take(NAMECHEAP)).waitMs).toBeGreaterThan(0);
    const later = Date.now() + 61_000;
    expect(await limiter.take(NAMECHEAP, later)).toEqual({ waitMs: 0, hasRested: true });
  });

  it('rests briefly again once a call went through after the rest', async () => {
    await limiter.rest(1);
    const grant = async () => ((await limiter.take(NAMECHEAP)).waitMs === 0 ? true : null);
    await until(grant, () => Promise.resolve('it rested on'));
    await limiter.wake();
    expect(await limiter.take(NAMECHEAP)).toEqual({ waitMs: 0, hasRested: false });
    expect(await limiter.rest(1000)).toBe(1000);
  });

  it('looks without taking', async () => {
    const limits: Limits = [1, 0, 0];
    expect(await limiter.look(limits)).toBe(0);
    expect(await limiter.look(limits)).toBe(0);
    expect((await limiter.take(limits)).waitMs).toBe(0);
    expect(await limiter.look(limits)).toBeGreaterThan(0);
  });
});

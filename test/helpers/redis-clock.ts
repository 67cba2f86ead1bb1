import type { RedisClient } from '../../src/store/connection.js';

const TIME = "redis.call('TIME')";

/** What a script reads instead of Redis's clock. Whole microseconds stay exact in Lua's numbers until the year 2255. */
function composeClock(shiftMs: number): string {
  return `local function shiftedTime()
  local t = redis.call('TIME')
  local us = t[1] * 1000000 + t[2] + ${shiftMs * 1000}
  return {string.format('%.0f', math.floor(us / 1000000)), string.format('%.0f', us % 1000000)}
end
`;
}

/**
 * The same Redis, whose clock seems to go ahead: for `TIME`, and for every script that asks for it. So leases, settle
 * times and listings age by the test's clock as they would by the server's. Keys that expire by themselves do not: see
 * {@link ageKeys}.
 */
export function withShiftedClock(client: RedisClient, readShiftMs: () => number): RedisClient {
  const shifted = {
    time: async () => {
      const [seconds, micros] = await client.time();
      const us = Number(seconds) * 1_000_000 + Number(micros) + readShiftMs() * 1000;
      return [Math.floor(us / 1_000_000), us % 1_000_000];
    },
    // Whoever runs a script by its hash sends its text next.
    evalsha: () => Promise.reject(new Error('NOSCRIPT the text is changed on its way')),
    eval: async (source: string, keyCount: number, ...rest: (string | number)[]) => {
      if (!source.includes(TIME)) return await client.eval(source, keyCount, ...rest);
      const text = composeClock(readShiftMs()) + source.replaceAll(TIME, 'shiftedTime()');
      return await client.eval(text, keyCount, ...rest);
    },
  };
  return new Proxy(client, {
    get: (target, key) => {
      const value: unknown = Reflect.get(key in shifted ? shifted : target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** Keys with a time to live as they are this much later. */
export async function ageKeys(client: RedisClient, keys: readonly string[], ms: number): Promise<void> {
  for (const key of keys) {
    const left = await client.pttl(key);
    if (left >= 0) await client.pexpire(key, Math.max(0, left - ms));
  }
}

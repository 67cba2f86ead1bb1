import { describe, expect, it } from 'vitest';
import { PrivateRedis } from '../helpers/private-redis.js';
import { serverBinary } from '../helpers/redis-server.js';
import { System } from '../helpers/system.js';
import { run } from './command-line.js';

interface Finding {
  check: string;
  state: string;
  detail: string;
}

/** What doctor says of Redis, and its exit code. */
async function diagnose(env: Readonly<Record<string, string>>) {
  const { code, stdout } = await run(['doctor', '--json'], { env });
  const { checks } = JSON.parse(stdout) as { checks: Finding[] };
  const find = (name: string) => checks.find(({ check }) => check === name);
  return { code, durability: find('redis-durability'), replicas: find('redis-replicas') };
}

describe.skipIf(serverBinary === null)('doctor (needs redis-server or valkey-server on PATH)', () => {
  it('fails where purchases would be refused, with each remedy', async () => {
    await using redis = await PrivateRedis.start();
    await using system = await System.start({ redisUrl: redis.url });
    expect((await diagnose(system.environment)).code).toBe(0);
    await redis.client.config('SET', 'appendfsync', 'everysec');
    await redis.client.config('SET', 'no-appendfsync-on-rewrite', 'yes');
    const { code, durability } = await diagnose(system.environment);
    expect(code).toBe(1);
    expect(durability).toMatchObject({ state: 'fail' });
    expect(durability?.detail).toMatch(/set "appendfsync always".*; .*set "no-appendfsync-on-rewrite no"/);
    expect(durability?.detail).toContain('nothing is bought in production');
  });

  it('tells of replicas: none, confirming, unguarded', async () => {
    await using redis = await PrivateRedis.start();
    await using system = await System.start({ redisUrl: redis.url });
    expect((await diagnose(system.environment)).replicas).toMatchObject({ state: 'ok' });
    await using replica = await redis.startReplica();
    expect(await replica.client.ping()).toBe('PONG');
    const unguarded = await diagnose(system.environment);
    expect(unguarded.code).toBe(0);
    expect(unguarded.replicas?.detail).toContain('1, each confirms an intent');
    expect(unguarded.durability).toMatchObject({ state: 'warn' });
    expect(unguarded.durability?.detail).toContain('min-replicas-to-write is 0: set it to 1 or more');
    await redis.client.config('SET', 'min-replicas-to-write', '1');
    expect((await diagnose(system.environment)).durability).toMatchObject({ state: 'ok' });
  });
});

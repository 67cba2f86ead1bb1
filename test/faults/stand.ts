import { beforeAll } from 'vitest';
import { useRedis } from '../helpers/redis.js';
import type { Stand } from './play-schedule.js';
import { createRealControl, type Control } from './world.js';

/** A Redis for many schedules. It does not write to disk: what a crash of Redis does is tested elsewhere, with one that does. */
export function useStand(): (control?: Control) => Stand {
  const redis = useRedis();
  const real = createRealControl();
  beforeAll(async () => {
    await redis.client.config('SET', 'appendonly', 'no');
  });
  return (control = real) => ({
    redis: redis.client,
    createPrefix: () => redis.createPrefix(),
    control,
  });
}

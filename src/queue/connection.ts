import type { RedisTarget } from '../../config/environment.js';
import { createRedis, type RedisClient } from '../store/connection.js';

/** For adding and reading jobs: an error at once when Redis is away, never a silent wait. */
export function createProducerConnection(target: RedisTarget): RedisClient {
  return createRedis(target, { enableOfflineQueue: false, maxRetriesPerRequest: 1, retryStrategy: backOff });
}

/** For workers and event listeners, which outlive an outage of Redis (BullMQ requires null). */
export function createWorkerConnection(target: RedisTarget): RedisClient {
  return createRedis(target, { maxRetriesPerRequest: null, retryStrategy: backOff });
}

function backOff(times: number): number {
  return Math.min(times * 200, 5000);
}

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../src/embedded/redis.js';
import { connectStore, type RedisClient } from '../../src/store/connection.js';

/** A private Redis for the tests of one file. `client` is there once a test runs; `createPrefix` keeps tests apart. */
export interface TestRedis {
  client: RedisClient;
  createPrefix(): string;
}

/** Starts a Redis before the file's tests and stops it after them. */
export function useRedis(): TestRedis {
  let folder: string;
  let redis: EmbeddedRedis;
  let client: RedisClient | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-redis-'));
    redis = await startEmbeddedRedis({ dir: folder, path: process.env['PATH'] ?? '' });
    client = await connectStore({ kind: 'url', url: redis.url });
  });

  afterAll(async () => {
    client?.disconnect();
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  return {
    get client() {
      if (client === undefined) throw new Error('the Redis of this file is not running yet');
      return client;
    },
    createPrefix: () => `{test-${randomUUID()}}`,
  };
}

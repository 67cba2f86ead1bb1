import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it, vi } from 'vitest';
import { serverBinary } from '../helpers/redis-server.js';

const WHY = serverBinary === null ? ' (SKIPPED: neither redis-server nor valkey-server on PATH)' : '';

describe('config/redis.conf', () => {
  it.skipIf(serverBinary === null)(
    `is accepted by a server, which then keeps what it acknowledged${WHY}`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'redis-conf-'));
      const socket = join(folder, 'redis.sock');
      // Only a Unix socket, in a folder of our own: no port to collide on.
      const options = ['--port', '0', '--unixsocket', socket, '--dir', folder];
      const server = spawn(serverBinary ?? '', [resolve('config/redis.conf'), ...options], {
        stdio: 'ignore',
      });
      const exited = once(server, 'exit');
      const redis = new Redis(socket, { retryStrategy: () => 20, maxRetriesPerRequest: null });
      redis.on('error', () => undefined); // not listening yet
      try {
        await vi.waitFor(() => expect(redis.status).toBe('ready'), { timeout: 10_000, interval: 20 });
        const read = (name: string) => redis.config('GET', name);
        expect(await read('appendonly')).toEqual(['appendonly', 'yes']);
        expect(await read('appendfsync')).toEqual(['appendfsync', 'always']);
        expect(await read('maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
        expect(await read('no-appendfsync-on-rewrite')).toEqual(['no-appendfsync-on-rewrite', 'no']);
      } finally {
        redis.disconnect();
        server.kill('SIGKILL');
        await exited;
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

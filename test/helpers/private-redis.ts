import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { findServerBinary } from '../../src/embedded/redis.js';
import { until } from './system.js';

/** Null where there is no server: tests that need one say that they were skipped. */
export const serverBinary = findServerBinary(process.env['PATH'] ?? '');

/** What purchases need; a test changes what it is about. */
const DURABLE = {
  ...{ appendonly: 'yes', appendfsync: 'always', 'maxmemory-policy': 'noeviction', save: '' },
  // A replica is filled at once instead of after five seconds.
  'repl-diskless-sync-delay': '0',
};

/** A Cluster's nodes talk to each other 10,000 ports higher, which must exist. */
const HIGHEST_PORT = 55_535;

export async function findFreePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    server.close();
    await once(server, 'close');
    if (address === null || typeof address === 'string') throw new Error('no port');
    if (address.port <= HIGHEST_PORT) return address.port;
  }
}

/** A redis-server of a test's own, with settings of its own, that it may stop in the middle (SIGSTOP) or kill. */
export class PrivateRedis implements AsyncDisposable {
  readonly port: number;
  /** For asking and changing it beside the code under test. */
  readonly client: Redis;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
    this.client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    this.client.on('error', () => undefined);
  }

  /** @param settings as in redis.conf; `port` where the test chose one */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<PrivateRedis> {
    const folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-private-'));
    const port = Number(settings['port'] ?? (await findFreePort()));
    const all = { ...DURABLE, bind: '127.0.0.1', dir: folder, ...settings, port: String(port) };
    // An empty value must reach the server as an argument of its own.
    const args = Object.entries(all).flatMap(([name, value]) => [
      `--${name}`,
      ...(value === '' ? [''] : value.split(' ')),
    ]);
    const child = spawn(serverBinary ?? 'redis-server', args, { stdio: 'ignore' });
    const redis = new PrivateRedis(port, child, folder);
    await redis.client.ping();
    return redis;
  }

  /** A replica of this one, once it is up to date. */
  async startReplica(settings: Readonly<Record<string, string>> = {}): Promise<PrivateRedis> {
    const before = (await this.client.info('replication')).match(/state=online/g)?.length ?? 0;
    const own = { replicaof: `127.0.0.1 ${this.port}`, ...settings };
    const replica = await PrivateRedis.start(own);
    await until(
      async () => {
        const online = (await this.client.info('replication')).match(/state=online/g)?.length ?? 0;
        return online > before ? true : null;
      },
      () => this.client.info('replication'),
    );
    return replica;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect();
    this.#child.kill('SIGCONT');
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

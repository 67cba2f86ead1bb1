import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { findServerBinary } from '../../src/embedded/redis.js';
import { findFreePort } from './free-port.js';
import { until } from './system.js';

/** Null where no server can be killed and started again: the tests that need one say so. */
export const serverBinary = findServerBinary(process.env['PATH'] ?? '');

/** As config/redis.conf has it for purchases; and a replica is filled at once instead of after five seconds. */
const DURABLE =
  'appendonly yes\nappendfsync always\nmaxmemory-policy noeviction\nsave ""\nrepl-diskless-sync-delay 0\n';

export interface ServerOptions {
  /** Lines of its configuration, after the durable ones. */
  configuration?: string;
  isSentinel?: boolean;
  /** Where the test chose one. */
  port?: number;
}

/**
 * A real Redis on a port of its own, which a test kills, stops in its tracks, robs of its last writes and starts again.
 * Disposing ends it and removes what it wrote.
 */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  readonly #isSentinel: boolean;
  #child: ChildProcess | null = null;
  #copies = 0;

  private constructor(folder: string, port: number, isSentinel: boolean) {
    this.#folder = folder;
    this.port = port;
    this.#isSentinel = isSentinel;
  }

  static async start(options: ServerOptions = {}): Promise<RedisServer> {
    const { configuration = '', isSentinel = false, port = await findFreePort() } = options;
    const folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-server-'));
    const server = new RedisServer(folder, port, isSentinel);
    const common = `bind 127.0.0.1\nport ${server.port}\ndir ${folder}\n${isSentinel ? '' : DURABLE}`;
    await writeFile(server.#configuration, `${common}${configuration}\n`);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get #configuration(): string {
    return path.join(this.#folder, 'redis.conf');
  }

  get #data(): string {
    return path.join(this.#folder, 'appendonlydir');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Where `BGSAVE` puts its file. */
  get snapshotFile(): string {
    return path.join(this.#folder, 'dump.rdb');
  }

  /** Starts it on the data that it left, and waits until it answers. */
  async start(): Promise<void> {
    const args = [this.#configuration, ...(this.#isSentinel ? ['--sentinel'] : [])];
    // A write beyond a limit of its files is then refused, as on a full disk, in place of a signal.
    const command = `trap '' XFSZ; exec "$0" "$@"`;
    const child = spawn('sh', ['-c', command, serverBinary ?? 'redis-server', ...args], { stdio: 'ignore' });
    this.#child = child;
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`Redis ended with ${child.exitCode} instead of serving`);
        return (await this.ask((client) => client.ping()).catch(() => '')) === 'PONG' ? true : null;
      },
      () => Promise.resolve('no answer'),
    );
  }

  /** One conversation on a connection of its own. */
  async ask<T>(talk: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await talk(client);
    } finally {
      client.disconnect();
    }
  }

  /** kill -9: nothing is written or said any more. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Resolves when it ended by itself. */
  async untilEnded(): Promise<void> {
    const child = this.#child;
    if (child !== null && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    this.#child = null;
  }

  /** SIGSTOP, SIGCONT: alive, but it neither reads nor answers. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal);
    await this.untilEnded();
  }

  /** Keeps what is on disk now, as a backup would. @returns the copy's name. */
  async copyData(): Promise<string> {
    const copy = path.join(this.#folder, `copy-${++this.#copies}`);
    // A rewrite of the log in the background takes its temporary files away while they are copied.
    for (let tries = 5; ; tries--) {
      try {
        await cp(this.#data, copy, { recursive: true });
        return copy;
      } catch (error) {
        if (tries <= 1 || !(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
          throw error;
        await rm(copy, { recursive: true, force: true });
      }
    }
  }

  /** Puts a copy in the place of the data. The server must be down. */
  async restoreData(copy: string): Promise<void> {
    await rm(this.#data, { recursive: true });
    await cp(copy, this.#data, { recursive: true });
  }

  /** Size of the file that every write is appended to, bytes. */
  async measureLog(): Promise<number> {
    return (await stat(await this.#findLog())).size;
  }

  /** Takes the last bytes of what was written. The server must be down. */
  async cutLog(bytes: number): Promise<void> {
    const size = await this.measureLog();
    await truncate(await this.#findLog(), Math.max(0, size - bytes));
  }

  /** BGREWRITEAOF, and waits for its end. */
  async rewriteLog(): Promise<void> {
    await this.ask((client) => client.bgrewriteaof());
    await until(
      async () => {
        const info = await this.ask((client) => client.info('persistence'));
        const isUnderWay = /aof_rewrite_(in_progress|scheduled):1/.test(info);
        return isUnderWay ? null : true;
      },
      () => Promise.resolve('the log was not rewritten'),
    );
  }

  async #findLog(): Promise<string> {
    const files = await readdir(this.#data);
    const readNumber = (name: string) => Number(/(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0);
    const last = files
      .filter((name) => name.endsWith('.incr.aof'))
      .toSorted((a, b) => readNumber(a) - readNumber(b))
      .at(-1);
    if (last === undefined) throw new Error(`no append-only file among ${files.join(', ')}`);
    return path.join(this.#data, last);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** From now on no file of the server may grow beyond this, bytes, until it is started again. */
export function limitFileSize({ pid }: RedisServer, bytes: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:${bytes}`]);
}

import { Redis } from 'ioredis';
import { RedisServer } from './redis-server.js';
import { until } from './system.js';

/** A {@link RedisServer} with settings of its own and a connection to it, for tests of what we do about its settings and replicas. */
export class PrivateRedis implements AsyncDisposable {
  /** For asking and changing it beside the code under test. */
  readonly client: Redis;
  readonly #server: RedisServer;

  private constructor(server: RedisServer) {
    this.#server = server;
    this.client = new Redis(server.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    this.client.on('error', () => undefined);
  }

  /** @param settings as in redis.conf; `port` where the test chose one */
  static async start({ port, ...settings }: Readonly<Record<string, string>> = {}): Promise<PrivateRedis> {
    const configuration = Object.entries(settings)
      .map(([name, value]) => `${name} ${value === '' ? '""' : value}`)
      .join('\n');
    const options = { configuration, ...(port === undefined ? {} : { port: Number(port) }) };
    const redis = new PrivateRedis(await RedisServer.start(options));
    await redis.client.ping();
    return redis;
  }

  /** A replica of this one, once it is up to date. */
  async startReplica(settings: Readonly<Record<string, string>> = {}): Promise<PrivateRedis> {
    const countOnline = async () =>
      (await this.client.info('replication')).match(/state=online/g)?.length ?? 0;
    const before = await countOnline();
    const replica = await PrivateRedis.start({ replicaof: `127.0.0.1 ${this.port}`, ...settings });
    await until(
      async () => ((await countOnline()) > before ? true : null),
      () => this.client.info('replication'),
    );
    return replica;
  }

  get port(): number {
    return this.#server.port;
  }

  get url(): string {
    return this.#server.url;
  }

  signal(signal: NodeJS.Signals): void {
    this.#server.signal(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.disconnect();
    await this.#server[Symbol.asyncDispose]();
  }
}

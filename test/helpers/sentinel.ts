import { RedisServer } from './redis-server.js';
import { until } from './system.js';

const NAME = 'mymaster';
const MONITOR = `sentinel down-after-milliseconds ${NAME} 1000\nsentinel failover-timeout ${NAME} 3000`;

/** A primary, its replica, and three sentinels that watch them, all on loopback. */
export class SentinelSet implements AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly #sentinels: RedisServer[];

  private constructor(primary: RedisServer, replica: RedisServer, sentinels: RedisServer[]) {
    this.primary = primary;
    this.replica = replica;
    this.#sentinels = sentinels;
  }

  static async start(): Promise<SentinelSet> {
    const primary = await RedisServer.start();
    const replica = await RedisServer.start({ configuration: `replicaof 127.0.0.1 ${primary.port}` });
    await until(
      async () =>
        (await replica.ask((client) => client.info())).includes('master_link_status:up') ? true : null,
      () => Promise.resolve('the replica has no link'),
    );
    const watch = `sentinel monitor ${NAME} 127.0.0.1 ${primary.port} 2\n${MONITOR}`;
    const options = { configuration: watch, isSentinel: true };
    const sentinels = await Promise.all([1, 2, 3].map(() => RedisServer.start(options)));
    const set = new SentinelSet(primary, replica, sentinels);
    await until(
      async () => ((await Promise.all(sentinels.map(knowsAll))).every(Boolean) ? true : null),
      () => Promise.resolve('the sentinels do not know each other'),
    );
    return set;
  }

  /** For {@link System}: where the sentinels are, in place of REDIS_URL. */
  get environment(): Record<string, string> {
    const sentinels = this.#sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return { REDIS_URL: '', REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: NAME };
  }

  /** Stops the replica in its tracks and cuts its link: what is written from here on, only the primary has. */
  async leaveBehind(): Promise<void> {
    this.replica.signal('SIGSTOP');
    await this.primary.ask((client) => client.client('KILL', 'TYPE', 'REPLICA'));
  }

  /** Kills the primary and waits until the replica has its place. */
  async failOver(): Promise<void> {
    await this.primary.kill();
    this.replica.signal('SIGCONT');
    await until(
      async () => {
        const addresses = await Promise.all(this.#sentinels.map(readPrimary));
        if (!addresses.every((port) => port === this.replica.port)) return null;
        return (await this.replica.ask((client) => client.info())).includes('role:master') ? true : null;
      },
      () => Promise.resolve('the replica was not promoted'),
      40_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.replica.signal('SIGCONT');
    for (const server of [...this.#sentinels, this.replica, this.primary])
      await server[Symbol.asyncDispose]();
  }
}

async function knowsAll(sentinel: RedisServer): Promise<boolean> {
  const answer = await sentinel.ask((client) => client.call('SENTINEL', 'MASTER', NAME));
  const fields = Array.isArray(answer) ? answer.map(String) : [];
  const read = (name: string) => fields[fields.indexOf(name) + 1];
  return read('num-slaves') === '1' && read('num-other-sentinels') === '2';
}

async function readPrimary(sentinel: RedisServer): Promise<number> {
  const answer = await sentinel.ask((client) => client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME));
  return Array.isArray(answer) ? Number(answer[1]) : 0;
}

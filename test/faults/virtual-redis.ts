import { createHash } from 'node:crypto';
import type { RedisClient } from '../../src/store/connection.js';

const TIME = "redis.call('TIME')";
/** Where a script asks which process and which history of data answers. */
const IDENTITY = "return run .. ' ' .. data";

/** The clock travels as one more key name: so the text of a script stays the same, and Redis compiles it once. */
const CLOCK = `local function virtualTime()
  local us = tonumber(string.match(KEYS[#KEYS], 'clock:(%d+)$')) * 1000
  return {string.format('%.0f', math.floor(us / 1000000)), string.format('%.0f', us % 1000000)}
end
`;

/** A change of the scripts' text on its way to Redis: how a negative control turns a defence off. */
export interface Rewrite {
  find: string;
  put: string;
}

/** The scripts as they are sent. One for many worlds: Redis keeps the texts. */
export class ScriptTexts {
  readonly #scripts = new Map<string, { sha: string; text: string }>();
  readonly #unused: Set<Rewrite>;

  constructor(readonly rewrites: readonly Rewrite[] = []) {
    this.#unused = new Set(rewrites);
  }

  /** Rewrites that no script had the text for: a defence that a control only believes to have turned off. */
  get unused(): Rewrite[] {
    return [...this.#unused];
  }

  /** By the hash of the original; undefined while its text was not seen. */
  find(sha: string): { sha: string; text: string } | undefined {
    return this.#scripts.get(sha);
  }

  add(source: string): string {
    let text = source;
    for (const rewrite of this.rewrites) {
      if (!text.includes(rewrite.find)) continue;
      this.#unused.delete(rewrite);
      text = text.replaceAll(rewrite.find, rewrite.put);
    }
    // The epoch travels with the clock.
    text = text.replaceAll(IDENTITY, "return string.match(KEYS[#KEYS], '^(epoch:%d+)')");
    if (text.includes(TIME)) text = CLOCK + text.replaceAll(TIME, 'virtualTime()');
    this.#scripts.set(hash(source), { sha: hash(text), text });
    return text;
  }
}

/** What stands between a worker and one Redis command: a name for it, and the command itself. */
export type Around = <T>(command: string, call: () => Promise<T>) => Promise<T>;

/**
 * A real Redis in which only the tests' clock passes: for `TIME`, for every script that asks for it, and for locks with a
 * time to live. One for all workers of a world.
 */
export class VirtualRedis {
  readonly #expiry = new Map<string, number>();
  /** Counts the processes that answered one after the other: it goes up when data is lost. */
  epoch = 1;

  /** @param now Redis's clock, whole ms */
  constructor(
    readonly client: RedisClient,
    readonly now: () => number,
    readonly texts: ScriptTexts,
  ) {}

  /** The client as one worker sees it. */
  open(around: Around): RedisClient {
    return new Proxy(this.client, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function' || typeof key !== 'string') return value;
        if (key === 'multi' || key === 'pipeline') return () => this.#openChain(around);
        return (...args: unknown[]) => {
          // Not a call that a fault may meet: whether Redis knows a script depends on what ran before.
          if (key === 'evalsha' && this.texts.find(args[0] as string) === undefined)
            return Promise.reject(new Error('NOSCRIPT the text is changed on its way'));
          return around(key.startsWith('eval') ? 'script' : key, () => this.#run(key, args));
        };
      },
    });
  }

  async #run(name: string, args: unknown[]): Promise<unknown> {
    const command = this.#commands[name];
    if (command !== undefined) return await command(args as string[]);
    return (await Reflect.apply(
      Reflect.get(this.client, name) as () => unknown,
      this.client,
      args,
    )) as unknown;
  }

  /** Commands that are sent together: one call for whoever looks on. */
  #openChain(around: Around): unknown {
    const commands: { name: string; args: unknown[] }[] = [];
    const exec = () =>
      around('chain', async () => {
        const answers: [unknown, unknown][] = [];
        for (const { name, args } of commands) {
          const answer = this.#run(name, args).then(
            (value): [unknown, unknown] => [null, value],
            (error: unknown): [unknown, unknown] => [error, null],
          );
          answers.push(await answer);
        }
        return answers;
      });
    const chain: unknown = new Proxy(
      { exec },
      {
        get: (target, name) =>
          name === 'exec'
            ? target.exec
            : (...args: unknown[]) => {
                commands.push({ name: String(name), args });
                return chain;
              },
      },
    );
    return chain;
  }

  readonly #commands: Readonly<Record<string, (args: string[]) => Promise<unknown>>> = {
    time: () => {
      const us = this.now() * 1000;
      return Promise.resolve([Math.floor(us / 1_000_000), us % 1_000_000]);
    },
    evalsha: async ([sha = '', count = '0', ...rest]) => {
      const known = this.texts.find(sha);
      if (known === undefined) throw new Error(`the script ${sha} is not known`);
      const args = this.#addClock(Number(count), rest);
      try {
        return await this.client.evalsha(known.sha, Number(count) + 1, ...args);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await this.client.eval(known.text, Number(count) + 1, ...args);
      }
    },
    eval: async ([source = '', count = '0', ...rest]) => {
      const text = this.texts.add(source);
      return await this.client.eval(text, Number(count) + 1, ...this.#addClock(Number(count), rest));
    },
    set: async ([key = '', value = '', unit, ttl, mode]) => {
      if (unit === undefined) return await this.client.set(key, value);
      if (unit !== 'PX' || mode !== 'NX') throw new Error(`SET ${key}: not of the form that is known here`);
      const end = this.#expiry.get(key);
      if (end !== undefined && end <= this.now()) await this.client.del(key);
      const answer = await this.client.set(key, value, 'NX');
      if (answer === 'OK') this.#expiry.set(key, this.now() + Number(ttl));
      return answer;
    },
  };

  /** As the scripts read it. */
  get identity(): string {
    return `epoch:${this.epoch}`;
  }

  #addClock(count: number, rest: readonly string[]): string[] {
    return [...rest.slice(0, count), `${this.identity}:clock:${this.now()}`, ...rest.slice(count)];
  }
}

function hash(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

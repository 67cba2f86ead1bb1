import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../src/commands/main.js';
import type { Terminal } from '../../src/commands/terminal.js';
import type { RedisClient } from '../../src/store/connection.js';

export interface CommandRun {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** What stands on stdin; ends at once when absent. */
  stdin?: string;
  /** Aborts the command as SIGINT does. */
  stop?: AbortSignal;
}

/** Everything written to a stream, and a way to wait for a text in it. */
export class Screen extends PassThrough {
  isTTY?: boolean;
  text = '';

  constructor() {
    super();
    this.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
  }

  /** Resolves when the text has appeared after the last one that was waited for. */
  async until(wanted: string): Promise<void> {
    for (;;) {
      const at = this.text.indexOf(wanted, this.#position);
      if (at >= 0) {
        this.#position = at + wanted.length;
        return;
      }
      await new Promise((resolve) => this.once('data', resolve));
    }
  }

  #position = 0;
}

/** A keyboard for prompts: a stream that says it is a terminal. */
export class Keyboard extends PassThrough {
  isTTY = true;

  setRawMode(): this {
    return this;
  }
}

/** Runs one command line in this process, as `pmnamecheap …` would, without a terminal. */
export async function run(
  argv: readonly string[],
  { env, stdin = '', stop }: RunOptions,
): Promise<CommandRun> {
  const input = new PassThrough();
  input.end(stdin);
  const [stdout, stderr] = [new Screen(), new Screen()];
  const terminal: Terminal = {
    stdin: input,
    stdout,
    stderr,
    env,
    stop: stop ?? new AbortController().signal,
  };
  const code = await runCommandLine(argv, '0.0.0', terminal);
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** Everything in a Redis as one text: every key and every value, whatever its type. */
export async function readWholeRedis(redis: RedisClient): Promise<string> {
  const keys = await redis.keys('*');
  const values = await Promise.all(keys.map((key) => readKey(redis, key)));
  return JSON.stringify(keys.map((key, index) => [key, values[index]]));
}

async function readKey(redis: RedisClient, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return await redis.get(key);
    case 'hash':
      return await redis.hgetall(key);
    case 'list':
      return await redis.lrange(key, 0, -1);
    case 'set':
      return await redis.smembers(key);
    case 'zset':
      return await redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return await redis.xrange(key, '-', '+');
    case 'none': // gone since it was listed: workers go on meanwhile
      return null;
    default:
      throw new Error(`${key} has the type ${type}, which this test cannot read`);
  }
}

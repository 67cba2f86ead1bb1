import { Writable } from 'node:stream';
import { redact } from '../redact.js';
import { formatLine } from './line.js';
import { LogFile } from './log-file.js';

/** Where winston's formats put the finished line (the symbol that triple-beam exports). */
export const MESSAGE: unique symbol = Symbol.for('message');

/** An entry as it comes out of the logger's format. */
export interface FormattedEntry {
  [MESSAGE]: string;
}

export interface FileStreamOptions {
  file: string;
  /** At which size the file is moved away, bytes; asked at every line. */
  maxSize: () => number;
  /** Tells a person, outside of the log. */
  complain: (text: string) => void;
}

/** How long a file that could not be written is left alone, ms. */
const RETRY_MS = 1_000;

function composeOwnLine(level: 'NOTE' | 'WARNING', text: string): string {
  return `${formatLine({ at: new Date(), pid: process.pid, level, component: 'log', text: redact(text) })}\n`;
}

/**
 * The file's end of the log. A log must never stop purchases: when the file cannot be written this is said once
 * where a person sees it, the work goes on, and the file is tried again every second.
 */
export class FileStream extends Writable {
  readonly #file: LogFile;
  readonly #maxSize: () => number;
  readonly #complain: (text: string) => void;
  #hasArchiveFault = false;
  #lost = 0;
  #retryAt = 0;

  constructor({ file, maxSize, complain }: FileStreamOptions) {
    super({ objectMode: true });
    this.#maxSize = maxSize;
    this.#complain = (text) => complain(`${file}: ${text}`);
    this.#file = new LogFile({
      file,
      composeFirstLine: (archive) => composeOwnLine('NOTE', `The log before this line is in ${archive}`),
      onArchiveFault: (error) => this.#reportArchiveFault(error),
    });
  }

  override _write(entry: FormattedEntry, _encoding: BufferEncoding, done: () => void): void {
    if (this.#lost > 0 && performance.now() < this.#retryAt) this.#lost += 1;
    else this.#append(`${entry[MESSAGE]}\n`);
    done();
  }

  override _final(done: () => void): void {
    void this.#file
      .close()
      .catch((error: unknown) => this.#complain(`the log was not closed properly (${String(error)})`))
      .then(done);
  }

  /** Once: a full file is tried again at every line. */
  #reportArchiveFault(error: unknown): void {
    if (this.#hasArchiveFault) return;
    this.#hasArchiveFault = true;
    this.#complain(`the full log could not be moved away and compressed (${String(error)}): correct that`);
  }

  #append(line: string): void {
    const note = `${this.#lost} lines could not be written before this one`;
    try {
      this.#file.append((this.#lost === 0 ? '' : composeOwnLine('WARNING', note)) + line, this.#maxSize());
      this.#lost = 0;
    } catch (error) {
      const remedy = 'work goes on without it: correct that, or set PMNAMECHEAP_LOG_FILE to another file';
      if (this.#lost === 0) this.#complain(`the log cannot be written (${String(error)}); ${remedy}`);
      this.#lost += 1;
      this.#retryAt = performance.now() + RETRY_MS;
    }
  }
}

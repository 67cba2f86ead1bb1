import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { describeError, FailError, InputError } from '../errors.js';

/** More than any line of an export has; a wrong file ends here instead of in memory. */
const LONGEST_LINE = 64 * 1024 * 1024;

/**
 * Writes a file that only its owner may read, under another name until it is complete: whatever happens, `path` holds
 * what it held before or everything.
 * @throws InputError when it cannot be created; FailError when it cannot be written.
 */
export async function writeWholeFile<T>(
  path: string,
  write: (append: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const unfinished = `${path}.${randomUUID().slice(0, 8)}.part`;
  const file = await openFile(unfinished, 'wx', path);
  try {
    const result = await write((text) => file.appendFile(text).catch((error: unknown) => fail(path, error)));
    await file.sync();
    await file.close();
    await rename(unfinished, path).catch((error: unknown) => fail(path, error));
    return result;
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function openFile(name: string, flags: 'wx' | 'r', path: string): Promise<FileHandle> {
  try {
    return await open(name, flags, 0o600);
  } catch (error) {
    const verb = flags === 'r' ? 'read' : 'create';
    throw new InputError([`FILE: cannot ${verb} ${path} (${describeError(error)})`], 'The command line');
  }
}

function fail(path: string, error: unknown): never {
  throw new FailError(`${path} was not written (${describeError(error)})`, 'ERR_EXPORT', error);
}

/** The lines of one open file, as often as they are asked for: it stays the same file when its name gets another one. */
export class LineFile implements AsyncDisposable {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** @throws InputError when it cannot be read. */
  static async open(path: string): Promise<LineFile> {
    const file = await openFile(path, 'r', path);
    if ((await file.stat()).isFile()) return new LineFile(file);
    await file.close();
    throw new InputError([`FILE: ${path} is not a file; it is read several times`], 'The command line');
  }

  /** @throws InputError when a line has no end within any reason. */
  async *readLines(): AsyncGenerator<string> {
    const stream = this.#file.createReadStream({ start: 0, autoClose: false, encoding: 'utf8' });
    let rest = '';
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE)
        throw new InputError(['FILE: has a line that no export has; give a file of certificate export']);
      yield* lines;
    }
    if (rest !== '') yield rest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

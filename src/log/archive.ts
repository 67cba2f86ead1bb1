import { createReadStream, createWriteStream, existsSync, linkSync, unlinkSync } from 'node:fs';
import { rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';

/** Archives that start within the same second differ by this counter; more of them means something loops. */
const MOST_PER_SECOND = 1_000;

/** Between another process's look at the file's name and its write lie microseconds, or a busy machine's pause, ms. */
const LATE_WRITES_MS = 1_000;

function formatStamp(at: Date): string {
  const parts = [
    [at.getFullYear(), at.getMonth() + 1, at.getDate()],
    [at.getHours(), at.getMinutes(), at.getSeconds()],
  ];
  return parts.map((group) => group.map((part) => String(part).padStart(2, '0')).join('')).join('-');
}

function tryToLink(file: string, archive: string): boolean {
  try {
    linkSync(file, archive);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  // Looked at after the link: whoever compresses an earlier archive of this name makes the .gz first and then
  // frees the name. Overwriting that .gz would lose its lines.
  if (!existsSync(`${archive}.gz`)) return true;
  unlinkSync(archive);
  return false;
}

/**
 * Gives a log file a second name `<name>-<date>-<time>-<counter>` in `folder`, which must be on the same file system.
 * @returns the new path.
 */
export function linkArchive(file: string, name: string, folder: string, at: Date): string {
  for (let counter = 0; counter < MOST_PER_SECOND; counter += 1) {
    const archive = join(folder, `${name}-${formatStamp(at)}-${counter}`);
    if (tryToLink(file, archive)) return archive;
  }
  throw new Error(`${MOST_PER_SECOND} archives within one second`);
}

/**
 * Replaces an archive by `<archive>.gz`. Another process may be about to write a line to the file that it knew
 * under the old name: first that gets time to happen, and what still comes afterwards becomes a further gzip
 * member (RFC 1952, section 2.2), which `zcat` and `zgrep` read as one text.
 */
export async function compressArchive(archive: string): Promise<void> {
  await delay(LATE_WRITES_MS);
  const unfinished = `${archive}.gz.part`;
  let done = 0;
  for (let { size } = await stat(archive); done < size; { size } = await stat(archive)) {
    await pipeline(
      createReadStream(archive, { start: done, end: size - 1 }),
      createGzip(),
      createWriteStream(unfinished, { flags: done === 0 ? 'w' : 'a', mode: 0o640 }),
    );
    done = size;
  }
  await rename(unfinished, `${archive}.gz`);
  await unlink(archive);
}

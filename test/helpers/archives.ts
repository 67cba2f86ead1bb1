import { checkArchive, type ArchiveSource } from '../../src/store/archive-check.js';
import { restoreArchive, type RestoreOptions } from '../../src/store/archive-restore.js';
import { exportStore } from '../../src/store/archive.js';
import type { RedisClient } from '../../src/store/connection.js';
import type { Store } from '../../src/store/store.js';

/** The lines of an export. */
export async function exportLines(store: Store, prefix = '{test}'): Promise<string[]> {
  let text = '';
  const onUnreadable = (serviceId: string, why: string) => {
    throw new Error(`${serviceId}: ${why}`);
  };
  for await (const chunk of exportStore(store, { prefix, now: Date.now(), onUnreadable })) text += chunk;
  return text.trimEnd().split('\n');
}

/** Header and end differ from export to export; Redis gives the lines in between in any order. */
export function bodyOf(lines: readonly string[]): string[] {
  return lines.slice(1, -1).sort();
}

export function sourceOf(lines: readonly string[]): ArchiveSource {
  // eslint-disable-next-line @typescript-eslint/require-await
  return async function* () {
    yield* lines;
  };
}

/** Checks and restores; `left` is what was not written. */
export async function restoreLines(
  store: Store,
  lines: readonly string[],
  changes: Partial<RestoreOptions> & { source?: ArchiveSource } = {},
) {
  const { source = sourceOf(lines), ...others } = changes;
  const left: string[] = [];
  const counts = await restoreArchive(store, source, await checkArchive(sourceOf(lines)), {
    isReplacing: false,
    now: Date.now(),
    signal: new AbortController().signal,
    onLeft: (what) => left.push(what),
    ...others,
  });
  return { counts, left };
}

const NOT_EXPORTED =
  /:(events|module:.*|modules|account:[^:]+:(calls|rest|pause|listing|listed-.*|lock-.*|prices|gate|survey|live-names|audit|differences))$/;
const OURS = /:(certificate|history|open|due|services|module-uses|account)(:|$)/;

/** Every key under a prefix that belongs to an export, whatever it holds: without leases, and `open` without the times that the collector moves. */
export async function dumpKeys(redis: RedisClient, prefix: string): Promise<Record<string, unknown>> {
  const keys = (await redis.keys(`${prefix.replace(/[[\]*?\\]/g, '\\$&')}:*`)).sort();
  const dump: Record<string, unknown> = {};
  for (const key of keys) {
    const name = key.slice(prefix.length);
    if (!OURS.test(name) || NOT_EXPORTED.test(name)) continue;
    dump[name] = await readKey(redis, key, name === ':open');
  }
  return dump;
}

async function readKey(redis: RedisClient, key: string, isOpen: boolean): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash': {
      const fields = await redis.hgetall(key);
      return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith('lease')));
    }
    case 'list':
      return await redis.lrange(key, 0, -1);
    case 'set':
      return (await redis.smembers(key)).sort();
    case 'zset':
      return isOpen
        ? (await redis.zrange(key, '0', '-1')).sort()
        : await redis.zrange(key, '0', '-1', 'WITHSCORES');
    default:
      throw new Error(`${key} has a type that no export knows`);
  }
}

import { isLost, readInfo, readReplicas, type Replica } from './info.js';

/**
 * The oldest Redis that this is run on: BullMQ recommends it, and every later one writes scripts into the append-only
 * file by what they did, not by what they read.
 */
const OLDEST = { major: 6, minor: 2 };

/** Settings that INFO does not tell, by name; `unknown` where an ACL forbids CONFIG: then nothing can be promised. */
export type Settings = Readonly<Record<SettingName, string>>;
type SettingName = (typeof SETTING_NAMES)[number];
export const SETTING_NAMES = [
  'appendfsync',
  'no-appendfsync-on-rewrite',
  'stop-writes-on-bgsave-error',
  'save',
  'min-replicas-to-write',
] as const;

/** What a crash or a failover of this Redis would lose, and what else is wrong with it for money. */
export interface Durability {
  /** Why no purchase is made in production: one sentence each, with its remedy. */
  faults: string[];
  /** What is not as safe as it could be; purchases go on. */
  advice: string[];
  version: string;
  isSupported: boolean;
  replicas: Replica[];
}

/** Judges INFO (all of it) and CONFIG. A purchase's intent must survive a crash in the next instant. */
export function judgeDurability(info: string, settings: Settings): Durability {
  const version = readInfo(info, 'valkey_version') || readInfo(info, 'redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isSupported = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  const replicas = readReplicas(info);
  return {
    faults: [
      ...(isSupported
        ? []
        : [
            `version ${version || 'unknown'} is too old: upgrade to ${OLDEST.major}.${OLDEST.minor} or later`,
          ]),
      ...listStateFaults(info),
      ...listLogFaults(info, settings),
      ...listWriteFaults(info, settings),
    ],
    advice: [...listDiskAdvice(info, settings), ...listReplicaAdvice(replicas, settings)],
    version,
    isSupported,
    replicas,
  };
}

function listStateFaults(info: string): string[] {
  const faults: string[] = [];
  if (readInfo(info, 'role') !== 'master')
    faults.push('this is a replica, which takes no writes: let REDIS_URL point to its primary');
  if (readInfo(info, 'loading') === '1') faults.push('it is still loading its data: it goes on by itself');
  const policy = readInfo(info, 'maxmemory_policy');
  if (policy !== 'noeviction')
    faults.push(`maxmemory-policy is "${policy}": set "maxmemory-policy noeviction"`);
  return faults;
}

/** Faults of the append-only file, which alone keeps every single write. */
function listLogFaults(info: string, settings: Settings): string[] {
  if (readInfo(info, 'aof_enabled') !== '1')
    return ['appendonly is off: set "appendonly yes" (see config/redis.conf)'];
  const faults: string[] = [];
  if (settings.appendfsync !== 'always')
    faults.push(`appendfsync is "${settings.appendfsync}": set "appendfsync always" (see config/redis.conf)`);
  if (settings['no-appendfsync-on-rewrite'] === 'yes')
    faults.push('no-appendfsync-on-rewrite is on: set "no-appendfsync-on-rewrite no"');
  if (isLogMissing(info))
    faults.push(
      'the append-only file was switched on and is not written yet: it goes on by itself, or run BGREWRITEAOF',
    );
  if (readInfo(info, 'aof_last_write_status') === 'err')
    faults.push('the append-only file cannot be written: free space on its disk, or mend it');
  return faults;
}

/** After `CONFIG SET appendonly yes` Redis says that it is enabled, but a restart would find nothing until the first rewrite is done. */
function isLogMissing(info: string): boolean {
  const isUnderWay = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled'].some(
    (field) => readInfo(info, field) === '1',
  );
  const hasFailed = readInfo(info, 'aof_last_bgrewrite_status') === 'err';
  return readInfo(info, 'aof_base_size') === '0' && (isUnderWay || hasFailed);
}

/** Whether Redis itself refuses writes by now (MISCONF, NOREPLICAS). */
function listWriteFaults(info: string, settings: Settings): string[] {
  const faults: string[] = [];
  if (isSnapshotFailing(info) && isStoppedBySnapshot(settings))
    faults.push(
      'its last snapshot failed, so it refuses writes (MISCONF): free space on its disk, then run BGSAVE',
    );
  const needed = Number(settings['min-replicas-to-write']);
  const good = readInfo(info, 'min_slaves_good_slaves');
  if (good !== '' && Number(good) < needed)
    faults.push(
      `${good} of the ${needed} replicas of min-replicas-to-write are well, so it refuses writes (NOREPLICAS): bring them back`,
    );
  return faults;
}

function isSnapshotFailing(info: string): boolean {
  return readInfo(info, 'rdb_last_bgsave_status') === 'err';
}

function isStoppedBySnapshot(settings: Settings): boolean {
  return settings['stop-writes-on-bgsave-error'] === 'yes' && settings.save !== '';
}

function listDiskAdvice(info: string, settings: Settings): string[] {
  const advice: string[] = [];
  if (isSnapshotFailing(info) && !isStoppedBySnapshot(settings))
    advice.push('its last snapshot failed: look at its disk and memory, then run BGSAVE');
  if (readInfo(info, 'aof_last_bgrewrite_status') === 'err')
    advice.push(
      'the last rewrite of the append-only file failed, so it grows: look at its disk and memory, then run BGREWRITEAOF',
    );
  return advice;
}

function listReplicaAdvice(replicas: readonly Replica[], settings: Settings): string[] {
  const advice = replicas
    .filter(isLost)
    .map(({ name }) => `replica ${name} is behind or silent, so nothing waits for it: mend or detach it`);
  if (replicas.length > 0 && settings['min-replicas-to-write'] === '0')
    advice.push(
      'min-replicas-to-write is 0: set it to 1 or more, so that a primary cut off from its replicas takes no writes that a failover would forget',
    );
  return advice;
}

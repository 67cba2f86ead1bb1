import { mkdir, rm } from 'node:fs/promises';
import type { Fault, FragilePlay } from '../helpers/fragile-play.js';
import { limitFileSize } from '../helpers/redis-server.js';
import { enumerateFaults } from '../helpers/redis-stories.js';
import { until } from '../helpers/system.js';

/** `maxmemory` reached with noeviction: reads go on, whatever could grow is refused. */
const outOfMemory: Fault = {
  strike: async ({ server }) => {
    await server.ask((client) => client.config('SET', 'maxmemory', '1'));
  },
  mend: async ({ server }) => {
    await server.ask((client) => client.config('SET', 'maxmemory', '0'));
  },
};

async function saveSnapshot({ server }: FragilePlay, status: 'ok' | 'err'): Promise<void> {
  await server.ask((client) => client.bgsave());
  await until(
    async () => {
      const info = await server.ask((client) => client.info('persistence'));
      const isOver =
        info.includes('rdb_bgsave_in_progress:0') && info.includes(`rdb_last_bgsave_status:${status}`);
      return isOver ? true : null;
    },
    () => Promise.resolve(`the snapshot did not end with ${status}`),
  );
}

/** MISCONF: snapshots are configured and the last one failed, so every write is refused. A folder stands where the file is to be. */
const failingSnapshots: Fault = {
  strike: async (stage) => {
    await mkdir(stage.server.snapshotFile);
    await stage.server.ask((client) => client.config('SET', 'save', '3600 1'));
    await saveSnapshot(stage, 'err');
  },
  mend: async (stage) => {
    await rm(stage.server.snapshotFile, { recursive: true });
    await saveSnapshot(stage, 'ok');
    await rm(stage.server.snapshotFile);
    await stage.server.ask((client) => client.config('SET', 'save', ''));
  },
};

/** With `appendfsync always` a Redis that cannot write its log ends itself, its last command half written. */
const fullDisk: Fault = {
  strike: async ({ server }) => {
    limitFileSize(server, (await server.measureLog()) + 100);
  },
  mend: async (stage) => {
    await stage.crash();
  },
};

enumerateFaults(
  'a Redis that refuses writes',
  { 'out of memory': outOfMemory, 'failing snapshots': failingSnapshots, 'a full disk': fullDisk },
  { bounded: 2 },
);

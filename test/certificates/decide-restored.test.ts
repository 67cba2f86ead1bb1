import { describe, expect, it } from 'vitest';
import { exportLines, restoreLines } from '../helpers/archives.js';
import { decide, listIds, parkUnknown, readBooks, startOrder } from '../helpers/decisions.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

/** A parked purchase whose lane is held, in a store that was lost and restored from an export. */
async function restoreParked() {
  const play = await Play.start(redis);
  const { record, mend } = await parkUnknown(play);
  const { store } = play.bench;
  const lines = await exportLines(store);
  const keys = await redis.client.keys(`${store.keys.services.replace(/:services$/, '')}:*`);
  await redis.client.del(...keys.filter((key) => !key.includes(':module')));
  expect((await restoreLines(store, lines)).counts).toMatchObject({ restored: 1, conflicts: 0 });
  mend();
  return { play, serviceId: record.serviceId };
}

describe('a parked purchase that was restored', () => {
  it('holds its lane still: nothing of the product is bought before it is decided', async () => {
    const { play, serviceId } = await restoreParked();
    await startOrder(play);
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, lanes: 1 });
    await decide(play, serviceId, 'not-made');
    expect((await readBooks(play, redis)).lanes).toBe(0);
  });

  it('is adopted', async () => {
    const { play, serviceId } = await restoreParked();
    const [id = 0] = await listIds(play);
    expect(await decide(play, serviceId, { adopt: id })).toMatchObject({ kind: 'done' });
    expect(await play.bench.read(serviceId)).toMatchObject({ certificateId: id, problem: null });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, lanes: 0, made: 1 });
  });

  it.each(['not-made', 'release', 'adopt'])(
    'whose lane an older version lost is decided all the same: %s',
    async (what) => {
      const { play, serviceId } = await restoreParked();
      await redis.client.del(play.bench.store.keys.account(play.bench.work.account.id, 'lanes'));
      const [id = 0] = await listIds(play);
      expect(await decide(play, serviceId, what === 'adopt' ? { adopt: id } : what)).toMatchObject({
        kind: 'done',
      });
      expect((await play.bench.read(serviceId)).status).not.toBe('parked');
    },
  );
});

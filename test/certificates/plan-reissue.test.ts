import { describe, expect, it } from 'vitest';
import { PLACEHOLDER_STOP } from '../../src/certificates/placeholder.js';
import { decide } from '../helpers/decisions.js';
import { importNow, loseData } from '../helpers/imports.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const UNTOLD = /does not tell the CSR/;

/** A certificate whose service is lost. @returns the id of its placeholder. */
async function bringPlaceholder(play: Play): Promise<string> {
  const { certificateId } = await play.order('nobody.example.com', { years: 2 });
  await loseData(play);
  await importNow(play);
  return `nc-${certificateId ?? 0}`;
}

/** A service that was brought in, of which Namecheap does not tell the CSR. */
async function bringUntold(play: Play): Promise<string> {
  const { certificateId } = await play.order('untold.example.com', { years: 2 });
  await loseData(play);
  const { api } = play.bench;
  withApi(play.bench, {
    getInfo: async (input, options) => ({ ...(await api.getInfo(input, options)), csr: null }),
  });
  await importNow(play, { map: [{ serviceId: '1001', certificateId }] });
  withApi(play.bench, {});
  return '1001';
}

/** Nothing is reissued, however long it takes. */
async function expectNoReissue(play: Play, serviceId: string): Promise<void> {
  await play.passDays(190);
  await play.tick();
  expect((await play.bench.read(serviceId)).operation).toBeNull();
  expect(await play.bench.countCalls('ssl.reissue')).toBe(0);
}

const STOPPED = [
  ['a placeholder', bringPlaceholder, PLACEHOLDER_STOP],
  ['a service whose CSR is not told', bringUntold, expect.stringMatching(UNTOLD) as string],
] as const;

describe.each(STOPPED)('the automation of %s', (_what, bring, stop) => {
  const stopped = { automationStopped: stop, nextReissueAt: null, status: 'issued' };

  it('stays stopped when it is closed and opened again', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const serviceId = await bring(play);
    expect(await play.bench.read(serviceId)).toMatchObject(stopped);
    await play.run('close', { serviceId });
    expect(await play.run('close', { serviceId, open: true })).toMatchObject({
      result: { status: 'issued' },
    });
    expect(await play.bench.read(serviceId)).toMatchObject({ ...stopped, problem: stop });
    await expectNoReissue(play, serviceId);
  });

  it('is not begun by certificate resolve --retry, which says what would begin it', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const serviceId = await bring(play);
    const before = await play.bench.read(serviceId);
    const end = await decide(play, serviceId, 'retry');
    expect(end).toMatchObject({
      kind: 'fail',
      reason: expect.stringMatching(/--map|job that gives csr/) as string,
    });
    expect(await play.bench.read(serviceId)).toEqual(before);
    await expectNoReissue(play, serviceId);
  });
});

describe('a stop whose cause is mended', () => {
  it('ends with the map for a placeholder, closed and opened before', async () => {
    await using play = await Play.start(redis, { leafDays: 198 });
    const id = await bringPlaceholder(play);
    await play.run('close', { serviceId: id });
    await play.run('close', { serviceId: id, open: true });
    const { certificateId } = await play.bench.read(id);
    await importNow(play, { map: [{ serviceId: '1001', certificateId }] });
    const record = await play.bench.read('1001');
    expect(record).toMatchObject({ automationStopped: null, problem: null });
    expect(record.nextReissueAt).not.toBeNull();
  });
});

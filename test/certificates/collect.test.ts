import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const HOUR_MS = 3_600_000;

async function startPending(play: Play, commonName: string): Promise<string> {
  const payload = await composeOrder(commonName);
  expect(await play.run('order', payload)).toMatchObject({ kind: 'done' });
  return payload.serviceId;
}

describe('the collector', () => {
  it('that parks one which is pending for more than a day goes on with the others', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_validation', { mode: 'never' });
    const bad = await startPending(play, 'bad.example.com');
    const good = await startPending(play, 'good.example.com');
    await play.pass(30 * HOUR_MS);
    await play.bench.control('_validation', { mode: 'now' });
    const { certificateId } = await play.bench.read(bad);
    const { certificateId: next } = await play.bench.read(good);
    withApi(play.bench, {
      getList: async (input, options) => {
        const page = await play.bench.api.getList(input, options);
        return { ...page, rows: page.rows.map((row) => ({ ...row, status: 'active' })) };
      },
      getInfo: async (input, options) => {
        const seen = await play.bench.api.getInfo(input, options);
        return input.certificateId === certificateId ? { ...seen, status: 'cancelled' } : seen;
      },
    });
    await play.bench.control('_validation', { mode: 'now', certificateId: next });
    await play.pass(2000);
    await play.run('collect', {});
    expect((await play.bench.read(bad)).status).toBe('parked');
    expect((await play.bench.read(good)).status).toBe('issued');
  });

  it('asks soon for a certificate that is active and not handed out, then less and less, and tells of it', async () => {
    await using play = await Play.start(redis);
    const { account } = play.bench.work;
    withApi(play.bench, {
      getInfo: async (input, options) => ({
        ...(await play.bench.api.getInfo(input, options)),
        certificate: null,
      }),
    });
    const serviceId = await startPending(play, 'held.example.com');
    const look = async (times: number, ms: number) => {
      for (let time = 0; time < times; time++) {
        await play.pass(ms);
        await play.run('collect', {});
      }
    };
    await look(6, 10_000);
    expect(await play.bench.countCalls('ssl.getInfo')).toBeGreaterThan(2);
    await look(26 * 12, 300_000);
    expect(await play.bench.countCalls('ssl.getInfo')).toBeLessThan(45);
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'pending-validation',
      problem: expect.stringMatching(/is active at Namecheap.*not hand it out yet.*support/) as string,
    });
    const types = (await play.readEvents()).map(({ type }) => type);
    expect(types.filter((type) => type === 'certificate.pending-long')).toHaveLength(1);
    play.bench.work.account = account;
    await look(13, 300_000);
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', problem: null, attempts: 0 });
  });
});

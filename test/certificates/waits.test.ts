import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const MINUTE_MS = 60_000;

/** Lets hours pass as a worker would see them: the collector rings what is due. */
async function passHours(play: Play, hours: number): Promise<void> {
  for (let step = 0; step < hours * 12; step++) {
    await play.pass(5 * MINUTE_MS);
    await play.run('collect', {});
    await play.drain();
  }
}

async function countEvents(play: Play, type: string): Promise<number> {
  return (await play.readEvents()).filter((event) => event.type === type).length;
}

describe('an unanswered reissue whose certificate is replaced and does not name its successor', () => {
  it('is asked for less and less, is left to a person after a day, and goes on once it is told', async () => {
    await using play = await Play.start(redis, { leafDays: 100 });
    const { serviceId, certificateId } = await play.order('told.example.com', { years: 1 });
    await play.bench.control('_fault', { command: 'ssl.reissue', count: 1, fault: 'drop-after' });
    const { account } = play.bench.work;
    withApi(play.bench, {
      getInfo: async (input, options) => {
        const seen = await play.bench.api.getInfo(input, options);
        return input.certificateId === certificateId
          ? { ...seen, status: 'replaced', replacedBy: null }
          : seen;
      },
    });
    const before = await play.bench.countCalls('ssl.getInfo');
    await play.run('reissue', { serviceId, reason: 'rekey', requestId: 'a' });
    await passHours(play, 2);
    expect(await play.bench.read(serviceId)).toMatchObject({
      operation: { state: 'accepted' },
      problem: expect.stringMatching(/is replaced.*does not tell by which/) as string,
    });
    await passHours(play, 30);
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'issued', operation: { job: 'reissue', state: 'parked' } });
    expect(record.problem).toMatch(/which certificate replaced \d+.*certificate resolve \S+ --retry/);
    expect((await play.bench.countCalls('ssl.getInfo')) - before).toBeLessThan(25);
    expect(await countEvents(play, 'certificate.parked')).toBe(1);

    // A person has it tried again: with its whole patience, and then for good.
    await play.run('resolve', { serviceId, decision: 'retry' });
    await play.drain();
    expect((await play.bench.read(serviceId)).operation?.state).toBe('accepted');
    play.bench.work.account = account;
    await passHours(play, 1);
    expect(await play.bench.read(serviceId)).toMatchObject({ status: 'issued', operation: null });
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
  });
});

describe('an errand that Namecheap does not answer', () => {
  it('is tried less and less, and given up after a week', async () => {
    await using play = await Play.start(redis);
    await play.bench.control('_validation', { mode: 'never' });
    const payload = await composeOrder('unanswered.example.com');
    await play.run('order', payload);
    const { serviceId } = payload;
    await play.bench.control('_fault', { command: 'ssl.editDCVMethod', count: 10_000, fault: 'http-500' });
    const end = await play.run('dcv', { serviceId, dcv: { method: 'http' }, requestId: 'd' });
    expect(end.kind).toBe('wait');
    await passHours(play, 24);
    const first = await play.bench.countCalls('ssl.editDCVMethod');
    expect(first).toBeLessThan(45);
    await passHours(play, 24 * 6 + 2);
    expect((await play.bench.countCalls('ssl.editDCVMethod')) - first).toBeLessThanOrEqual(24 * 6 + 2);
    expect((await play.bench.read(serviceId)).errands).toEqual([]);
  });
});

describe('the list at Namecheap that does not add up', () => {
  it.each(['before', 'after'])('%s a purchase is read less and less, until it does', async (when) => {
    await using play = await Play.start(redis);
    let excess = when === 'before' ? 1 : 0;
    withApi(play.bench, {
      getList: async (input, options) => {
        const page = await play.bench.api.getList(input, options);
        return { ...page, totalItems: page.totalItems + (input.listType === 'NewPurchase' ? excess : 0) };
      },
    });
    await play.bench.control('_fault', { command: 'ssl.create', count: 1, fault: 'drop-after' });
    const payload = await composeOrder('list.example.com');
    await play.run('order', payload);
    expect(await play.bench.countCalls('ssl.create')).toBe(when === 'before' ? 0 : 1);
    excess = 1;
    await passHours(play, 24);
    // Two readings each time.
    expect(await play.bench.countCalls('ssl.getList')).toBeLessThan(2 * 40);
    excess = 0;
    await passHours(play, 2);
    expect((await play.bench.read(payload.serviceId)).status).toBe('issued');
    expect(await play.bench.countCalls('ssl.create')).toBe(1);
  });
});

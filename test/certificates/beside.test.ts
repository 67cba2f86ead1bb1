import { describe, expect, it } from 'vitest';
import { acceptErrand } from '../../src/certificates/inbox.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const DAY_MS = 86_400_000;
const redis = useRedis();

describe('beside the certificate in force', () => {
  it('a renewal under way is not announced as something to sell; one that came to nothing is', async () => {
    await using play = await Play.start(redis, { leafDays: 398 });
    const { serviceId, termEnd } = await play.order('sold.example.com');
    await play.pass(Date.parse(termEnd ?? '') - 40 * DAY_MS - play.now());
    await play.bench.control('_validation', { mode: 'never' });
    await play.run('renew', { serviceId, years: 1 });
    await play.passDays(15);
    await play.tick();
    const types = async () => (await play.readEvents()).map(({ type }) => type);
    expect(await types()).not.toContain('certificate.expiring');
    const { operation } = await play.bench.read(serviceId);
    await play.bench.control('_status', { certificateId: operation?.certificateId, status: 'purchaseerror' });
    await play.pass(3_600_000);
    await play.tick();
    await play.tick();
    expect(await types()).toEqual(expect.arrayContaining(['certificate.parked', 'certificate.expiring']));
    expect(await play.bench.read(serviceId)).toMatchObject({
      status: 'issued',
      operation: { state: 'parked' },
    });
  });

  it('the order asked for again answers with what is known, and leaves what follows it alone', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('again.example.com', { years: 2 });
    const stored = await play.bench.store.certificates.load(serviceId);
    await play.bench.control('_fault', { command: 'ssl.reissue', fault: 'http-500', count: 1 });
    expect((await play.run('reissue', { serviceId })).kind).toBe('wait');
    const run = await play.run('order', stored?.request);
    expect(run).toMatchObject({ kind: 'done', result: { status: 'issued', operation: { job: 'reissue' } } });
    expect(await play.bench.countCalls('ssl.reissue')).toBe(1);
  });

  it('what is asked meanwhile does not make an accepted reissue be looked up', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('meanwhile.example.com', { years: 2 });
    const looks = await play.bench.countCalls('ssl.getInfo');
    const { certificates } = play.bench.store;
    const at = new Date().toISOString();
    withApi(play.bench, {
      reissue: async (input, options) => {
        const made = await play.bench.api.reissue(input, options);
        const errand = { id: 'later', job: 'reissue', payload: { serviceId }, at };
        await acceptErrand(certificates, serviceId, errand, () => false);
        return made;
      },
    });
    expect((await play.run('reissue', { serviceId })).kind).toBe('done');
    expect(await play.bench.read(serviceId)).toMatchObject({
      operation: { state: 'pending-validation' },
      errands: [{ id: 'later' }],
    });
    expect(await play.bench.countCalls('ssl.getInfo')).toBe(looks);
  });

  it('a reissue that Namecheap refuses for its state again and again is left to a person', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await play.order('stuck.example.com', { years: 2 });
    const error = { number: 4011331, text: 'Status is InValid.' };
    await play.bench.control('_fault', { command: 'ssl.reissue', fault: 'error', count: 50, error });
    const payload = { serviceId, requestId: 'stuck-1' };
    for (let run = 0; run < 20; run++) await play.run('reissue', payload);
    const record = await play.bench.read(serviceId);
    expect(record).toMatchObject({ status: 'issued', operation: { job: 'reissue', state: 'parked' } });
    expect(record.problem).toMatch(/refused 13 times/);
    expect(await play.bench.countCalls('ssl.reissue')).toBe(13);
  });
});

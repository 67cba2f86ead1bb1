import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { decide, readBooks } from '../helpers/decisions.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { withApi } from '../helpers/work.js';

const redis = useRedis();
const SANS = ['b.example.com', 'c.example.com'];

/** Further names whose purchase got no answer, while Namecheap counts something that explains nothing: parked. */
async function parkNames(play: Play, fault: 'drop-before' | 'drop-after'): Promise<CertificateRecord> {
  const { serviceId } = await play.order('a.example.com', { type: 'PositiveSSL Multi Domain', sans: SANS });
  await play.bench.control('_fault', { command: 'ssl.purchasemoresans', fault, count: 1 });
  const reissue = {
    ...{ serviceId, reason: 'names', allowCharge: true, requestId: 'more' },
    sans: [...SANS, 'd.example.com', 'e.example.com'],
  };
  await play.run('reissue', reissue);
  expect(await play.bench.read(serviceId)).toMatchObject({ operation: { state: 'purchase-unclear' } });
  withApi(play.bench, {
    getInfo: async (input, options) => ({ ...(await play.bench.api.getInfo(input, options)), sansCount: 77 }),
  });
  await play.run('reissue', reissue);
  withApi(play.bench, {});
  const record = await play.bench.read(serviceId);
  expect(record).toMatchObject({ status: 'issued', operation: { job: 'reissue', state: 'parked' } });
  return record;
}

describe('further names whose purchase parked', () => {
  it('--adopt takes them for bought, where Namecheap counts them', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId, problem } = await parkNames(play, 'drop-after');
    expect(problem).toContain(`certificate resolve ${serviceId} --adopt ${certificateId ?? 0}`);
    expect(await decide(play, serviceId, { adopt: 1 })).toMatchObject({ kind: 'fail' });
    expect((await decide(play, serviceId, { adopt: certificateId })).kind).toBe('done');
    expect(await play.bench.read(serviceId)).toMatchObject({
      ...{ sansAdded: 2, operation: { state: 'pending-validation' } },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 2, lanes: 0 });
  });

  it('--adopt is refused where Namecheap counts that nothing was added, and --not-made buys them once', async () => {
    await using play = await Play.start(redis);
    const { serviceId, certificateId } = await parkNames(play, 'drop-before');
    expect(JSON.stringify(await decide(play, serviceId, { adopt: certificateId }))).toMatch(
      /takes \d+ further names/,
    );
    await decide(play, serviceId, 'not-made');
    expect(await play.bench.read(serviceId)).toMatchObject({
      ...{ sansAdded: 2, operation: { state: 'pending-validation' } },
    });
    expect(await readBooks(play, redis)).toMatchObject({ charges: 2, made: 2, lanes: 0 });
  });

  it('--release drops the reissue: the names of the certificate in force stay', async () => {
    await using play = await Play.start(redis);
    const { serviceId } = await parkNames(play, 'drop-before');
    await decide(play, serviceId, 'release');
    expect(await play.bench.read(serviceId)).toMatchObject({
      ...{ status: 'issued', operation: null, sans: SANS, sansAdded: 0, purchase: null },
    });
    expect((await play.bench.store.certificates.load(serviceId))?.draft).toBeNull();
    expect(await readBooks(play, redis)).toMatchObject({ charges: 1, made: 1, lanes: 0 });
  });
});

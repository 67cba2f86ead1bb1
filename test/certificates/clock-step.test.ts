import { expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { readLedger } from '../helpers/outcome.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const HOUR_MS = 3_600_000;
const redis = useRedis();

it("a step of the whole host's clock is no settle time: what Namecheap carries out a moment later is found", async () => {
  await using play = await Play.start(redis);
  const { bench } = play;
  let monotonic = 0;
  bench.work.monotonic = () => monotonic;
  await bench.control('_fault', { command: 'ssl.create', fault: 'drop-before', count: 1 });
  const payload = await composeOrder('step.example.com');
  const look = () => play.run('order', payload);
  await look();
  expect(await bench.read(payload.serviceId)).toMatchObject({ status: 'purchase-unclear' });

  bench.shiftClocks(HOUR_MS);
  for (let i = 0; i < 5; i++) expect((await look()).kind).toBe('wait');
  // The request that was cut off reaches Namecheap after all.
  await bench.api.create({ type: 'PositiveSSL', years: 1 });
  monotonic += HOUR_MS;
  for (let i = 0; i < 3; i++) await look();
  expect(await bench.read(payload.serviceId)).toMatchObject({ status: 'pending-validation' });
  expect((await readLedger(play)).charges).toHaveLength(1);
});

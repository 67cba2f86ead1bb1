import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jobs } from '../../jobs/index.js';
import { parseJobPayload } from '../../src/app.js';
import { PmnamecheapError } from '../../src/errors.js';
import { readWholeRedis } from '../commands/command-line.js';
import { countCases, demandTyped, FACTOR, SEED } from '../helpers/fuzz.js';
import { mutatedJson } from '../helpers/mutated-json.js';
import { mutatedText } from '../helpers/mutated-text.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { composeOrder } from '../helpers/orders.js';

const redis = useRedis();
const TIMEOUT_MS = 240_000 * Math.max(1, FACTOR);

const FIELDS = ['record', 'request', 'draft', 'pem', 'status'] as const;

it(
  'a service whose stored values cannot be read fails typed, and holds nobody up',
  async () => {
    await using play = await Play.start(redis, { leafDays: 198, balance: '9000' });
    const [broken, whole] = [
      await play.order('a.example.com', { years: 2 }),
      await play.order('b.example.com', { years: 2 }),
    ];
    const { redis: client, keys } = play.bench.store;
    const key = keys.certificate(broken.serviceId);
    const good = await client.hgetall(key);
    const values = fc.oneof(
      { weight: 2, arbitrary: mutatedText([good['record'] ?? '', '{}', '[]', 'null']) },
      {
        weight: 3,
        arbitrary: mutatedJson([JSON.parse(good['record'] ?? '')]).map((value) =>
          JSON.stringify([value]).slice(1, -1),
        ),
      },
    );
    const cases = fc.record({ field: fc.constantFrom(...FIELDS, 'record', 'record'), value: values });
    await fc.assert(
      fc.asyncProperty(cases, async ({ field, value }) => {
        await client.hset(key, field, value);
        await client.zadd(keys.open, 0, broken.serviceId);
        await client.zadd(keys.due, 0, broken.serviceId);
        // Play throws for whatever is not a typed error.
        const { serviceId } = broken;
        for (const job of ['sync', 'close', 'reissue', 'renew', 'dcv'])
          await play.run(job, { serviceId, ...(job === 'renew' ? { years: 1 } : {}) });
        expect(await play.run('collect', {})).toMatchObject({ kind: 'done' });
        expect(await play.run('scan', {})).toMatchObject({ kind: 'done' });
        expect(await play.run('sync', { serviceId: whole.serviceId })).toMatchObject({ kind: 'done' });
        await client.del(key);
        await client.hset(key, good);
        play.rung.length = 0;
      }),
      { seed: SEED, numRuns: countCases(60) },
    );
    process.stdout.write(`fuzz: stored values: ${countCases(60)} cases, FUZZ_SEED=${SEED}\n`);
  },
  TIMEOUT_MS,
);

it(
  'a payload that is refused changes nothing in Redis',
  async () => {
    await using play = await Play.start(redis, { balance: '9000' });
    const issued = await play.order('c.example.com', { years: 2 });
    const { serviceId } = issued;
    const order = await composeOrder('c.example.com', { serviceId, years: 2 });
    const corpus: [string, unknown][] = [
      ...(['order', 'order'] as const).map((job): [string, unknown] => [job, order]),
      ['renew', { serviceId, years: 1, paidTill: issued.termEnd, requestId: 'op-1' }],
      ['reissue', { serviceId, reason: 'rekey', requestId: 'op-2' }],
      ['dcv', { serviceId, dcv: { method: 'dns' } }],
      ['revoke', { serviceId, certificateId: issued.certificateId }],
      ['resolve', { serviceId, decision: 'retry' }],
      ['close', { serviceId, open: 'no' }],
    ];
    let refused = 0;
    const cases = fc
      .constantFrom(...corpus)
      .chain(([job, payload]) => fc.tuple(fc.constant(job), mutatedJson([payload])));
    await fc.assert(
      fc.asyncProperty(cases, async ([job, payload]) => {
        const definition = jobs.get(job);
        if (definition === undefined) throw new Error(`no job ${job}`);
        const before = await readWholeRedis(redis.client);
        try {
          const parsed = parseJobPayload(definition, payload);
          await definition.accept?.(parsed, play.bench.store, play.now(), 'fuzz-1');
        } catch (error) {
          if (!(error instanceof PmnamecheapError)) throw new Error('not a typed error', { cause: error });
          demandTyped(error);
          refused += 1;
          expect(await readWholeRedis(redis.client)).toBe(before);
        }
      }),
      { seed: SEED, numRuns: countCases(600) },
    );
    expect(refused).toBeGreaterThan(countCases(200));
    process.stdout.write(
      `fuzz: refused payloads: ${refused} of ${countCases(600)} cases, FUZZ_SEED=${SEED}\n`,
    );
  },
  TIMEOUT_MS,
);

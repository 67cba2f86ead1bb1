import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { makeRandom } from '../../src/sandbox/random.js';
import { Process, runIn } from '../helpers/crash.js';
import { readOutcome } from '../helpers/outcome.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

/** No job makes more calls than this in one run, so every call may be the one at which its process dies. */
const MOST_CALLS = 30;

/** Lets the repeating jobs and what they ring run once, each in a process that `hire` sends. */
async function tick(play: Play, hire: () => Process): Promise<void> {
  for (const name of ['scan', 'collect']) {
    await runIn(play, hire(), () => play.run(name, {}));
    for (let next = play.rung.shift(); next !== undefined; next = play.rung.shift()) {
      const { job, payload } = next;
      await runIn(play, hire(), () => play.run(job, payload));
    }
  }
}

interface Life {
  record: CertificateRecord;
  first: CertificateRecord;
  outcome: Awaited<ReturnType<typeof readOutcome>>;
}

/** A subscription of five years at lives of 99 days. Its first order is undisturbed. The id decides the jitter. */
async function live(serviceId: string, hire: () => Process): Promise<Life> {
  await using play = await Play.start(redis, { leafDays: 99 });
  const first = await play.order('years.example.com', { serviceId, years: 5 });
  const termEnd = Date.parse(first.termEnd ?? '');
  let record = first;
  while (play.now() < termEnd) {
    const due = record.nextReissueAt === null ? termEnd : Date.parse(record.nextReissueAt);
    const isIdle = record.operation === null && play.now() < due;
    await play.pass(isIdle ? due - play.now() + 60_000 : 6 * 60_000);
    await tick(play, hire);
    await play.pass(2000);
    await tick(play, hire);
    record = await play.bench.read(serviceId);
    if (play.now() < termEnd) expect(Date.parse(record.endDate ?? '')).toBeGreaterThan(play.now());
  }
  // What a last crash put off.
  for (let round = 0; round < 5; round++) {
    await play.pass(6 * 60_000);
    await tick(play, () => new Process());
  }
  return { first, record: await play.bench.read(serviceId), outcome: await readOutcome(play, serviceId) };
}

describe('five years in which every other job run dies somewhere', () => {
  it.each([1, 2, 3])('end as if nobody had died (seed %i)', { timeout: 60_000 }, async (seed) => {
    const random = makeRandom(seed);
    const hired: Process[] = [];
    const hire = () => {
      const call = 1 + Math.floor(random() * random() * MOST_CALLS);
      const side = random() < 0.5 ? ('before' as const) : ('after' as const);
      const process = new Process(random() < 0.5 ? null : { call, side });
      hired.push(process);
      return process;
    };
    const calm = await live(`years-${seed}`, () => new Process());
    const { first, record, outcome } = await live(`years-${seed}`, hire);

    expect(hired.filter(({ isDead }) => isDead).length).toBeGreaterThan(30);
    expect(outcome).toEqual(calm.outcome);
    expect(record.termEnd).toBe(first.termEnd);
    expect(record.paidTill).toBeNull();
    expect(measureRest(record)).toBe(measureRest(calm.record));
    // One stretch without a gap, for as long as coverage is remembered.
    expect(record.covered).toEqual([{ from: record.covered[0]?.from, till: record.endDate }]);
  });
});

/** What the last certificate leaves of the paid term, ms. */
function measureRest({ endDate, termEnd }: CertificateRecord): number {
  return Date.parse(termEnd ?? '') - Date.parse(endDate ?? '');
}

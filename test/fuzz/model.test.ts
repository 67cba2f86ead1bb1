import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Expectations } from '../helpers/expectations.js';
import { countCases, FACTOR, SEED } from '../helpers/fuzz.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { BEGINNING, calmDown, carryOut, commands, makeCsrs, type Command } from '../helpers/walk.js';

const redis = useRedis();

const counts = { walks: 0, commands: 0, done: 0, wait: 0, fail: 0 };

/** Walks through the commands on a fresh account; after each, everything must be as a customer may expect it. */
async function walk(csrs: readonly string[], steps: readonly Command[]): Promise<void> {
  await using play = await Play.start(redis, { leafDays: 198, balance: '9000' });
  const expectations = new Expectations(play);
  counts.walks += 1;
  for (const step of [...BEGINNING, ...steps]) {
    counts.commands += 1;
    const before = await expectations.note();
    for (const { kind } of await carryOut(play, step, csrs)) counts[kind] += 1;
    await expectations.demand(before, step);
  }
  const before = await expectations.note();
  await calmDown(play);
  await expectations.demand(before, null);
  await expectations.demandRest();
}

it(
  'walks of any commands, two at a time, through faults and years, never leave what a customer may expect',
  async () => {
    const csrs = await makeCsrs();
    await fc.assert(
      fc.asyncProperty(commands, (steps) => walk(csrs, steps)),
      { seed: SEED, numRuns: countCases(40) },
    );
    // Walks that only ever fail or wait would show nothing.
    expect(counts.done).toBeGreaterThan(counts.walks);
    process.stdout.write(`fuzz: model: ${JSON.stringify(counts)}, FUZZ_SEED=${SEED}\n`);
  },
  300_000 * Math.max(1, FACTOR),
);

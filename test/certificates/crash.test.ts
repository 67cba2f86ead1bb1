import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeError } from '../../src/errors.js';
import { makeRandom } from '../../src/sandbox/random.js';
import { Process, runIn, settle, type CrashPoint } from '../helpers/crash.js';
import { readOutcome, type Outcome } from '../helpers/outcome.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import {
  namesStory,
  ORDER_END,
  orderStory,
  reissueStory,
  RenewStory,
  type Story,
} from '../helpers/stories.js';

const redis = useRedis();
const SIDES = ['before', 'after'] as const;

const LISTING_MAX_AGE_MS = 11 * 60_000;

/** More runs than this in one account make its lists long and the test slow. */
const RUNS = 60;

/** One account after the other, each good for some runs. */
class Plays implements AsyncDisposable {
  #play: Play | null = null;
  #left = 0;

  constructor(readonly story: Story) {}

  async next(): Promise<Play> {
    if (this.#play !== null && this.#left-- > 0) return this.#play;
    await this.#play?.[Symbol.asyncDispose]();
    this.#play = await Play.start(redis, { leafDays: 400, balance: '1000000' });
    this.#left = RUNS - 1;
    // The first contact with the account: what follows makes the same calls each time.
    await this.#play.order('contact.example.com');
    if (this.story instanceof RenewStory) await this.story.stock(this.#play, RUNS);
    return this.#play;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#play?.[Symbol.asyncDispose]();
  }
}

interface End {
  outcome: Outcome;
  processes: Process[];
  /** Calls of the first process until the story was over. */
  told: number;
}

/** Plays the story once; each process but the last dies at its point, and the repeating jobs go on. */
async function tell(play: Play, story: Story, points: readonly CrashPoint[]): Promise<End> {
  // So that the lists that were read for the story before are too old for this one.
  await play.pass(LISTING_MAX_AGE_MS);
  const before = await story.prepare(play);
  const { serviceId } = before;
  const processes: Process[] = [];
  let told = 0;
  for (const point of [...points, null]) {
    const process = new Process(point);
    processes.push(process);
    await runIn(play, process, async () => {
      if (processes.length === 1) {
        await story.act(play, before);
        told = process.calls.length;
      }
      await settle(play, serviceId);
    });
    if (!process.isDead) break;
  }
  return { outcome: await readOutcome(play, serviceId), processes, told };
}

/** Null when the story ended as it should, else where its processes died and how it ended. */
function describeDifference({ outcome, processes }: End, { end }: Story): string | null {
  try {
    expect(outcome).toEqual({ ...ORDER_END, ...end });
    return null;
  } catch (error) {
    const deaths = processes
      .filter(({ isDead }) => isDead)
      .map(({ point, calls }) => `${point?.side ?? ''} call ${calls.length} (${calls.at(-1) ?? ''})`);
    return `died ${deaths.join(', then ')}: ${describeError(error)} ${JSON.stringify(outcome)}`;
  }
}

/** How many pairs of deaths are tried of each story: all of them would take hours. */
const PAIRS = 40;
const SEED = 20_260_711;

describe.each([reissueStory, new RenewStory(), namesStory, orderStory])('$name', (story) => {
  const plays = new Plays(story);
  let total = 0;
  beforeAll(async () => {
    const end = await tell(await plays.next(), story, []);
    expect(describeDifference(end, story)).toBeNull();
    total = end.told;
  });
  afterAll(() => plays[Symbol.asyncDispose]());

  it('ends the same, whichever call a worker dies before or after', { timeout: 120_000 }, async () => {
    expect(total).toBeGreaterThan(25);
    const different: (string | null)[] = [];
    for (let call = 1; call <= total; call++) {
      for (const side of SIDES) {
        const end = await tell(await plays.next(), story, [{ call, side }]);
        expect(end.processes.map(({ isDead }) => isDead)).toEqual([true, false]);
        different.push(describeDifference(end, story));
      }
    }
    expect(different.filter((one) => one !== null)).toEqual([]);
  });

  it(
    `ends the same when its heir dies too (${PAIRS} pairs, seed ${SEED})`,
    { timeout: 120_000 },
    async () => {
      const random = makeRandom(SEED);
      const draw = (): CrashPoint => ({
        call: 1 + Math.floor(random() * total),
        side: random() < 0.5 ? 'before' : 'after',
      });
      const different: (string | null)[] = [];
      for (let pair = 0; pair < PAIRS; pair++) {
        const end = await tell(await plays.next(), story, [draw(), draw()]);
        different.push(describeDifference(end, story));
      }
      expect(different.filter((one) => one !== null)).toEqual([]);
    },
  );
});

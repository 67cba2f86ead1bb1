import { describe, expect, it } from 'vitest';
import { makeRandom } from '../../src/sandbox/random.js';
import { KillRounds } from '../helpers/kill-rounds.js';
import { atCall, atCommand } from '../helpers/moments.js';

/** `FAULT_ROUNDS=200 FAULT_SEED=7 npm run faults:processes` for a long run. */
const rounds = Number(process.env['FAULT_ROUNDS'] ?? 4);
const seed = Number(process.env['FAULT_SEED'] ?? 1);
/** Commands to Redis that one round takes, about. */
const COMMANDS = { books: 110, all: 400 };

const CALLS = [
  ...['ssl.create', 'ssl.renew'].flatMap((command) => [
    { command, before: true },
    { command, before: false },
  ]),
  { command: 'ssl.activate', before: false },
  { command: 'ssl.reissue', before: false },
  { command: 'ssl.getInfo', before: true },
  { command: 'ssl.getList', before: true },
];

describe('a worker killed with kill -9 while it orders, renews and reissues', () => {
  it('in the middle of each kind of call: nothing twice, nothing lost', { timeout: 600_000 }, async () => {
    await using arena = await KillRounds.start(CALLS.length);
    for (const { command, before } of CALLS) {
      // Alone, or the call could be the other worker's.
      const moment = atCall(command, { before });
      expect(await arena.kill(moment, false).catch(explain(moment.name))).toBe(true);
    }
    const { charges } = await arena.system.readLedger();
    expect(charges).toHaveLength(CALLS.length + 1 + 2 * CALLS.length);
  });

  it(
    `at ${rounds} moments of its talk with Redis (seed ${seed}): nothing twice, nothing lost`,
    { timeout: 120_000 + rounds * 60_000 },
    async () => {
      await using arena = await KillRounds.start(rounds);
      const random = makeRandom(seed);
      let kills = 0;
      for (let round = 0; round < rounds; round++) {
        const scope = random() < 0.7 ? 'books' : 'all';
        const n = 1 + Math.floor(random() * COMMANDS[scope]);
        const moment = atCommand(n, random() < 0.5, scope);
        const where = `round ${round} of seed ${seed}, ${moment.name}`;
        if (await arena.kill(moment, random() < 0.5).catch(explain(where))) kills++;
      }
      expect(kills).toBeGreaterThan(0);
      const { charges } = await arena.system.readLedger();
      expect(charges).toHaveLength(rounds + 1 + 2 * rounds);
    },
  );
});

function explain(where: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  };
}

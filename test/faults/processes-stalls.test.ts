import { expect, it } from 'vitest';
import { KillRounds } from '../helpers/kill-rounds.js';
import { PLACE_NAMES, untilCalled, watchFor } from '../helpers/moments.js';

it(
  'a worker that sleeps (SIGSTOP) past its lock and its lease while another takes over: bought once',
  { timeout: 600_000 },
  async () => {
    const rounds = PLACE_NAMES.length + 2;
    await using arena = await KillRounds.start(rounds);
    for (const place of PLACE_NAMES) {
      await arena.stall((gate, strike) => {
        gate.watch = watchFor(place, strike);
      });
    }
    for (const command of ['ssl.create', 'ssl.renew']) {
      await arena.stall((_gate, strike) => {
        const fault = { command, fault: 'slow', delayMs: 700, count: 1 } as const;
        return untilCalled(arena.system, fault, strike);
      });
    }
    expect((await arena.system.readLedger()).charges).toHaveLength(rounds + 1 + 2 * rounds);
  },
);

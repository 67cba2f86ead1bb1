import { BEGIN, SETTLE_MADE } from '../../src/store/purchase-scripts.js';
import type { Moment } from './kill-rounds.js';
import { until, type System } from './system.js';
import type { Watch } from './redis-gate.js';

/** The sandbox has received the command, and has carried it out unless `before`; nobody will be answered. */
export function atCall(command: string, { before = false } = {}): Moment {
  return {
    name: `${command} ${before ? 'received' : 'carried out'}, not answered`,
    arm: ({ system }, _gate, strike) =>
      untilCalled(system, { command, fault: 'hang', count: 1, before }, strike),
  };
}

/** Sets a fault of the sandbox; calls `strike` when a call has met it. */
export async function untilCalled(
  system: System,
  rule: { command: string; fault: 'hang' | 'slow'; count: 1; before?: boolean; delayMs?: number },
  strike: () => void,
): Promise<void> {
  const count = async () =>
    (await system.readLedger()).calls.filter(
      (call) => call.outcome === rule.fault && call.command === `namecheap.${rule.command}`,
    ).length;
  const earlier = await count();
  await system.control('_fault', rule);
  void until(
    async () => ((await count()) > earlier ? true : null),
    () => Promise.resolve(`${rule.command} was not called`),
    60_000,
  ).then(strike, () => undefined);
}

const isOfBooks = (command: readonly string[]) =>
  command.some((word) => /:(certificate|account|open|errands)\b/.test(word));

/** Before or after the worker's n-th command to Redis: of all, or of those to our own keys. */
export function atCommand(n: number, isBefore: boolean, scope: 'books' | 'all'): Moment {
  return {
    name: `${isBefore ? 'before' : 'after'} command ${n} (${scope})`,
    arm: (_rounds, gate, strike) => {
      let seen = 0;
      gate.watch = (command) => {
        if (scope === 'books' && !isOfBooks(command)) return 'pass';
        if (++seen !== n) return 'pass';
        strike();
        return isBefore ? 'hold' : 'hold-answer';
      };
    },
  };
}

/** The places where a worker that sleeps is dangerous, as the gate sees them. */
const PLACES = {
  'the intent is written, its worker does not know': { of: BEGIN.sha, passage: 'hold-answer' },
  'the fence was held, the call is not made': { of: ':lanes', passage: 'hold-answer' },
  'the call is answered, the outcome is not written': { of: SETTLE_MADE.sha, passage: 'hold' },
  'the outcome is written, its worker does not know': { of: SETTLE_MADE.sha, passage: 'hold-answer' },
} as const;
export type Place = keyof typeof PLACES;
export const PLACE_NAMES = Object.keys(PLACES) as Place[];

/** Holds the first command at the place, and calls `strike` then. */
export function watchFor(place: Place, strike: () => void): Watch {
  const { of, passage } = PLACES[place];
  let isOver = false;
  return (command) => {
    const name = command[0]?.toLowerCase() ?? '';
    const isThere = of === ':lanes' ? name === 'hget' && (command[1] ?? '').endsWith(of) : command[1] === of;
    if (isOver || !isThere) return 'pass';
    isOver = true;
    strike();
    return passage;
  };
}

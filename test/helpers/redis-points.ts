import { makeRandom } from '../../src/sandbox/random.js';
import type { FaultPoint } from './redis-commands.js';

/** FAULT_ROUNDS: how many faults each test of test/faults/redis*.test.ts injects; `all` where they can be enumerated. */
const ROUNDS = process.env['FAULT_ROUNDS'];

/** How many times a test repeats its fault. @param bounded in CI */
export function countRounds(bounded: number): number {
  const rounds = Number(ROUNDS);
  return Number.isInteger(rounds) && rounds > 0 ? rounds : bounded;
}

/** Before and after every command, or so many of these points as were asked for, spread evenly. */
export function choosePoints(commands: number, bounded = 4): FaultPoint[] {
  const all = Array.from({ length: commands }, (_, index) => index + 1).flatMap((command) => [
    { command, side: 'before' as const },
    { command, side: 'after' as const },
  ]);
  if (ROUNDS === 'all') return all;
  const wanted = Math.min(countRounds(bounded), all.length);
  // Odd steps, or every choice would be of the same side.
  const step = Math.max(1, Math.floor(all.length / wanted));
  return Array.from(
    { length: wanted },
    (_, index) => all[Math.min(all.length - 1, index * step + (index % 2))],
  ).filter((point) => point !== undefined);
}

/** Reproducible numbers from 0 to 1. */
export function seedRandom(seed: number): () => number {
  return makeRandom(seed);
}

/** Tells how much was done, where more than CI's share was asked for. */
export function tellRounds(what: string, count: number): void {
  if (ROUNDS !== undefined) process.stdout.write(`${what}: ${count} faults\n`);
}

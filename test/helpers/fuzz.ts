import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PmnamecheapError } from '../../src/errors.js';

const CI_SEED = 20_261_124;

/** Lower is too little for a CI run that anybody trusts, higher takes too long for one: `FUZZ_RUNS` multiplies. */
export const FACTOR = readFactor(process.env['FUZZ_RUNS']);

/** The same cases in every CI run, others in every long one; `FUZZ_SEED` repeats those of a run. */
export const SEED = readSeed(process.env['FUZZ_SEED']);

function readFactor(text: string | undefined): number {
  const factor = Number(text ?? 1);
  if (!(factor > 0 && factor <= 100_000))
    throw new Error('FUZZ_RUNS: give how many times the usual number of cases');
  return factor;
}

function readSeed(text: string | undefined): number {
  if (text === undefined) return FACTOR === 1 ? CI_SEED : Date.now() & 0x7fff_ffff;
  const seed = Number(text);
  if (!Number.isSafeInteger(seed)) throw new Error('FUZZ_SEED: give the seed that a run printed');
  return seed;
}

/** How many cases of a target whose CI share is `share` are tried in this run. */
export function countCases(share: number): number {
  return Math.max(1, Math.round(share * FACTOR));
}

/** Long enough for any bounded run: a case that hangs ends here. */
const TIMEOUT_MS = 120_000;

/**
 * One test that tries generated cases, prints how many, and with which seed they come again. What `check` throws is the
 * finding; fast-check makes the case smaller before it is shown.
 */
export function fuzz<T>(
  target: string,
  share: number,
  cases: fc.Arbitrary<T>,
  check: (value: T) => unknown,
): void {
  it(
    target,
    async () => {
      let tried = 0;
      const numRuns = countCases(share);
      const property = fc.asyncProperty(cases, async (value) => {
        tried += 1;
        await check(value);
      });
      await fc.assert(property, { seed: SEED, numRuns });
      expect(tried).toBe(numRuns);
      process.stdout.write(`fuzz: ${target}: ${tried} cases, FUZZ_SEED=${SEED}\n`);
    },
    TIMEOUT_MS * Math.max(1, FACTOR),
  );
}

/** Names of errors that a reader can do nothing with. */
const RAW =
  /TypeError|SyntaxError|RangeError|ReferenceError|ZodError|is not a function|\[object |undefined|\bNaN\b/;

/** Passes for an error that was thrown on purpose; anything else is a crash that happened to be caught. */
export function demandTyped(error: unknown): PmnamecheapError {
  if (!(error instanceof PmnamecheapError)) throw new Error('not a typed error', { cause: error });
  expect(error.code).toMatch(/^ERR_[A-Z_]+$/);
  expect(error.message.length).toBeGreaterThan(15);
  return error;
}

/** As {@link demandTyped}, where the message holds nothing of the input: then it must hold nothing raw either. */
export function demandReadable(error: unknown): PmnamecheapError {
  const typed = demandTyped(error);
  expect(typed.message).not.toMatch(RAW);
  return typed;
}

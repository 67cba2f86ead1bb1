import { InputError } from '../src/errors.js';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNITS;

const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The milliseconds of a text such as `500ms`, `30s`, `1.5h` or `30d`, or null when it is not a duration. */
export function readDuration(text: string): number | null {
  const [, amount, unit] = PATTERN.exec(text) ?? [];
  if (amount === undefined || unit === undefined) return null;
  const ms = Math.round(Number(amount) * UNITS[unit as Unit]); // the pattern lets only known units through
  return Number.isSafeInteger(ms) ? ms : null;
}

/**
 * The milliseconds of a text such as `500ms`, `30s`, `20m`, `1.5h` or `30d` (a number, whole or decimal, and one unit).
 * @throws InputError when it is anything else.
 */
export function parseDuration(text: string): number {
  const ms = readDuration(text);
  if (ms === null) {
    throw new InputError([`"${text}" is not a duration: give one such as 90s, 20m or 12h`], 'The duration');
  }
  return ms;
}

/** The shortest exact way to write a duration (`90s`, `20m`, `12h`), such that {@link parseDuration} reads it back. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  const units: readonly Unit[] = ['d', 'h', 'm', 's'];
  const unit = units.find((candidate) => ms % UNITS[candidate] === 0) ?? 'ms';
  return `${ms / UNITS[unit]}${unit}`;
}

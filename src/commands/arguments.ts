import { InvalidArgumentError } from 'commander';

/** A TCP port; 0 asks for any free one. */
export function parsePort(text: string): number {
  return parseWhole(text, 0, 65_535, 'give a port from 0 to 65535');
}

/** Days, 1 to 3650. */
export function parseDays(text: string): number {
  return parseWhole(text, 1, 3650, 'give a whole number of days from 1 to 3650');
}

/** An amount in USD with up to four decimals, kept as text. */
export function parseAmount(text: string): string {
  if (!/^\d{1,9}(\.\d{1,4})?$/.test(text))
    throw new InvalidArgumentError('give an amount such as 250 or 99.50');
  return text;
}

/** Calls per minute, hour and day. */
export function parseLimits(text: string): [number, number, number] {
  const [minute, hour, day, ...rest] = text
    .split(',')
    .map((part) => (/^\d{1,7}$/.test(part.trim()) ? Number(part) : Number.NaN));
  if (rest.length > 0 || [minute, hour, day].some((part) => part === undefined || Number.isNaN(part))) {
    throw new InvalidArgumentError('give three whole numbers, for example 20,700,8000; 0 switches one off');
  }
  return [minute ?? 0, hour ?? 0, day ?? 0];
}

/** A whole number within bounds; `remedy` is the message otherwise. */
export function parseWhole(text: string, least: number, most: number, remedy: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most)
    throw new InvalidArgumentError(remedy);
  return value;
}

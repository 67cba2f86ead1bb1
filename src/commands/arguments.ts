import { InvalidArgumentError } from 'commander';

/** A TCP port; 0 asks for any free one. */
export function parsePort(text: string): number {
  return parseWhole(text, 0, 65_535, 'give a port from 0 to 65535');
}

/** Days, 1 to 3650. */
export function parseDays(text: string): number {
  return parseWhole(text, 1, 3650, 'give a whole number of days from 1 to 3650');
}

/** Days, 1 to 3650, or `auto`. */
export function parseLeafDays(text: string): number | 'auto' {
  if (text === 'auto') return text;
  return parseWhole(text, 1, 3650, 'give auto or a whole number of days from 1 to 3650');
}

/** A date, or a date and time in UTC, as ms since the epoch. */
export function parseMoment(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('give a date such as 2027-03-15 or 2027-03-15T12:00Z');
  return time;
}

/** A seed of random numbers. */
export function parseSeed(text: string): number {
  return parseWhole(text, 0, 0xffff_ffff, 'give a whole number from 0 to 4294967295');
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

/** A certificate id of Namecheap's. */
export function parseCertificateId(text: string): number {
  return parseWhole(text, 1, Number.MAX_SAFE_INTEGER, 'give a certificate id such as 9000123');
}

/** Years of a term. */
export function parseYears(text: string): number {
  return parseWhole(text, 1, 5, 'give years from 1 to 5');
}

/** A number of host names. */
export function parseNames(text: string): number {
  return parseWhole(text, 0, 100, 'give a whole number from 0 to 100');
}

/** A whole number within bounds; `remedy` is the message otherwise. */
export function parseWhole(text: string, least: number, most: number, remedy: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most)
    throw new InvalidArgumentError(remedy);
  return value;
}

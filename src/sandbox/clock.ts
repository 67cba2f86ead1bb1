/** The sandbox's time in ms since the epoch: the outer clock plus what `POST /_clock` added. It never goes back. */
export class SandboxClock {
  #offset = 0;

  constructor(private readonly outer: () => number) {}

  now(): number {
    return this.outer() + this.#offset;
  }

  advance(ms: number): void {
    this.#offset += ms;
  }
}

export const DAY = 86_400_000;

/** The same day and time `years` later, UTC, ms; 29 February becomes 1 March. */
export function addYears(time: number, years: number): number {
  const date = new Date(time);
  date.setUTCFullYear(date.getUTCFullYear() + years);
  return date.getTime();
}

function dayParts(time: number): [month: number, day: number, year: number] {
  const date = new Date(time);
  return [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCFullYear()];
}

/** `03/07/2027`, as ssl.create and ssl.getList write dates; empty when unset. */
export function writePaddedDate(time: number | null): string {
  if (time === null) return '';
  return dayParts(time)
    .map((part) => String(part).padStart(2, '0'))
    .join('/');
}

/** `3/7/2027`, as ssl.getInfo writes dates; empty when unset. */
export function writeShortDate(time: number | null): string {
  return time === null ? '' : dayParts(time).join('/');
}

import { demand, Refusal, type ApiFault } from './refusal.js';

/** A whole-number parameter's bounds and the error numbers of its faults. */
export interface NumberRule {
  min: number;
  max: number;
  invalid: number;
  outOfRange: number;
}

/**
 * The parameters of one request. Names are matched in any case; of a name given twice the first counts; an empty or
 * blank value counts as missing, as in Namecheap's own "Parameter X is Missing".
 */
export class Parameters {
  readonly #values = new Map<string, string>();

  constructor(pairs: Iterable<readonly [string, string]>) {
    for (const [name, value] of pairs) {
      const key = name.toLowerCase();
      if (!this.#values.has(key)) this.#values.set(key, value);
    }
  }

  get(name: string): string | null {
    const value = this.#values.get(name.toLowerCase());
    return value === undefined || value.trim() === '' ? null : value;
  }

  /** Refuses with one error per missing name; `numbers` maps each required name to its "missing" error number. */
  requireAll(numbers: Readonly<Record<string, number>>): void {
    const [first, ...others] = Object.entries(numbers)
      .filter(([name]) => this.get(name) === null)
      .map(([name, number]): ApiFault => ({ number, text: `Parameter ${name} is Missing` }));
    if (first !== undefined) throw new Refusal(first, ...others);
  }

  require(name: string, missing: number): string {
    const value = this.get(name);
    demand(value !== null, missing, `Parameter ${name} is Missing`);
    return value;
  }

  /** Refuses values longer than the documented maximum, in characters. */
  limitLength(name: string, max: number, tooLong: number): void {
    demand((this.get(name)?.length ?? 0) <= max, tooLong, `Parameter ${name} is Too Long`);
  }

  /** A whole number within its bounds, or null when it was not given. */
  getNumber(name: string, rule: NumberRule): number | null {
    const text = this.get(name);
    if (text === null) return null;
    demand(/^-?\d{1,10}$/u.test(text), rule.invalid, `Parameter ${name} is Invalid`);
    const value = Number(text);
    demand(value >= rule.min && value <= rule.max, rule.outOfRange, `Parameter ${name} is out of range`);
    return value;
  }

  /** `true` or `false` in any case; false when it was not given. */
  getBoolean(name: string, invalid: number): boolean {
    const text = this.get(name)?.toLowerCase() ?? 'false';
    demand(text === 'true' || text === 'false', invalid, `Parameter ${name} is Invalid`);
    return text === 'true';
  }

  /** A comma list, trimmed; empty when it was not given. */
  getList(name: string): string[] {
    return (
      this.get(name)
        ?.split(',')
        .map((item) => item.trim()) ?? []
    );
  }
}

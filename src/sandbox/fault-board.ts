import type { ApiCommand } from './command.js';
import { normalizeCommand, type FaultName, type FaultRule } from './faults.js';
import { makeRandom } from './random.js';

const OWN_FAULTS: ReadonlySet<FaultName> = new Set(['order-error-after-charge', 'purchaseerror']);

interface Entry {
  rule: FaultRule;
  toSkip: number;
  left: number;
  struck: number;
  random: () => number;
}

/** The faults that were asked for. */
export class FaultBoard {
  #entries: Entry[] = [];

  /** @param random from 0 to below 1, for the probabilities of rules without a seed of their own */
  constructor(private readonly random: () => number) {}

  add(rule: FaultRule): void {
    this.#entries.push({
      rule,
      toSkip: rule.skip ?? 0,
      left: rule.count ?? Infinity,
      struck: 0,
      random: rule.seed === undefined ? this.random : makeRandom(rule.seed),
    });
  }

  clear(): void {
    this.#entries = [];
  }

  /** The rules that still hold, with how often each has struck. */
  list(): readonly object[] {
    return this.#entries.map(({ rule, struck }) => ({ ...rule, struck }));
  }

  /** The first rule that strikes this call, counted down; null when the call is to go well. */
  take(command: ApiCommand): FaultRule | null {
    const struck = this.#entries.find((entry) => isFor(entry.rule, command) && isStriking(entry));
    if (struck === undefined) return null;
    struck.left -= 1;
    struck.struck += 1;
    this.#entries = this.#entries.filter((kept) => kept.left > 0);
    return struck.rule;
  }
}

function isFor(rule: FaultRule, command: ApiCommand): boolean {
  const isNamed = rule.command === '*' || normalizeCommand(rule.command) === normalizeCommand(command.name);
  return isNamed && (!OWN_FAULTS.has(rule.fault) || command.ownFault === rule.fault);
}

function isStriking(entry: Entry): boolean {
  if (entry.toSkip > 0) {
    entry.toSkip -= 1;
    return false;
  }
  return entry.rule.probability === undefined || entry.random() < entry.rule.probability;
}

import { z } from 'zod';
import type { ApiCommand } from './command.js';

/** "Acts": the command is carried out although its answer is bad. */
export const FAULTS = [
  /** Cuts the connection without acting. */
  'drop-before',
  /** Acts, then cuts the connection. */
  'drop-after',
  /** Acts (unless `before`), then never answers. */
  'hang',
  'http-500',
  /** Acts, then HTTP 500. */
  'http-500-after',
  /** An HTML page with status 200, as Cloudflare's, without acting. */
  'html',
  /** The same after acting. */
  'html-after',
  /** HTTP 405, Namecheap's sign for too many calls. */
  'throttle',
  /** The same as error 500000. */
  'throttle-500000',
  /** The error that the rule names, without acting. */
  'error',
  /** Acts; the first half of the answer. */
  'truncated',
  /** Acts; the right answer, late. */
  'slow',
  /** Acts; a good answer, but to another command. */
  'other-command',
  /** ssl.create, renew and purchasemoresans only: charged and done, but answered with an error and the order's ids. */
  'order-error-after-charge',
  /** ssl.activate only: the CA rejects it, the certificate is stuck in `purchaseerror`. */
  'purchaseerror',
] as const;
export type FaultName = (typeof FAULTS)[number];

/** One rule: without `count` it holds until it is cleared, without `probability` it always strikes. */
export const faultSchema = z
  .strictObject({
    /** With or without `namecheap.`, in any case; `*` for every command. */
    command: z.string().min(1),
    fault: z.enum(FAULTS),
    /** How often it strikes. */
    count: z.int().positive().optional(),
    probability: z.number().gt(0).max(1).optional(),
    /** The wait before the (bad) answer, ms of real time. */
    delayMs: z.int().nonnegative().max(600_000).optional(),
    /** `hang` only: without acting first. */
    before: z.boolean().optional(),
    /** `error` only: what to answer. */
    error: z.strictObject({ number: z.int().positive(), text: z.string().min(1) }).optional(),
  })
  .refine((rule) => (rule.fault === 'error') === (rule.error !== undefined), {
    error: 'error {number, text} belongs to the fault "error", and only to it',
  })
  .refine((rule) => rule.before === undefined || rule.fault === 'hang', {
    error: 'before belongs to the fault "hang"',
  });
export type FaultRule = z.infer<typeof faultSchema>;

const WITHOUT_ACTING: ReadonlySet<FaultName> = new Set([
  'drop-before',
  'http-500',
  'html',
  'throttle',
  'throttle-500000',
  'error',
]);
const OWN_FAULTS: ReadonlySet<FaultName> = new Set(['order-error-after-charge', 'purchaseerror']);

/** Whether the command is carried out although its answer is bad. */
export function isActing(rule: FaultRule): boolean {
  return !WITHOUT_ACTING.has(rule.fault) && rule.before !== true;
}

/** `ssl.create`, from any spelling of the command. */
export function normalizeCommand(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^namecheap\./u, '');
}

/** The faults that were asked for. */
export class FaultBoard {
  #rules: { rule: FaultRule; left: number }[] = [];

  add(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.count ?? Infinity });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The first rule that strikes this call, counted down; null when the call is to go well. */
  take(command: ApiCommand): FaultRule | null {
    const name = normalizeCommand(command.name);
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.command !== '*' && normalizeCommand(rule.command) !== name) continue;
      if (OWN_FAULTS.has(rule.fault) && command.ownFault !== rule.fault) continue;
      if (rule.probability !== undefined && Math.random() >= rule.probability) continue;
      entry.left -= 1;
      this.#rules = this.#rules.filter((kept) => kept.left > 0);
      return rule;
    }
    return null;
  }
}

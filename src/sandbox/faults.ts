import { z } from 'zod';

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
  /** Acts; only the beginning of the answer, half of it unless `bytes` says where it ends. */
  'truncated',
  /** Acts; the right answer, late. */
  'slow',
  /** Acts; a good answer, but to another command. */
  'other-command',
  /** Acts; the right answer without xmlns and Warnings, as many of Namecheap's own samples are. */
  'bare-envelope',
  /** ssl.create, renew and purchasemoresans only: charged and done, but answered with an error and the order's ids. */
  'order-error-after-charge',
  /** ssl.activate only: the CA rejects it, the certificate is stuck in `purchaseerror`. */
  'purchaseerror',
] as const;
export type FaultName = (typeof FAULTS)[number];

const errorSchema = z.strictObject({ number: z.int().positive(), text: z.string().min(1) });

/** One rule: without `count` it holds until it is cleared, without `probability` it always strikes. */
export const faultSchema = z
  .strictObject({
    /** With or without `namecheap.`, in any case; `*` for every command. */
    command: z.string().min(1),
    fault: z.enum(FAULTS),
    /** How often it strikes. */
    count: z.int().positive().optional(),
    /** How many calls it lets pass first. */
    skip: z.int().positive().optional(),
    probability: z.number().gt(0).max(1).optional(),
    /** Makes the probability strike the same calls in every run. */
    seed: z.int().nonnegative().max(0xffff_ffff).optional(),
    /** The wait before the (bad) answer, ms of real time. */
    delayMs: z.int().nonnegative().max(600_000).optional(),
    /** `hang` only: without acting first. */
    before: z.boolean().optional(),
    /** `truncated` only: how many bytes of the answer's body arrive. */
    bytes: z.int().nonnegative().optional(),
    /** `error` only: what to answer; several become several elements. Numbers from 1000000 to 1999999 get the short envelope. */
    error: z.union([errorSchema, z.array(errorSchema).min(1)]).optional(),
  })
  .refine((rule) => (rule.fault === 'error') === (rule.error !== undefined), {
    error: 'error {number, text} belongs to the fault "error", and only to it',
  })
  .refine((rule) => rule.bytes === undefined || rule.fault === 'truncated', {
    error: 'bytes belongs to the fault "truncated"',
  })
  .refine((rule) => rule.seed === undefined || rule.probability !== undefined, {
    error: 'seed belongs to a probability',
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

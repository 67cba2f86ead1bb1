import { z } from 'zod';
import type { CommandKind } from './exchange.js';
import { NamecheapError } from './errors.js';

/** The longest common names and addresses of the API's tables fit; nothing that could be read as a list does. */
export const domainName = z.string().regex(/^[^\s,]{1,255}$/, 'is not a domain name');
export const emailAddress = z.string().regex(/^[^\s,@]+@[^\s,@]+$/, 'is not an email address');
export const certificateId = z.int().positive();

/** Bounds of the method pages "ssl.create" and "ssl.renew". */
export const productType = z.string().min(1).max(50);
export const years = z.int().min(1).max(5);
export const promotionCode = z.string().min(1).max(20);
/** Multi-domain products include 3 of at most 100 names. */
export const MAX_ADDED_SANS = 97;

/**
 * Checks what a command is about to send. The error is the one Namecheap's own refusal would give, so that callers
 * treat both alike: final, and nothing was sent.
 * @throws NamecheapError of class `input`, listing every fault.
 */
export function checkInput<Schema extends z.ZodType>(
  command: string,
  kind: CommandKind,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refuseInput(
    command,
    kind,
    parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
  );
}

/** The error for input that is refused before anything is sent. */
export function refuseInput(command: string, kind: CommandKind, faults: readonly string[]): NamecheapError {
  return new NamecheapError(
    `${command}: nothing was sent, because the input is not valid: ${faults.join('; ')}. Correct it, then run the same again.`,
    {
      command,
      kind,
      errorClass: 'input',
      outcome: 'not-made',
      faults: [],
      httpStatus: null,
      verdict: 'fail',
    },
  );
}

import { z } from 'zod';
import type { Account } from './account.js';
import { findProduct } from './catalogue.js';
import { DAY, type SandboxClock } from './clock.js';
import { faultSchema, normalizeCommand, type FaultBoard } from './faults.js';
import { describeLedger } from './ledger.js';
import type { Lifecycle } from './lifecycle.js';
import { findCommand } from './registry.js';
import { InputError } from '../errors.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY };
const LONGEST_MS = 100 * 366 * DAY;

const clockSchema = z
  .strictObject({
    advanceMs: z.int().nonnegative().max(LONGEST_MS).optional(),
    /** `500ms`, `30s`, `20m`, `12h`, `30d`. */
    advance: z
      .string()
      .regex(/^\d{1,12}(ms|s|m|h|d)$/u)
      .transform((text) => parseInt(text, 10) * (UNITS[text.replace(/^\d+/u, '')] ?? 0))
      .pipe(z.number().max(LONGEST_MS))
      .optional(),
  })
  .refine((body) => (body.advanceMs === undefined) !== (body.advance === undefined), {
    error: 'give either advanceMs or advance',
  });

const validationSchema = z.strictObject({
  certificateId: z.int().positive().optional(),
  mode: z.enum(['auto', 'never', 'now']),
});
const balanceSchema = z.strictObject({ balance: z.string().regex(/^\d{1,9}(\.\d{1,4})?$/u) });
const firstLeafSchema = z.strictObject({ days: z.number().positive().max(3660) });
const purchaseSchema = z.strictObject({ type: z.string().min(1), years: z.int().min(1).max(5) });

/** Thrown for a bad body or one that does not fit the account's state; answered with HTTP 400. */
export class AdminError extends InputError {
  constructor(...faults: string[]) {
    super(faults, 'The request', 'ERR_SANDBOX_ADMIN');
  }
}

export interface AdminParts {
  account: Account;
  lifecycle: Lifecycle;
  clock: SandboxClock;
  faults: FaultBoard;
}

type Route = (parts: AdminParts, body: unknown) => object;

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new AdminError(
    ...result.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': ')),
  );
}

function addFault({ faults }: AdminParts, body: unknown): object {
  const rule = parse(faultSchema, body);
  const command = normalizeCommand(rule.command);
  if (command !== '*' && findCommand(`namecheap.${command}`) === null) {
    throw new AdminError(`command: the sandbox has no command "${rule.command}"; "*" stands for all`);
  }
  faults.add(rule);
  return rule;
}

function clearFaults({ faults }: AdminParts): object {
  faults.clear();
  return { cleared: true };
}

function advanceClock({ clock }: AdminParts, body: unknown): object {
  const { advanceMs, advance } = parse(clockSchema, body);
  clock.advance(advanceMs ?? advance ?? 0);
  return { now: new Date(clock.now()).toISOString() };
}

function setValidation({ account, lifecycle }: AdminParts, body: unknown): object {
  const change = parse(validationSchema, body);
  const { certificateId, mode } = change;
  if (certificateId === undefined) {
    lifecycle.settings.mode = mode;
    return change;
  }
  const certificate = account.certificates.get(certificateId);
  if (certificate?.status !== 'purchased' || certificate.activation === null) {
    throw new AdminError(`certificateId: ${certificateId} is not waiting for its validation`);
  }
  lifecycle.setMode(certificate.activation, mode);
  return change;
}

function setBalance({ account }: AdminParts, body: unknown): object {
  account.balance = parse(balanceSchema, body).balance;
  return { balance: account.balance };
}

function setFirstLeaf({ lifecycle }: AdminParts, body: unknown): object {
  const { days } = parse(firstLeafSchema, body);
  lifecycle.settings.nextLeafDays = days;
  return { days };
}

function purchaseByHand({ account }: AdminParts, body: unknown): object {
  const { type, years } = parse(purchaseSchema, body);
  const product = findProduct(type);
  if (product === null || product === 'discontinued') throw new AdminError(`type: "${type}" is not sold`);
  const charge = account.purchase({ product, years, sansToAdd: 0, command: 'web', isByHand: true });
  if (charge === null) throw new AdminError('the balance is too low: raise it with POST /_balance');
  const { certificateId, orderId, amount } = charge;
  return { certificateId, orderId, amount };
}

const ROUTES: Readonly<Record<string, Route>> = {
  'POST /_fault': addFault,
  'DELETE /_fault': clearFaults,
  'POST /_clock': advanceClock,
  'POST /_validation': setValidation,
  'POST /_balance': setBalance,
  'POST /_first-leaf': setFirstLeaf,
  'POST /_purchase': purchaseByHand,
  'GET /_ledger': ({ account, clock }) => describeLedger(account, clock),
};

/**
 * The admin endpoint at that method and path, or null.
 * It takes the parsed JSON body and returns the JSON answer.
 * @throws AdminError (when called)
 */
export function findAdminRoute(method: string, path: string): Route | null {
  return ROUTES[`${method} ${path}`] ?? null;
}

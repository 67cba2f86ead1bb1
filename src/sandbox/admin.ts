import type { z } from 'zod';
import type { Account } from './account.js';
import {
  balanceSchema,
  clockSchema,
  firstLeafSchema,
  purchaseSchema,
  statusSchema,
  validationSchema,
} from './admin-schemas.js';
import { findProduct } from './catalogue.js';
import type { SandboxClock } from './clock.js';
import { faultSchema, normalizeCommand, type FaultBoard } from './faults.js';
import { describeLedger } from './ledger.js';
import { forceStatus } from './forced-status.js';
import type { Lifecycle } from './lifecycle.js';
import { findCommand } from './registry.js';
import { InputError } from '../errors.js';

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

function setStatus({ account }: AdminParts, body: unknown): object {
  const change = parse(statusSchema, body);
  const certificate = account.certificates.get(change.certificateId);
  if (certificate === undefined) throw new AdminError(`certificateId: there is no ${change.certificateId}`);
  const obstacle = forceStatus(certificate, change.status);
  if (obstacle !== null) throw new AdminError(`status: ${obstacle}`);
  return change;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'POST /_fault': addFault,
  'DELETE /_fault': clearFaults,
  'POST /_clock': advanceClock,
  'POST /_validation': setValidation,
  'POST /_status': setStatus,
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

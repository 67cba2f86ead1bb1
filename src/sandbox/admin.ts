import { AdminError, parse, type AdminParts, type Route } from './admin-route.js';
import {
  balanceSchema,
  clockSchema,
  firstLeafSchema,
  statusSchema,
  validationSchema,
} from './admin-schemas.js';
import { activateByHand, purchaseByHand, reissueByHand, renewByHand } from './by-hand.js';
import { faultSchema, normalizeCommand } from './faults.js';
import { describeLedger } from './ledger.js';
import { forceStatus } from './forced-status.js';
import { findCommand } from './registry.js';

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
  lifecycle.setMode(certificate, mode);
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

function setStatus({ account, lifecycle }: AdminParts, body: unknown): object {
  const change = parse(statusSchema, body);
  const certificate = account.certificates.get(change.certificateId);
  if (certificate === undefined) throw new AdminError(`certificateId: there is no ${change.certificateId}`);
  const obstacle = forceStatus(certificate, change.status);
  if (obstacle !== null) throw new AdminError(`status: ${obstacle}`);
  lifecycle.resume(certificate);
  return change;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'POST /_fault': addFault,
  'GET /_fault': ({ faults }) => ({ rules: faults.list() }),
  'DELETE /_fault': clearFaults,
  'POST /_clock': advanceClock,
  'POST /_validation': setValidation,
  'POST /_status': setStatus,
  'POST /_balance': setBalance,
  'POST /_first-leaf': setFirstLeaf,
  'POST /_purchase': purchaseByHand,
  'POST /_activate': activateByHand,
  'POST /_reissue': reissueByHand,
  'POST /_renew': renewByHand,
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

import { InputError } from '../errors.js';
import { toCanonicalJson } from './canonical-json.js';
import { nameErrand } from './inbox.js';
import { checkOrder, normalizeOrder, type OrderPayload } from './order-payload.js';
import type { Stored } from './ports.js';
import {
  isFollowUp,
  isUnfinished,
  RING_GRACE_MS,
  type CertificateRecord,
  type Flight,
  type Operation,
  type Purchase,
} from './record.js';

type Requests = Pick<Stored, 'record' | 'request' | 'draft'>;

/** What a fresh operation begins with, besides itself. */
const CLEAR = {
  purchase: null,
  activationBegunAt: null,
  attempts: 0,
  lostTries: 0,
  problem: null,
} satisfies Partial<CertificateRecord>;

/** Why another operation may not begin now. */
export type Obstacle = { kind: 'busy'; operation: Operation } | { kind: 'full'; operation: Operation };

/**
 * Whether a new operation may begin. One that goes on by itself must end first. One that waits for its purchase, for a
 * person or for a correction is shelved if money is in it or may be; what cost nothing is followed by the new one.
 */
export function findObstacle(record: CertificateRecord): Obstacle | null {
  const { operation, shelved } = record;
  if (operation === null) return null;
  if (isUnfinished(operation.state) && !isDeferrable(operation)) return { kind: 'busy', operation };
  if (hasMoneyIn(record) && shelved !== null) return { kind: 'full', operation };
  return null;
}

/** Whether a renewal or reissue goes on by itself: it brings a certificate, and another one would only stand in its way. */
export function isBusy(record: CertificateRecord): boolean {
  return isFollowUp(record) && findObstacle(record)?.kind === 'busy';
}

/** A renewal that is not begun to be bought lets a reissue past: missing funds must not stop what is paid for. */
function isDeferrable({ job, state }: Operation): boolean {
  return job === 'renew' && state === 'accepted';
}

/** Whether money is in what is in flight, or may be: it must neither be forgotten nor be spent again. */
function hasMoneyIn({ operation, purchase }: CertificateRecord): boolean {
  if (operation === null || isDeferrable(operation)) return false;
  if (operation.job === 'renew') return operation.state !== 'failed' || operation.certificateId !== null;
  return isUnexplained(purchase);
}

/** More names whose purchase was not answered and never explained: a person has to find out. */
export function isUnexplained(purchase: Purchase | null): boolean {
  return purchase?.kind === 'names' && purchase.isMade !== true;
}

/** The record with a new operation in flight; what was in flight before is shelved or dropped, see {@link findObstacle}. */
export function beginOperation(stored: Requests, operation: Operation, now: number): CertificateRecord {
  const { record } = stored;
  const shelved = hasMoneyIn(record) ? shelve(stored) : record.shelved;
  return {
    ...record,
    ...CLEAR,
    shelved,
    ...defer(record, listAsked(stored), now),
    operation,
    nextActionAt: now + RING_GRACE_MS,
  };
}

/** A renewal that lets a reissue past becomes an errand again, and begins anew once its turn comes. */
function defer(
  { operation, errands, doneErrands, serviceId, lostTries }: CertificateRecord,
  asked: Partial<OrderPayload>,
  now: number,
): Pick<CertificateRecord, 'errands' | 'doneErrands'> {
  if (operation === null || !isDeferrable(operation)) return { errands, doneErrands };
  const { years, extends: paidTill, requestId } = operation;
  const id = requestId ?? `renew-${years ?? 0}-${paidTill ?? ''}`;
  const errand = {
    id,
    job: 'renew',
    payload: { serviceId, years, paidTill, ...asked },
    at: new Date(now).toISOString(),
    // A person decides after some purchases that came to nothing, whatever goes past in between.
    ...(lostTries === 0 ? {} : { lostTries }),
  };
  // What was begun is not any more: its id must not be taken for one that is done.
  return {
    errands: [...errands, errand],
    doneErrands: doneErrands.filter((done) => ![nameErrand('renew', id), id].includes(done)),
  };
}

/** What an operation asks for itself. The rest is taken from the last request when it goes on: a re-key may have gone before. */
function listAsked({ request, draft }: Pick<Stored, 'request' | 'draft'>): Partial<OrderPayload> {
  if (draft === null) return {};
  const { csr, dcv, dcvs, sans, promotionCode } = draft;
  const isNew = (a: unknown, b: unknown) => a !== undefined && toCanonicalJson(a) !== toCanonicalJson(b);
  return {
    ...(isNew(csr, request.csr) ? { csr } : {}),
    ...(isNew(dcv, request.dcv) ? { dcv } : {}),
    ...(isNew(dcvs, request.dcvs) ? { dcvs } : {}),
    ...(isNew(sans, request.sans) ? { sans } : {}),
    ...(promotionCode === undefined ? {} : { promotionCode }),
  };
}

/** What is in flight, to be put aside. */
export function shelve({ record, request, draft }: Requests): Flight | null {
  const { operation, purchase, activationBegunAt, activatedAt, validation } = record;
  const { attempts, lostTries, problem } = record;
  if (operation === null) return null;
  const asked = listAsked({ request, draft });
  return {
    ...{ operation, asked, purchase, activationBegunAt, activatedAt, validation },
    ...{ attempts, lostTries, problem },
  };
}

/**
 * Once nothing is in flight, what was shelved comes back, with its request composed anew: what it asked for itself over
 * what is in force now. An old key must not go out again after a re-key.
 * @param request of the certificate in force
 */
export function restoreShelved(
  record: CertificateRecord,
  request: OrderPayload,
  now: number,
): { after: CertificateRecord; draft: OrderPayload | null } {
  if (record.shelved === null || record.operation !== null) return { after: record, draft: null };
  const { asked, under, ...flight } = record.shelved;
  const draft = composeRestored(request, asked, flight.operation);
  const operation = { ...flight.operation, names: readNames(draft) ?? flight.operation.names };
  const isOpen = isUnfinished(operation.state);
  const nextActionAt = isOpen ? now + RING_GRACE_MS : record.nextActionAt;
  const shelved = under ?? null;
  return { after: { ...record, ...flight, operation, shelved, nextActionAt }, draft };
}

function composeRestored(
  request: OrderPayload,
  asked: Partial<OrderPayload>,
  { years }: Operation,
): OrderPayload {
  const draft = { ...request, ...asked, years: years ?? request.years };
  if (asked.promotionCode === undefined) delete draft.promotionCode;
  return normalizeOrder(draft);
}

/** Null for a request that rules made later refuse: whoever acts on it says so. */
function readNames(draft: OrderPayload): string[] | null {
  try {
    const { commonName, sans } = checkOrder(draft);
    return [commonName, ...sans];
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

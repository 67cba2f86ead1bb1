import { toCanonicalJson } from './canonical-json.js';
import { nameErrand } from './inbox.js';
import type { OrderPayload } from './order-payload.js';
import type { Stored } from './ports.js';
import {
  isFollowUp,
  isUnfinished,
  RING_GRACE_MS,
  type CertificateRecord,
  type Flight,
  type Operation,
} from './record.js';

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

function hasMoneyIn({ operation, purchase }: CertificateRecord): boolean {
  if (operation === null) return false;
  return (
    operation.job === 'renew' &&
    !isDeferrable(operation) &&
    (operation.state !== 'failed' || purchase !== null)
  );
}

/** The record with a new operation in flight; what was in flight before is shelved or dropped, see {@link findObstacle}. */
export function beginOperation(
  { record, request, draft }: Pick<Stored, 'record' | 'request' | 'draft'>,
  operation: Operation,
  now: number,
): CertificateRecord {
  const shelved = hasMoneyIn(record) ? shelve(record, draft) : record.shelved;
  return {
    ...record,
    ...CLEAR,
    shelved,
    ...defer(record, listAsked(request, draft), now),
    operation,
    nextActionAt: now + RING_GRACE_MS,
  };
}

/** A renewal that lets a reissue past becomes an errand again, and begins anew once its turn comes. */
function defer(
  { operation, errands, doneErrands, serviceId }: CertificateRecord,
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
  };
  // What was begun is not any more: its id must not be taken for one that is done.
  return {
    errands: [...errands, errand],
    doneErrands: doneErrands.filter((done) => ![nameErrand('renew', id), id].includes(done)),
  };
}

/** What the renewal asks for itself. The rest is taken from the last request once it begins anew: a re-key may have gone before. */
function listAsked(request: OrderPayload, draft: OrderPayload | null): Partial<OrderPayload> {
  if (draft === null) return {};
  const { csr, dcv, dcvs, promotionCode } = draft;
  const isNew = (a: unknown, b: unknown) => a !== undefined && toCanonicalJson(a) !== toCanonicalJson(b);
  return {
    ...(isNew(csr, request.csr) ? { csr } : {}),
    ...(isNew(dcv, request.dcv) ? { dcv } : {}),
    ...(isNew(dcvs, request.dcvs) ? { dcvs } : {}),
    ...(promotionCode === undefined ? {} : { promotionCode }),
  };
}

/** What is in flight, to be put aside. */
export function shelve(record: CertificateRecord, draft: OrderPayload | null): Flight | null {
  const { operation, purchase, activationBegunAt, activatedAt, validation, attempts, lostTries, problem } =
    record;
  if (operation === null) return null;
  return {
    ...{
      operation,
      draft,
      purchase,
      activationBegunAt,
      activatedAt,
      validation,
      attempts,
      lostTries,
      problem,
    },
  };
}

/** Once nothing is in flight, what was shelved comes back as it was, with its draft. */
export function restoreShelved(
  record: CertificateRecord,
  now: number,
): { after: CertificateRecord; draft: OrderPayload | null } {
  if (record.shelved === null || record.operation !== null) return { after: record, draft: null };
  const { draft, under, ...flight } = record.shelved;
  const isOpen = isUnfinished(flight.operation.state);
  const nextActionAt = isOpen ? now + RING_GRACE_MS : record.nextActionAt;
  return { after: { ...record, ...flight, shelved: under ?? null, nextActionAt }, draft };
}

import { z } from 'zod';
import { InputError } from '../errors.js';
import type { Books } from './decision-ports.js';
import { orderPayloadSchema, type OrderPayload } from './order-payload.js';
import { findReissueStop } from './plan-reissue.js';
import type { Stored } from './ports.js';
import { isFollowUp, isUnfinished, readFlightId, readStage, type CertificateRecord } from './record.js';
import { requestIdSchema } from './reissue-request.js';

/** The payload of `resolve`: what a person decided. `about` is what they saw, see {@link describeSubject}; by default what is stored when it is accepted. */
export const resolvePayloadSchema = z.strictObject({
  serviceId: orderPayloadSchema.shape.serviceId,
  decision: z.union(
    [z.enum(['not-made', 'release', 'retry']), z.strictObject({ adopt: z.int().positive() })],
    { error: 'give "not-made", "release", "retry" or {"adopt": certificate id}' },
  ),
  about: z.string().max(300).optional(),
  requestId: requestIdSchema.optional(),
});
export type ResolvePayload = z.output<typeof resolvePayloadSchema>;
export type Decision = ResolvePayload['decision'];

/**
 * What a decision is about: the operation, its purchase, its certificate. A decision that was recorded and waited for its
 * worker must never be applied to another purchase than the one the person looked at.
 */
export function describeSubject(record: CertificateRecord): string {
  const { operation, purchase } = record;
  const id = readFlightId(record);
  return `${operation?.job ?? 'order'} ${purchase?.id ?? '-'} ${id ?? '-'}`;
}

/** `key`: what the operation in flight buys under; null when it buys nothing. */
type Judged = Pick<Stored, 'record' | 'request'> & { books: Books; key: string | null };

/** @throws InputError with what to do instead, when the decision does not fit what is stored. */
export function judgeDecision(found: Judged, decision: Decision): void {
  const { record } = found;
  const fault = findFault(found, decision);
  if (fault !== null) throw new InputError([fault], `The decision on ${record.serviceId}`);
}

function findFault({ record, request, books, key }: Judged, decision: Decision): string | null {
  const { serviceId, status } = record;
  const show = `see certificate show ${serviceId}`;
  if (status === 'closed')
    return `${serviceId} is closed: reopen it with a close job and "open": true first, then decide`;
  if (readStage(record) === 'purchasing')
    return `a worker is in the middle of a purchase for ${serviceId}: decide once its outcome is known, in a minute or two; ${show}`;
  if (decision === 'retry') return judgeRetry(record, request, books);
  if (decision === 'release') return judgeRelease(record, books);
  if (!['parked', 'purchase-unclear'].includes(readStage(record)))
    return `${describe(record)}: there is no purchase to decide about; ${show}`;
  const id = readFlightId(record);
  if (id !== null)
    return `${serviceId} has certificate ${id} already: --retry goes on with it, --release gives it up`;
  if (decision === 'not-made') return judgeNotMade(record, books);
  return judgeAdopt(record, decision.adopt, books, key);
}

/** Where the record stands, for people. */
function describe(record: CertificateRecord): string {
  const what = isFollowUp(record)
    ? `the ${record.operation?.job ?? ''} of ${record.serviceId}`
    : record.serviceId;
  return `${what} is ${readStage(record)}`;
}

function judgeRetry(record: CertificateRecord, request: OrderPayload, books: Books): string | null {
  const { serviceId, purchase } = record;
  const stage = readStage(record);
  if (stage === 'parked') {
    if (readFlightId(record) !== null || books.kind === 'unsettled') return null;
    if (books.kind === 'made') return purchase?.kind === 'names' ? null : adviseAdoption(record, books);
    return purchase === null
      ? null
      : 'nobody knows what became of its purchase, so trying again could buy twice: look at the certificates and transactions at Namecheap, then decide with --adopt ID or --not-made';
  }
  if (isAutomationHeld(record)) return findReissueStop(record, request);
  if (isUnfinished(stage))
    return `${describe(record)} and goes on by itself; see certificate show ${serviceId}`;
  if (stage === 'failed') return `${describe(record)}: ${adviseRepetition(record)}`;
  return `${describe(record)}: nothing waits for a decision`;
}

/** Nothing is reissued by itself: stopped after a reissue that led nowhere, or the one for this End date came to nothing. */
function isAutomationHeld(record: CertificateRecord): boolean {
  const { status, operation, automationStopped, announced, endDate } = record;
  if (status !== 'issued' && status !== 'expired') return false;
  if (operation !== null && (operation.state === 'parked' || isUnfinished(operation.state))) return false;
  return automationStopped !== null || (endDate !== null && announced.reissue === endDate);
}

function adviseRepetition(record: CertificateRecord): string {
  switch (record.operation?.job ?? 'order') {
    case 'order':
      return record.certificateId === null
        ? 'order the same serviceId again, nothing was bought'
        : `order the same serviceId, type and years again with corrected csr, dcv or contacts (certificate ${record.certificateId} is used), or give it up with --release`;
    case 'renew':
      return 'repeat it with a renew job, with a corrected csr or dcv where that was refused, or drop it with --release';
    case 'reissue':
      return 'repeat it with a reissue job, with a corrected csr, dcv or names where that was refused, or drop it with --release';
  }
}

function judgeRelease(record: CertificateRecord, books: Books): string | null {
  const stage = readStage(record);
  if (stage !== 'parked' && stage !== 'failed') {
    const first =
      stage === 'purchase-unclear'
        ? ': decide with --adopt ID or --not-made what became of its purchase'
        : '';
    return `${describe(record)}, and only what is parked or failed can be given up${first}`;
  }
  if (isFollowUp(record) || record.certificateId !== null) return null;
  if (stage === 'failed') return `${describe(record)} and owns nothing: ${adviseRepetition(record)}`;
  return books.kind === 'made' ? adviseAdoption(record, books) : null;
}

function judgeNotMade(record: CertificateRecord, books: Books): string | null {
  if (books.kind === 'made') return adviseAdoption(record, books);
  if (record.purchase !== null || books.kind === 'unsettled') return null;
  return `${describe(record)}, but nothing was tried to be bought for it: --retry goes on`;
}

function judgeAdopt(record: CertificateRecord, id: number, books: Books, key: string | null): string | null {
  const { operation, certificateId, purchase } = record;
  if (operation?.job !== 'reissue') return null;
  if (purchase?.kind !== 'names' && books.kind === 'none' && key === null)
    return 'a reissue buys no certificate: --retry looks it up again, --release drops it; one that was reissued by hand is brought in with certificate import --map';
  if (books.kind === 'made' && purchase !== null) return 'these names are bought already: --retry goes on';
  return id === certificateId
    ? null
    : `further names were bought for certificate ${String(certificateId)}: give that id with --adopt if Namecheap charged for them`;
}

function adviseAdoption({ serviceId }: CertificateRecord, books: Books): string {
  const id = books.kind === 'none' ? null : books.purchase.certificateId;
  const named = id === undefined || id === null ? 'a certificate' : `certificate ${id}`;
  return `our books hold ${named} as bought for this purchase of ${serviceId}: decide with --adopt ${id ?? 'ID'}`;
}

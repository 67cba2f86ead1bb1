import { findProduct, spellType } from '../../config/products.js';
import type { CertificateEventType } from '../events.js';
import { addSpan } from './coverage.js';
import { computeReissueDue, isStandstill } from './due.js';
import type { IssuedLeaf } from './leaf.js';
import { isPlaceholder, PLACEHOLDER_STOP } from './placeholder.js';
import type { Pem } from './present.js';
import type { AccountWork, Change, LifecycleSettings, Stored } from './ports.js';
import { isFollowUp, readFlightId, type CertificateRecord, type Renewal } from './record.js';
import { restoreShelved } from './shelf.js';
import { computePaidTill, computeTermEnd } from './term.js';
import { moveRecord } from './transitions.js';

const EVENTS = {
  order: 'certificate.issued',
  renew: 'certificate.renewed',
  reissue: 'certificate.reissued',
} as const satisfies Record<string, CertificateEventType>;

type Clocks = Pick<AccountWork, 'settings'> & { now(): number };

/** An issued certificate as it comes into force: the record, and what is saved with it in one step. */
export interface Issuance {
  after: CertificateRecord;
  change: Change & { pem: Pem };
}

/**
 * The certificate in flight is in force from now on: End date, Paid till, the next reissue, the coverage, the request, the
 * PEM and the event are saved in one step. A shelved operation comes back to the front.
 * @param type as Namecheap names the product now
 */
export async function saveIssued(
  work: AccountWork,
  stored: Stored,
  leaf: IssuedLeaf,
  type: string,
): Promise<CertificateRecord> {
  const { after, change } = composeIssued(work, stored, leaf, type);
  return await work.certificates.save({
    before: stored.record,
    after,
    change: { ...change, lease: work.lease },
  });
}

/** As {@link saveIssued}, but left to the caller to save. */
export function composeIssued(
  clocks: Clocks,
  { record, request, draft }: Omit<Stored, 'pem'>,
  leaf: IssuedLeaf,
  type: string,
): Issuance {
  const now = clocks.now();
  const issued = moveRecord(record, 'issued', now, {
    ...describeTerm(clocks.settings, record, leaf),
    ...(isFollowUp(record) ? describeSuccessor(record, type) : {}),
    covered: addSpan(record.covered, leaf.notBefore, leaf.notAfter),
    problem: null,
    nextActionAt: null,
  });
  const inForce = draft ?? request;
  const { after, draft: next } = restoreShelved(issued, inForce, now);
  const change = {
    cause: `issued by ${leaf.issuer}`,
    event: EVENTS[record.operation?.job ?? 'order'],
    pem: { certificate: leaf.certificate, chain: leaf.chain },
    request: inForce,
    draft: next,
  };
  return { after, change };
}

/** The two clocks: the leaf's end, and the paid term, which only what was paid for moves. */
function describeTerm(
  settings: LifecycleSettings,
  record: CertificateRecord,
  leaf: IssuedLeaf,
): Partial<CertificateRecord> {
  const { termEnd, renewals, years } = computeTerm(record, leaf);
  const { due, ...times } = planTerm(settings, record.serviceId, leaf, termEnd);
  const stop = isPlaceholder(record) ? PLACEHOLDER_STOP : due === null ? null : findStop(record, leaf, due);
  return {
    ...times,
    nextReissueAt: due === null || stop !== null ? null : new Date(due).toISOString(),
    automationStopped: stop,
    renewals,
    years,
  };
}

/** What follows for a service from one certificate and the end of its paid term. `due`: when it is reissued, ms. */
export function planTerm(
  { reissueBeforeMs, reissueSpreadMs }: LifecycleSettings,
  serviceId: string,
  { notBefore, notAfter }: Pick<IssuedLeaf, 'notBefore' | 'notAfter'>,
  termEnd: number,
) {
  const paidTill = computePaidTill({ termEnd, endDate: notAfter });
  const timing = { issuedAt: notBefore, endDate: notAfter, paidTill };
  return {
    issuedAt: new Date(notBefore).toISOString(),
    endDate: new Date(notAfter).toISOString(),
    paidTill: paidTill === null ? null : new Date(paidTill).toISOString(),
    termEnd: new Date(termEnd).toISOString(),
    due: computeReissueDue({ serial: serviceId, ...timing, reissueBeforeMs, reissueSpreadMs }),
  };
}

/**
 * A renewal that was activated before the old term's end continues it (the days that were left carry over); a later one
 * begins with its own certificate. A reissue never moves the term.
 */
function computeTerm(
  record: CertificateRecord,
  leaf: IssuedLeaf,
): { termEnd: number; renewals: Renewal[]; years: number } {
  const { operation, renewals, years } = record;
  const old = record.termEnd === null ? null : Date.parse(record.termEnd);
  if (operation?.job !== 'renew') {
    return { termEnd: old ?? computeTermEnd(leaf.notBefore, years), renewals, years };
  }
  const bought = operation.years ?? years;
  const activatedAt = Date.parse(record.activatedAt ?? operation.acceptedAt);
  const begin = old !== null && activatedAt < old ? old : leaf.notBefore;
  const termEnd = computeTermEnd(begin, bought);
  const renewal: Renewal = {
    from: operation.extends ?? new Date(begin).toISOString(),
    till: new Date(termEnd).toISOString(),
    years: bought,
    certificateId: operation.certificateId ?? 0,
    requestId: operation.requestId,
  };
  return { termEnd, renewals: [...renewals, renewal], years: bought };
}

/** Why no further reissue may follow by itself; null when all is well. */
function findStop(
  { serviceId, operation, endDate }: CertificateRecord,
  leaf: IssuedLeaf,
  due: number,
): string | null {
  if (operation?.job !== 'reissue' || operation.reason !== 'end-date' || endDate === null) return null;
  const { notBefore: issuedAt, notAfter } = leaf;
  if (!isStandstill(Date.parse(endDate), { issuedAt, endDate: notAfter, due })) return null;
  return (
    `the last reissue led nowhere (End date ${new Date(leaf.notAfter).toISOString()}, before it ${endDate}). ` +
    `Check PMNAMECHEAP_REISSUE_BEFORE (a lead longer than the life of a certificate) and the paid term at Namecheap, then decide with certificate resolve ${serviceId} --retry, or reissue it with a reissue job`
  );
}

/** What a renewal or reissue puts in the place of the certificate in force. */
function describeSuccessor(record: CertificateRecord, type: string): Partial<CertificateRecord> {
  const [commonName = record.commonName, ...sans] = record.operation?.names ?? [
    record.commonName,
    ...record.sans,
  ];
  const spelled = findProduct(type) === null ? record.type : spellType(type);
  return { certificateId: readFlightId(record), type: spelled, commonName, sans };
}

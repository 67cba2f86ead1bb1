import { findProduct, spellType } from '../../config/products.js';
import type { CertificateEventType } from '../events.js';
import { addSpan } from './coverage.js';
import { isStandstill } from './due.js';
import type { IssuedLeaf } from './leaf.js';
import { isPlaceholder } from './placeholder.js';
import { planNextReissue, type ReissuePlan } from './plan-reissue.js';
import type { Pem } from './present.js';
import type { AccountWork, Change, Stored } from './ports.js';
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
  const inForce = draft ?? request;
  const term = describeTerm(record, leaf);
  const plan = planNextReissue({ ...record, ...term }, inForce, clocks.settings);
  const issued = moveRecord(record, 'issued', now, {
    ...term,
    ...stopAtStandstill(record, leaf, plan),
    ...(isFollowUp(record) ? describeSuccessor(record, type) : {}),
    covered: addSpan(record.covered, leaf.notBefore, leaf.notAfter),
    // What a placeholder lacks is said where it is listed.
    problem: isPlaceholder(record) ? null : plan.automationStopped,
    nextActionAt: null,
  });
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
function describeTerm(record: CertificateRecord, leaf: IssuedLeaf) {
  const { termEnd, renewals, years } = computeTerm(record, leaf);
  return { ...describeLife(leaf, termEnd), renewals, years };
}

/** What follows for a service from one certificate and the end of its paid term. Times in ms. */
export function describeLife(
  { notBefore, notAfter }: Pick<IssuedLeaf, 'notBefore' | 'notAfter'>,
  termEnd: number,
): Pick<CertificateRecord, 'issuedAt' | 'endDate' | 'paidTill' | 'termEnd'> {
  const paidTill = computePaidTill({ termEnd, endDate: notAfter });
  return {
    issuedAt: new Date(notBefore).toISOString(),
    endDate: new Date(notAfter).toISOString(),
    paidTill: paidTill === null ? null : new Date(paidTill).toISOString(),
    termEnd: new Date(termEnd).toISOString(),
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

/** No further reissue may follow by itself after one that led nowhere. */
function stopAtStandstill(
  { serviceId, operation, endDate }: CertificateRecord,
  { notBefore: issuedAt, notAfter }: IssuedLeaf,
  plan: ReissuePlan,
): ReissuePlan {
  if (operation?.job !== 'reissue' || operation.reason !== 'end-date' || endDate === null) return plan;
  if (plan.nextReissueAt === null) return plan;
  const leaf = { issuedAt, endDate: notAfter, due: Date.parse(plan.nextReissueAt) };
  if (!isStandstill(Date.parse(endDate), leaf)) return plan;
  const automationStopped =
    `the last reissue led nowhere (End date ${new Date(notAfter).toISOString()}, before it ${endDate}). ` +
    `Check PMNAMECHEAP_REISSUE_BEFORE (a lead longer than the life of a certificate) and the paid term at Namecheap, then decide with certificate resolve ${serviceId} --retry, or reissue it with a reissue job`;
  return { nextReissueAt: null, automationStopped };
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

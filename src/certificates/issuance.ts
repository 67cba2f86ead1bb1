import { findProduct, spellType } from '../../config/products.js';
import type { CertificateEventType } from '../events.js';
import { addSpan } from './coverage.js';
import { computeReissueDue, isStandstill } from './due.js';
import type { IssuedLeaf } from './leaf.js';
import type { AccountWork, Stored } from './ports.js';
import { isFollowUp, readFlightId, type CertificateRecord, type Renewal } from './record.js';
import { restoreShelved } from './shelf.js';
import { computePaidTill, computeTermEnd } from './term.js';
import { moveRecord } from './transitions.js';

const EVENTS = {
  order: 'certificate.issued',
  renew: 'certificate.renewed',
  reissue: 'certificate.reissued',
} as const satisfies Record<string, CertificateEventType>;

/**
 * The certificate in flight is in force from now on: End date, Paid till, the next reissue, the coverage, the request, the
 * PEM and the event are saved in one step. A shelved operation comes back to the front.
 * @param type as Namecheap names the product now
 */
export async function saveIssued(
  work: AccountWork,
  { record, request, draft }: Stored,
  leaf: IssuedLeaf,
  type: string,
): Promise<CertificateRecord> {
  const now = work.now();
  const issued = moveRecord(record, 'issued', now, {
    ...describeTerm(work, record, leaf),
    ...(isFollowUp(record) ? describeSuccessor(record, type) : {}),
    covered: addSpan(record.covered, leaf.notBefore, leaf.notAfter),
    problem: null,
    nextActionAt: null,
  });
  const { after, draft: next } = restoreShelved(issued, now);
  const change = {
    cause: `issued by ${leaf.issuer}`,
    event: EVENTS[record.operation?.job ?? 'order'],
    pem: { certificate: leaf.certificate, chain: leaf.chain },
    request: draft ?? request,
    draft: next,
    lease: work.lease,
  };
  return await work.certificates.save({ before: record, after, change });
}

/** The two clocks: the leaf's end, and the paid term, which only what was paid for moves. */
function describeTerm(
  work: AccountWork,
  record: CertificateRecord,
  leaf: IssuedLeaf,
): Partial<CertificateRecord> {
  const { termEnd, renewals, years } = computeTerm(record, leaf);
  const paidTill = computePaidTill({ termEnd, endDate: leaf.notAfter });
  const { reissueBeforeMs, reissueSpreadMs } = work.settings;
  const timing = { issuedAt: leaf.notBefore, endDate: leaf.notAfter, paidTill };
  const due = computeReissueDue({ serial: record.serviceId, ...timing, reissueBeforeMs, reissueSpreadMs });
  const stop = due === null ? null : findStop(record, leaf, due);
  return {
    issuedAt: new Date(leaf.notBefore).toISOString(),
    endDate: new Date(leaf.notAfter).toISOString(),
    paidTill: paidTill === null ? null : new Date(paidTill).toISOString(),
    termEnd: new Date(termEnd).toISOString(),
    nextReissueAt: due === null || stop !== null ? null : new Date(due).toISOString(),
    automationStopped: stop,
    renewals,
    years,
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

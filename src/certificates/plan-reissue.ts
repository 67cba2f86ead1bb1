import { InputError } from '../errors.js';
import { computeReissueDue } from './due.js';
import { checkOrder, type OrderPayload } from './order-payload.js';
import { isPlaceholder, PLACEHOLDER_STOP } from './placeholder.js';
import type { LifecycleSettings } from './ports.js';
import type { CertificateRecord } from './record.js';

type Timing = Pick<LifecycleSettings, 'reissueBeforeMs' | 'reissueSpreadMs'>;

/** When the next reissue begins by itself, or why none does. */
export type ReissuePlan = Pick<CertificateRecord, 'nextReissueAt' | 'automationStopped'>;

/**
 * Plans the next reissue of the certificate in force. What cannot be reissued with what is known, or has no service, is not
 * tried: a gap that this leaves is told at once, not when it opens.
 * @param request of the certificate in force
 */
export function planNextReissue(
  record: CertificateRecord,
  request: OrderPayload,
  settings: Timing,
): ReissuePlan {
  if (record.issuedAt === null || record.endDate === null)
    return { nextReissueAt: null, automationStopped: null };
  const automationStopped = findReissueStop(record, request);
  const nextReissueAt = automationStopped === null ? computeNextReissue(record, settings) : null;
  return { nextReissueAt, automationStopped };
}

/** When the certificate in force is to be reissued, ISO; null when nothing is left to reissue. */
export function computeNextReissue(
  { serviceId, issuedAt, endDate, paidTill }: CertificateRecord,
  { reissueBeforeMs, reissueSpreadMs }: Timing,
): string | null {
  if (issuedAt === null || endDate === null || paidTill === null) return null;
  const due = computeReissueDue({
    ...{ serial: serviceId, reissueBeforeMs, reissueSpreadMs },
    ...{ issuedAt: Date.parse(issuedAt), endDate: Date.parse(endDate), paidTill: Date.parse(paidTill) },
  });
  return due === null ? null : new Date(due).toISOString();
}

/** Why nothing can be reissued by itself, and what to do; null when it can. No decision lifts it, only what it names. */
export function findReissueStop(record: CertificateRecord, request: OrderPayload): string | null {
  return isPlaceholder(record) ? PLACEHOLDER_STOP : findMissing(request);
}

/** What the request lacks for the next reissue. */
function findMissing(request: OrderPayload): string | null {
  if (request.csr === '')
    return 'Namecheap does not tell the CSR of this certificate: reissue it once with a reissue job that gives csr; from then on it goes on by itself';
  try {
    checkOrder(request);
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return `what is known of it is not enough to reissue it (${error.faults.join('; ')}): reissue it once with a reissue job that gives what is missing; from then on it goes on by itself`;
  }
}

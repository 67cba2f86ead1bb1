import { FailError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { parseCsr } from './csr.js';
import { normalizePem } from './csr-pem.js';
import { collectDelay } from './due.js';
import { settleErrand } from './inbox.js';
import { composeIssued } from './issuance.js';
import { readLeaf, verifyIssued } from './leaf.js';
import type { OrderPayload } from './order-payload.js';
import type { AccountWork, Step, Stored } from './ports.js';
import type { CertificateRecord } from './record.js';
import { beginOperation } from './shelf.js';
import { composeOperation } from './transitions.js';
import { isTrouble } from './namecheap-status.js';
import { describeStatus } from './trouble.js';

/** How a reissue that somebody made by hand joins its service. */
export interface Adoption {
  /** The chain as far as it is known; the new certificate belongs to it in any case. */
  ids: readonly number[];
  /** The import that found it; null for a sync. */
  importId: string | null;
  /** A person named this very certificate for the service: then it is taken over with its key. */
  isDecided: boolean;
  /** Of a caller that works under the lease of the service. */
  lease?: string;
}

/** `problem`: why it cannot be taken over, and what a person must decide; then nothing was changed. */
export type AdoptAnswer =
  { kind: 'adopted'; record: CertificateRecord } | { kind: 'refused'; problem: string };

type Adopting = Pick<AccountWork, 'settings' | 'purchases' | 'now'>;

/**
 * A reissue that somebody made by hand goes on as the service's own, if it has the key of the service and covers its names: then
 * whoever installed the certificate can install this one. Its whole chain is claimed and the record saved in one step: in
 * force when it is issued and verified, else waited for.
 * @param head the newest of the chain, with its PEM if it is issued
 * @throws StaleRecordError when somebody else changed the service meanwhile.
 */
export async function adoptReissue(
  work: Adopting,
  stored: Stored,
  head: CertificateInfo,
  adoption: Adoption,
): Promise<AdoptAnswer> {
  const { record } = stored;
  let step: Step;
  try {
    step = composeAdoption(work, stored, head, adoption);
  } catch (error) {
    if (!(error instanceof FailError)) throw error;
    return { kind: 'refused', problem: describeRefusal(record, head, error.message) };
  }
  const ids = step.after.certificateIds.filter((id) => !record.certificateIds.includes(id));
  const answer = await work.purchases.saveClaimed(step, head.certificateId, ...ids);
  if (answer.kind === 'made') return { kind: 'adopted', record: answer.record };
  const owner = answer.kind === 'claimed' ? answer.owner : 'another one';
  const why = `it belongs to service ${owner} in our books.`;
  return { kind: 'refused', problem: describeRefusal(record, head, why) };
}

/** Why a reissue made by hand is not taken over, and what to decide. */
export function describeRefusal(
  { certificateId: old }: CertificateRecord,
  { certificateId }: CertificateInfo,
  why: string,
): string {
  return (
    `Certificate ${String(old)} was reissued by hand as ${certificateId}, which cannot be taken over: ${why} ` +
    `Reissue the service with the CSR that is to be used, or give it ${certificateId} with certificate import --map.`
  );
}

/** The record as a reissue of our own would leave it. @throws FailError when the certificate does not fit. */
function composeAdoption(
  { settings, now }: Adopting,
  stored: Stored,
  head: CertificateInfo,
  { ids, importId, isDecided, lease }: Adoption,
): Step {
  const { record } = stored;
  const { certificateId, status } = head;
  if (isTrouble(status))
    throw new FailError(describeStatus(certificateId, status), 'ERR_CERTIFICATE_MISMATCH');
  const publicKeyHash = isDecided ? readItsKey(head) : readOurKey(stored);
  const isIssued = status === 'active' && head.certificate !== null;
  if (!isIssued) demandKey(head, publicKeyHash);
  const request = completeRequest(stored.request, head, isDecided ? '' : publicKeyHash);
  const operation = composeOperation('reissue', 'pending-validation', now(), { certificateId });
  const begun = {
    ...beginOperation(stored, operation, now()),
    certificateIds: [...new Set([...record.certificateIds, ...ids, certificateId])],
    ...(importId === null ? {} : settleErrand(record, 'import', importId)),
    ...{ activatedAt: new Date(now()).toISOString(), validation: [] },
    nextActionAt: now() + collectDelay(0, settings.collectEveryMs),
  };
  const cause = `reissued by hand as certificate ${certificateId}`;
  const held = lease === undefined ? {} : { lease };
  if (!isIssued || head.certificate === null) {
    const event = 'certificate.activated' as const;
    return { before: record, after: begun, change: { cause, event, request, draft: null, ...held } };
  }
  const leaf = verifyIssued({
    ...{ certificate: head.certificate, chain: head.chain, csrPublicKeyHash: publicKeyHash },
    ...{ names: [record.commonName, ...record.sans], now: now() },
  });
  const inFlight = { record: begun, request, draft: null };
  const { after, change } = composeIssued({ settings, now }, inFlight, leaf, head.type);
  return {
    before: record,
    after,
    change: { ...change, cause: `${cause}, ${change.cause}`, ...held },
  };
}

/** The key that is installed: that of the CSR, or of the certificate where Namecheap never told a CSR that can be read. */
function readOurKey({ request, pem }: Stored): string {
  const ours = readCsrKey(request.csr);
  if (ours !== null) return ours;
  if (pem === null) throw new FailError('the key of the service is not known.', 'ERR_CERTIFICATE_MISMATCH');
  return readLeaf(pem).publicKeyHash;
}

/** Somebody decided that this certificate is the service's, whatever its key. */
function readItsKey({ csr, certificate, chain }: CertificateInfo): string {
  return readCsrKey(csr) ?? (certificate === null ? '' : readLeaf({ certificate, chain }).publicKeyHash);
}

/** A CSR that was never told may be told of the new certificate; for another key than `ours` the old one is worth nothing. */
function completeRequest(request: OrderPayload, { csr }: CertificateInfo, ours: string): OrderPayload {
  const seen = readCsrKey(csr);
  const isOurs = seen === ours;
  if (request.csr !== '' && (isOurs || ours !== '')) return request;
  return { ...request, csr: seen !== null && (isOurs || ours === '') ? normalizePem(csr ?? '') : '' };
}

/** One that is not issued yet shows its key in its CSR only. @throws FailError, also for a CSR that is not told. */
function demandKey({ csr }: CertificateInfo, publicKeyHash: string): void {
  const seen = readCsrKey(csr);
  if (seen === publicKeyHash) return;
  const why = seen === null ? 'its CSR is not told, or cannot be read.' : 'it has another key.';
  throw new FailError(why, 'ERR_CERTIFICATE_MISMATCH');
}

/** The key of a CSR, see {@link parseCsr}; null for one that is not told or cannot be read. */
export function readCsrKey(csr: string | null): string | null {
  try {
    return csr === null ? null : parseCsr(csr).publicKeyHash;
  } catch {
    return null;
  }
}

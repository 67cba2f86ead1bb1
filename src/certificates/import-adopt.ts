import { FailError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { parseCsr } from './csr.js';
import { collectDelay } from './due.js';
import type { Chain } from './import-chains.js';
import { joinIds, tellProblem } from './import-heads.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { changeService, settleErrand } from './inbox.js';
import { composeIssued } from './issuance.js';
import { readLeaf, verifyIssued } from './leaf.js';
import { normalizePem } from './csr-pem.js';
import { findMissing } from './import-compose.js';
import { stopWhereIncomplete } from './import-record.js';
import type { OrderPayload } from './order-payload.js';
import type { Step, Stored } from './ports.js';
import type { CertificateRecord } from './record.js';
import { beginOperation, findObstacle } from './shelf.js';
import { composeOperation } from './transitions.js';
import { describeStatus, isTrouble } from './trouble.js';

/**
 * A reissue that somebody made by hand goes on as the service's own, if it has the key of the service's CSR and covers its
 * names: then whoever installed the certificate can install this one. Else the record says what a person must decide, and
 * nothing is reissued by itself any more.
 * @param isDecided the map names this very certificate for the service: then it is taken over with its key
 * @throws StaleRecordError when somebody else changed the service meanwhile.
 */
export async function adoptReissue(
  run: ImportRun,
  stored: Stored,
  chain: Chain,
  head: CertificateInfo,
  isDecided: boolean,
): Promise<Outcome> {
  const { record } = stored;
  const { serviceId } = record;
  const { certificateId } = head;
  const refusal = isTrouble(head.status)
    ? describeStatus(certificateId, head.status)
    : findObstacle(record) !== null
      ? 'something else of this service waits for a person first, see certificate resolve'
      : null;
  if (refusal !== null) return await refuse(run, record, head, refusal);
  let step: Step;
  try {
    step = composeAdoption(run, stored, chain, head, isDecided);
  } catch (error) {
    if (!(error instanceof FailError)) throw error;
    return await refuse(run, record, head, error.message);
  }
  const ids = step.after.certificateIds.filter((id) => !record.certificateIds.includes(id));
  const answer = await run.work.purchases.saveClaimed(step, certificateId, ...ids);
  if (answer.kind === 'claimed')
    return await refuse(run, record, head, `it belongs to service ${answer.owner} in our books`);
  const state = step.after.operation === null ? 'issued' : 'pending-validation';
  return { kind: 'adopted', serviceId, certificateId, state };
}

async function refuse(
  run: ImportRun,
  { serviceId, certificateId: old }: CertificateRecord,
  { certificateId }: CertificateInfo,
  why: string,
): Promise<Outcome> {
  const problem =
    `Certificate ${String(old)} was reissued by hand as ${certificateId}, which cannot be taken over: ${why} ` +
    `Reissue the service with the CSR that is to be used, or give it ${certificateId} with certificate import --map.`;
  await noteProblem(run, serviceId, problem, { automationStopped: problem });
  return tellProblem(serviceId, certificateId, problem);
}

/** Says on the record what a person must know; the same again changes nothing. */
export async function noteProblem(
  run: ImportRun,
  serviceId: string,
  problem: string,
  changes: Partial<CertificateRecord> = {},
): Promise<void> {
  await changeService(run.work.certificates, serviceId, ({ record }) =>
    record.problem === problem
      ? null
      : { after: { ...record, ...changes, problem }, change: { cause: problem } },
  );
}

/** The record as a reissue of our own would leave it. @throws FailError when the certificate does not fit. */
function composeAdoption(
  run: ImportRun,
  stored: Stored,
  chain: Chain,
  head: CertificateInfo,
  isDecided: boolean,
): Step {
  const { record } = stored;
  const { now, settings } = run.work;
  const publicKeyHash = isDecided ? readItsKey(head) : readOurKey(stored);
  const isIssued = head.status === 'active' && head.certificate !== null;
  if (!isIssued) demandKey(head, publicKeyHash);
  const request = completeRequest(stored.request, head, isDecided ? '' : publicKeyHash);
  const operation = composeOperation('reissue', 'pending-validation', now(), {
    certificateId: head.certificateId,
  });
  const begun = {
    ...beginOperation(stored, operation, now()),
    certificateIds: [...new Set([...record.certificateIds, ...joinIds(chain, head.certificateId)])],
    ...settleErrand(record, 'import', run.id),
    ...{ activatedAt: new Date(now()).toISOString(), validation: [] },
    nextActionAt: now() + collectDelay(0, settings.collectEveryMs),
  };
  const cause = `reissued by hand as certificate ${head.certificateId}`;
  if (!isIssued || head.certificate === null)
    return { before: record, after: begun, change: { cause, request, draft: null } };
  const leaf = verifyIssued({
    ...{ certificate: head.certificate, chain: head.chain, csrPublicKeyHash: publicKeyHash },
    ...{ names: [record.commonName, ...record.sans], now: now() },
  });
  const inFlight = { record: begun, request, draft: null };
  const { after, change } = composeIssued(run.work, inFlight, leaf, head.type);
  const complete = stopWhereIncomplete(after, findMissing(request));
  return { before: record, after: complete, change: { ...change, cause: `${cause}, ${change.cause}` } };
}

/** The key that is installed: that of the CSR, or of the certificate where Namecheap never told the CSR. */
function readOurKey({ request, pem }: Stored): string {
  if (request.csr !== '') return parseCsr(request.csr).publicKeyHash;
  if (pem === null) throw new FailError('the key of the service is not known.', 'ERR_CERTIFICATE_MISMATCH');
  return readLeaf(pem).publicKeyHash;
}

/** Somebody decided that this certificate is the service's, whatever its key. */
function readItsKey({ csr, certificate, chain }: CertificateInfo): string {
  return readKey(csr) ?? (certificate === null ? '' : readLeaf({ certificate, chain }).publicKeyHash);
}

/** A CSR that was never told may be told of the new certificate; for another key than `ours` the old one is worth nothing. */
function completeRequest(request: OrderPayload, { csr }: CertificateInfo, ours: string): OrderPayload {
  const seen = readKey(csr);
  const isOurs = seen === ours;
  if (request.csr !== '' && (isOurs || ours !== '')) return request;
  return { ...request, csr: seen !== null && (isOurs || ours === '') ? normalizePem(csr ?? '') : '' };
}

/** One that is not issued yet shows its key in its CSR only. @throws FailError, also for a CSR that is not told. */
function demandKey({ csr }: CertificateInfo, publicKeyHash: string): void {
  const seen = readKey(csr);
  if (seen === publicKeyHash) return;
  const why = seen === null ? 'its CSR is not told, or cannot be read.' : 'it has another key.';
  throw new FailError(why, 'ERR_CERTIFICATE_MISMATCH');
}

function readKey(csr: string | null): string | null {
  try {
    return csr === null ? null : parseCsr(csr).publicKeyHash;
  } catch {
    return null;
  }
}

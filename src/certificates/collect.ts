import { describeError, WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import { parseCsr } from './csr.js';
import { collectDelay, computeReissueDue } from './due.js';
import { StaleRecordError } from './errors.js';
import { verifyIssued, type IssuedLeaf } from './leaf.js';
import { parkRecord } from './park.js';
import type { AccountWork, Stored } from './ports.js';
import { moveRecord, type CertificateRecord } from './record.js';
import { describeTrouble, isTrouble } from './trouble.js';
import { computePaidTill, computeTermEnd } from './term.js';

const PAGE_SIZE = 100;

/** A CA may show a certificate as active a moment before it hands it out: look again after this long, ms. */
const NOT_YET_MS = 10_000;

/**
 * Looks at all pending certificates of one account: list pages first (100 certificates a call), then one getInfo with
 * the certificate for each that became active.
 * @returns the services that were issued.
 */
export async function collectPending(
  work: AccountWork,
  pending: readonly CertificateRecord[],
): Promise<string[]> {
  const statuses = await readStatuses(work, new Set(pending.flatMap((record) => record.certificateId ?? [])));
  const issued: string[] = [];
  for (const record of pending) {
    const status = record.certificateId === null ? undefined : statuses.get(record.certificateId);
    try {
      if (status === 'purchased') await lookLater(work, record);
      else if (await collectOne(work, record.serviceId)) issued.push(record.serviceId);
    } catch (error) {
      // The quota, a pause, a refused key: the rest of this account would fare no better.
      if (error instanceof WaitError || isAccountTrouble(error)) throw error;
      work.log.log(3, 'collect', `${record.serviceId}: ${describeError(error)}`);
      if (!(error instanceof StaleRecordError)) await lookLater(work, record);
    }
  }
  return issued;
}

function isAccountTrouble(error: unknown): boolean {
  return error instanceof NamecheapError && (error.verdict === 'pause' || error.verdict === 'wait');
}

/**
 * Statuses by certificate id, newest purchases first. Pending certificates are young as a rule; one that is not found
 * within the pages its number explains is looked at by itself, which is cheaper than walking the whole account.
 */
async function readStatuses(work: AccountWork, wanted: ReadonlySet<number>): Promise<Map<number, string>> {
  const statuses = new Map<number, string>();
  const pages = Math.ceil(wanted.size / PAGE_SIZE) + 1;
  let missing = wanted.size;
  for (let page = 1; page <= pages && missing > 0; page++) {
    const input = { listType: 'ALL', page, pageSize: PAGE_SIZE, sortBy: 'PURCHASEDATE_DESC' } as const;
    const answer = await work.account.api.getList(input, { signal: work.signal });
    for (const row of answer.rows) {
      if (wanted.has(row.certificateId) && !statuses.has(row.certificateId)) missing--;
      statuses.set(row.certificateId, row.status);
    }
    if (page * PAGE_SIZE >= answer.totalItems) break;
  }
  return statuses;
}

async function lookLater(work: AccountWork, record: CertificateRecord): Promise<void> {
  const age = work.now() - Date.parse(record.activatedAt ?? record.acceptedAt);
  await work.certificates.postpone(
    record.serviceId,
    work.now() + collectDelay(age, work.settings.collectEveryMs),
  );
}

/** Fetches and verifies one certificate under the record's lease. @returns true when it was issued. */
async function collectOne(work: AccountWork, serviceId: string): Promise<boolean> {
  const lease = await work.certificates.lease(serviceId, work.lease, work.settings.leaseMs);
  if (!lease.isHeld) return false;
  try {
    const stored = await work.certificates.load(serviceId);
    if (stored?.record.status !== 'pending-validation') return false;
    return await fetchIssued(work, stored);
  } finally {
    await work.certificates.release(serviceId, work.lease).catch(() => undefined);
  }
}

async function fetchIssued(work: AccountWork, stored: Stored): Promise<boolean> {
  const { record } = stored;
  const { certificateId } = record;
  if (certificateId === null) throw new Error(`${record.serviceId} is pending without a certificate id`);
  const seen = await work.account.api.getInfo(
    { certificateId, withCertificate: true },
    { signal: work.signal },
  );
  if (isTrouble(seen.status))
    throw await parkRecord(work, record, describeTrouble(certificateId, seen.status));
  if (seen.status !== 'active') {
    await lookLater(work, record);
    return false;
  }
  if (seen.certificate === null) {
    await work.certificates.postpone(record.serviceId, work.now() + NOT_YET_MS);
    return false;
  }
  let leaf: IssuedLeaf;
  try {
    // The rules for new orders are not applied again: what is paid for must not fail on a rule made later.
    const { publicKeyHash } = parseCsr(stored.request.csr);
    const names = [record.commonName, ...record.sans];
    leaf = verifyIssued({
      certificate: seen.certificate,
      chain: seen.chain,
      csrPublicKeyHash: publicKeyHash,
      names,
      now: work.now(),
    });
  } catch (error) {
    throw await parkRecord(
      work,
      record,
      `Namecheap returned a certificate that does not fit the order: ${describeError(error)}`,
    );
  }
  await saveIssued(work, record, leaf);
  return true;
}

/** Records End date, Paid till and the first reissue, with the PEM and the event, in one step. */
async function saveIssued(
  work: AccountWork,
  record: CertificateRecord,
  leaf: IssuedLeaf,
): Promise<CertificateRecord> {
  const termEnd =
    record.termEnd === null ? computeTermEnd(leaf.notBefore, record.years) : Date.parse(record.termEnd);
  const paidTill = computePaidTill({ termEnd, endDate: leaf.notAfter });
  const due = computeReissueDue({
    serial: record.serviceId,
    issuedAt: leaf.notBefore,
    endDate: leaf.notAfter,
    paidTill,
    reissueBeforeMs: work.settings.reissueBeforeMs,
    reissueSpreadMs: work.settings.reissueSpreadMs,
  });
  const after = moveRecord(record, 'issued', work.now(), {
    issuedAt: new Date(leaf.notBefore).toISOString(),
    endDate: new Date(leaf.notAfter).toISOString(),
    paidTill: paidTill === null ? null : new Date(paidTill).toISOString(),
    termEnd: new Date(termEnd).toISOString(),
    nextReissueAt: due === null ? null : new Date(due).toISOString(),
    problem: null,
    nextActionAt: null,
  });
  const pem = { certificate: leaf.certificate, chain: leaf.chain };
  const change = {
    cause: `issued by ${leaf.issuer}`,
    event: 'certificate.issued' as const,
    pem,
    lease: work.lease,
  };
  return await work.certificates.save({ before: record, after, change });
}

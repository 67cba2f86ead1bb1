import { describeError, WaitError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import { adviseRetry } from './advice.js';
import { parseCsr } from './csr.js';
import { collectDelay } from './due.js';
import { StaleRecordError } from './errors.js';
import { verifyIssued, type IssuedLeaf } from './leaf.js';
import { saveIssued } from './issuance.js';
import { parkRecord } from './park.js';
import type { AccountWork, Stored } from './ports.js';
import { describePending } from './pending.js';
import { readPendingStatuses } from './pending-list.js';
import { readFlightId, readStage, type CertificateRecord } from './record.js';
import { isTrouble } from './namecheap-status.js';
import { describeTrouble } from './trouble.js';

/** A validation that takes this long wants a person's look, ms. */
const PENDING_LONG_MS = 24 * 3_600_000;

/** A CA may show a certificate as active a moment before it hands it out: look again after this long, ms, and twice as long each time. */
const NOT_YET_MS = 10_000;

/** After so many looks, ten minutes, it is looked at as seldom as one that is pending. */
const NOT_YET_LOOKS = 6;

/**
 * Looks at all pending certificates of one account: list pages first (100 certificates a call), then one getInfo with
 * the certificate for each that became active.
 * @returns the services whose certificate was issued.
 */
export async function collectPending(
  work: AccountWork,
  pending: readonly CertificateRecord[],
): Promise<string[]> {
  const statuses = await readPendingStatuses(work, pending);
  const issued: string[] = [];
  for (const record of pending) {
    const id = readFlightId(record);
    const status = id === null ? undefined : statuses.get(id);
    try {
      if (status === 'purchased') await lookLater(work, record);
      else if (await collectOne(work, record.serviceId)) issued.push(record.serviceId);
    } catch (error) {
      // The quota, a pause, a refused key: the rest of this account would fare no better.
      if (error instanceof WaitError || isAccountTrouble(error) || work.signal.aborted) throw error;
      work.log.log(3, 'collect', `${record.serviceId}: ${describeError(error)}`);
      if (!(error instanceof StaleRecordError)) await lookLater(work, record);
    }
  }
  return issued;
}

function isAccountTrouble(error: unknown): boolean {
  return error instanceof NamecheapError && (error.verdict === 'pause' || error.verdict === 'wait');
}

/** The next look, later with age; one that takes long is reported once, instead of being asked for more often. */
async function lookLater(
  work: AccountWork,
  record: CertificateRecord,
  problem = describePending(record),
): Promise<void> {
  const age = work.now() - Date.parse(record.activatedAt ?? record.acceptedAt);
  const nextActionAt = work.now() + collectDelay(age, work.settings.collectEveryMs);
  const isLong = age >= PENDING_LONG_MS && record.announced['pending-long'] !== record.activatedAt;
  if (!isLong || record.activatedAt === null) {
    await work.certificates.postpone(record.serviceId, nextActionAt);
    return;
  }
  const announced = { ...record.announced, 'pending-long': record.activatedAt };
  try {
    await work.certificates.save({
      before: record,
      after: { ...record, announced, problem, nextActionAt },
      change: { cause: problem, event: 'certificate.pending-long' },
    });
  } catch (error) {
    // Parked or changed meanwhile: whoever did that decided when it is looked at again.
    if (!(error instanceof StaleRecordError)) throw error;
  }
}

/** Each look is a call: soon at first, then with age, and told of when it takes long. */
async function awaitCertificate(
  work: AccountWork,
  record: CertificateRecord,
  certificateId: number,
): Promise<void> {
  const { attempts } = record;
  const problem = `Certificate ${certificateId} is active at Namecheap, and they do not hand it out yet. If that stays so, contact their support with this id.`;
  if (attempts >= NOT_YET_LOOKS) {
    await lookLater(work, record, problem);
    return;
  }
  const nextActionAt = work.now() + NOT_YET_MS * 2 ** attempts;
  await work.certificates.save({
    before: record,
    after: { ...record, attempts: attempts + 1, problem, nextActionAt },
    change: { cause: problem },
  });
}

/** Fetches and verifies one certificate under the record's lease. @returns true when it was issued. */
async function collectOne(work: AccountWork, serviceId: string): Promise<boolean> {
  const lease = await work.certificates.lease(serviceId, work.lease, work.settings.leaseMs);
  if (!lease.isHeld) return false;
  try {
    const stored = await work.certificates.load(serviceId);
    if (stored === null || readStage(stored.record) !== 'pending-validation') return false;
    return await fetchIssued(work, stored);
  } finally {
    await work.certificates.release(serviceId, work.lease).catch(() => undefined);
  }
}

async function fetchIssued(work: AccountWork, stored: Stored): Promise<boolean> {
  const { record } = stored;
  const certificateId = readFlightId(record);
  if (certificateId === null) throw new Error(`${record.serviceId} is pending without a certificate id`);
  const seen = await work.account.api.getInfo(
    { certificateId, withCertificate: true },
    { signal: work.signal },
  );
  return await settleSeen(work, stored, seen);
}

/**
 * Takes the pending certificate as Namecheap shows it: issued and verified it is in force from now on.
 * @param seen with the certificate
 * @returns false when it is waited for still.
 * @throws FailError when it was parked: it needs a person, or does not fit the order.
 */
export async function settleSeen(work: AccountWork, stored: Stored, seen: CertificateInfo): Promise<boolean> {
  const { record, draft, request } = stored;
  const { certificateId } = seen;
  if (isTrouble(seen.status))
    throw await parkRecord(work, record, describeTrouble(record, certificateId, seen.status));
  if (seen.status !== 'active') {
    await lookLater(work, record);
    return false;
  }
  if (seen.certificate === null) {
    await awaitCertificate(work, record, certificateId);
    return false;
  }
  let leaf: IssuedLeaf;
  try {
    // The rules for new orders are not applied again: what is paid for must not fail on a rule made later.
    const { publicKeyHash } = parseCsr((draft ?? request).csr);
    const names = record.operation?.names ?? [record.commonName, ...record.sans];
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
      `Namecheap returned a certificate that does not fit the order: ${describeError(error)}. Contact their support with certificate id ${certificateId}. ${adviseRetry(record)}`,
    );
  }
  await saveIssued(work, stored, leaf, seen.type);
  return true;
}

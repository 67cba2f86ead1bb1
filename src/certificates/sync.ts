import { z } from 'zod';
import { FailError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import { adoptReissue, readCsrKey } from './adopt.js';
import { brake } from './brake.js';
import { settleSeen } from './collect.js';
import { requireService } from './inbox.js';
import { withLease } from './lease.js';
import { orderPayloadSchema } from './order-payload.js';
import type { AccountWork, Stored, Work } from './ports.js';
import { readFlightId, readStage, type CertificateRecord } from './record.js';
import { followChain } from './reissue.js';
import { demandModule } from './reissue-request.js';
import { findObstacle } from './shelf.js';
import { moveRecord, moveStatus } from './transitions.js';
import { isTrouble } from './namecheap-status.js';

const { serviceId, module } = orderPayloadSchema.shape;

/** A look that the account could not answer is repeated this much later, ms. */
const AGAIN_MS = 60_000;

/** The payload of `sync`. */
export const syncPayloadSchema = z.strictObject({ module: module.unwrap().optional(), serviceId });
export type SyncPayload = z.output<typeof syncPayloadSchema>;

/** A certificate as Namecheap showed it. */
export interface Seen {
  certificateId: number;
  status: string;
  replacedBy: number | null;
}

export interface SyncOutcome {
  record: CertificateRecord;
  seen: Seen[];
}

/**
 * Looks at one service now: one call for the certificate in flight, one for that in force, and one for each link of a chain
 * that was reissued by hand; nothing bought or activated → no call. What became active is collected, what was reissued by hand with our key is
 * adopted; anything else that needs a person is told in `problem`.
 * @throws WaitError to be tried again; FailError for a service that is not known.
 */
export async function syncService(accountWork: AccountWork, payload: SyncPayload): Promise<SyncOutcome> {
  const { serviceId: id } = payload;
  const seen = new Map<number, Seen>();
  const note = ({ certificateId, status, replacedBy }: CertificateInfo) => {
    seen.set(certificateId, { certificateId, status, replacedBy });
  };
  await withLease(accountWork, id, async (work, stored) => {
    try {
      await lookAtFlight(work, stored, note);
      await lookAtForce(work, await requireService(work.certificates, id), note);
    } catch (error) {
      // Parked: the record says what a person must decide, and that is what was asked for.
      if (error instanceof FailError && error.code === 'ERR_PARKED') return;
      throw error instanceof NamecheapError && error.verdict === 'pause'
        ? await brake(work, error, AGAIN_MS)
        : error;
    }
  });
  const { record } = await requireService(accountWork.certificates, id);
  return { record, seen: [...seen.values()] };
}

/** @throws FailError when the service is another module's. */
export function judgeSync(record: CertificateRecord, payload: SyncPayload): void {
  demandModule(record, payload.module);
}

type Note = (seen: CertificateInfo) => void;

/** The certificate that is being got: collected if it is active. One that was parked after its activation goes on once Namecheap shows it pending or active. */
async function lookAtFlight(work: Work, stored: Stored, note: Note): Promise<void> {
  const { record } = stored;
  const stage = readStage(record);
  const certificateId = readFlightId(record);
  const isActivated = stage === 'pending-validation' || (stage === 'parked' && record.activatedAt !== null);
  if (certificateId === null || !isActivated) return;
  const seen = await work.account.api.getInfo(
    { certificateId, withCertificate: true },
    { signal: work.signal },
  );
  note(seen);
  if (stage === 'pending-validation') {
    await settleSeen(work, stored, seen);
    return;
  }
  const ours = readCsrKey((stored.draft ?? stored.request).csr);
  if (isTrouble(seen.status) || ours === null || readCsrKey(seen.csr) !== ours) return;
  const resumed = await resume(work, record, seen.status);
  await settleSeen(work, { ...stored, record: resumed }, seen);
}

async function resume(work: Work, record: CertificateRecord, status: string): Promise<CertificateRecord> {
  const changes = { problem: null, nextActionAt: work.now() + work.settings.collectEveryMs };
  const after = moveRecord(record, 'pending-validation', work.now(), changes);
  const cause = `Namecheap shows it ${status} again`;
  return await work.certificates.save({ before: record, after, change: { cause, lease: work.lease } });
}

/** The certificate in force: whether it is so at Namecheap too. */
async function lookAtForce(work: Work, stored: Stored, note: Note): Promise<void> {
  const { record } = stored;
  const { certificateId } = record;
  if (certificateId === null || !['issued', 'expired'].includes(record.status)) return;
  const seen = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  note(seen);
  if (seen.replacedBy !== null) {
    // Our own reissue: what becomes of it is looked at as the one in flight.
    if ([readFlightId(record), record.shelved?.operation.certificateId].includes(seen.replacedBy)) return;
    const ids: number[] = [];
    const report = (one: CertificateInfo) => {
      ids.push(one.certificateId);
      note(one);
    };
    const newest = await followChain(work, seen.replacedBy, { withCertificate: true, report });
    await judgeSuccessor(work, stored, newest, ids);
    return;
  }
  if (seen.status === 'revoked') await saveRevoked(work, record);
  else if (isTrouble(seen.status) && seen.status !== 'expired')
    await stop(work, record, describeLost(record, seen));
}

/** @param ids of the chain up to the newest */
async function judgeSuccessor(
  work: Work,
  stored: Stored,
  newest: CertificateInfo,
  ids: readonly number[],
): Promise<void> {
  const { record } = stored;
  if (findObstacle(record) !== null) {
    const { certificateId: newId, status } = newest;
    const problem = `Certificate ${String(record.certificateId)} was reissued at Namecheap by hand, as ${newId} (${status}) while a ${record.operation?.job ?? 'job'} of ours is in flight: run a sync job again once that has ended.`;
    await tell(work, record, problem);
    return;
  }
  const adoption = { ids, importId: null, isDecided: false, lease: work.lease };
  const answer = await adoptReissue(work, stored, newest, adoption);
  if (answer.kind === 'refused') await stop(work, record, answer.problem);
}

function describeLost(
  { serviceId: id, certificateId }: CertificateRecord,
  { status }: CertificateInfo,
): string {
  return `Certificate ${String(certificateId)} is "${status}" at Namecheap: it is not reissued by itself any more. Ask Namecheap why; if it was refunded, close ${id} and order anew under another serviceId.`;
}

/** Nothing is reissued by itself any more; the gap that this leaves raises its own alarm. */
async function stop(work: Work, record: CertificateRecord, problem: string): Promise<void> {
  await tell(work, record, problem, { automationStopped: problem });
}

/** Each thing is told once, however often it is looked at. */
async function tell(
  work: Work,
  record: CertificateRecord,
  problem: string,
  changes: Partial<CertificateRecord> = {},
): Promise<void> {
  if (record.problem === problem) return;
  const after = { ...record, ...changes, problem };
  await work.certificates.save({ before: record, after, change: { cause: problem, lease: work.lease } });
}

async function saveRevoked(work: Work, record: CertificateRecord): Promise<void> {
  const id = record.certificateId ?? 0;
  const problem = `Certificate ${id} was revoked at Namecheap. Order a new one under another serviceId, or ask their support why.`;
  if (record.status !== 'issued') {
    await tell(work, record, problem);
    return;
  }
  const revokedIds = [...new Set([...record.revokedIds, id])];
  const after = moveStatus(record, 'revoked', { problem, revokedIds, nextReissueAt: null });
  const change = { cause: problem, event: 'certificate.revoked' as const, lease: work.lease };
  await work.certificates.save({ before: record, after, change });
}

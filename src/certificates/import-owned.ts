import { describeError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { noteProblem, takeOver } from './import-adopt.js';
import { isAsKnown, type Chain } from './import-chains.js';
import { UnreadableRecordError } from './errors.js';
import { findHead, tellProblem } from './import-heads.js';
import { isBegun } from './inbox.js';
import type { MapRow } from './import-request.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { isPlaceholder } from './placeholder.js';
import type { Stored } from './ports.js';
import { isUnfinished, readStage } from './record.js';
import { isTrouble } from './namecheap-status.js';
import { describeStatus } from './trouble.js';

/**
 * A chain that a service owns, compared with what is known of it. One that is as it should be costs neither a call nor a
 * look at the record.
 */
export async function checkOwned(
  run: ImportRun,
  chain: Chain,
  owner: string,
  target: MapRow | null,
): Promise<Outcome> {
  const known: Outcome = { kind: 'known', serviceId: owner, certificateId: chain.ids.at(-1) ?? 0 };
  const isInterrupted = chain.ids.some((id) => run.progress.infos.has(id));
  if (isAsKnown(chain, run.standing.owners) && !isInterrupted) return known;
  const stored = await loadOwner(run, owner);
  if (typeof stored === 'string') return tellProblem(owner, known.certificateId, stored);
  const { record } = stored;
  const before = recallOutcome(run, stored);
  if (before !== null) return before;
  // What is in flight finds out by itself; what nothing was issued for, or has ended, is no reissue's business.
  if (isUnfinished(readStage(record)) || !['issued', 'expired'].includes(record.status)) return known;
  const { certificateId } = record;
  const row = chain.rows.find((one) => one.certificateId === certificateId);
  // An older term's chain: another one is in force.
  if (certificateId === null || row === undefined || row.status === 'expired') return known;
  const head = await findHead(run, chain, certificateId);
  if (head.certificateId === certificateId) return (await judgeHead(run, owner, head)) ?? known;
  const isDecided = target?.serviceId === owner && target.certificateId === head.certificateId;
  return await takeOver(run, stored, chain, head, isDecided);
}

/** The certificate in force is the newest; null when all is well with it. */
async function judgeHead(
  run: ImportRun,
  owner: string,
  { certificateId, status }: CertificateInfo,
): Promise<Outcome | null> {
  if (status === 'replaced')
    return tellProblem(
      owner,
      certificateId,
      `Certificate ${certificateId} is replaced, and Namecheap does not tell by which one: run the import again later, or look at it there`,
    );
  if (!isTrouble(status) || status === 'expired') return null;
  const problem = describeStatus(certificateId, status);
  await noteProblem(run, owner, problem, { automationStopped: problem });
  return tellProblem(owner, certificateId, problem);
}

/** The owner's record, or why there is none. */
async function loadOwner(run: ImportRun, owner: string): Promise<Stored | string> {
  try {
    const stored = await run.work.certificates.load(owner);
    return (
      stored ??
      `In our books it belongs to service ${owner}, of which there is no record: restore it from an export (certificate restore)`
    );
  } catch (error) {
    if (!(error instanceof UnreadableRecordError)) throw error;
    return describeError(error);
  }
}

/** What this import did with a service before it was interrupted, where its report was lost; null when it did nothing. */
export function recallOutcome(run: ImportRun, { record }: Stored): Outcome | null {
  const { serviceId, certificateId, operation } = record;
  if (!isBegun(record, 'import', run.id) || certificateId === null) return null;
  const isNew = Date.parse(record.acceptedAt) >= run.plan.listedAt;
  if (isNew && isPlaceholder(record)) return describeService('created', record);
  if (isNew) return describeService('mapped', record);
  const state = operation === null ? 'issued' : 'pending-validation';
  return { kind: 'adopted', serviceId, certificateId: operation?.certificateId ?? certificateId, state };
}

export function describeService(kind: 'created' | 'mapped', record: Stored['record']): Outcome {
  const { serviceId, certificateId, commonName, status, endDate, paidTill } = record;
  return { kind, serviceId, certificateId: certificateId ?? 0, commonName, status, endDate, paidTill };
}

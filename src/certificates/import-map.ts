import { explainAnswer } from './import-bring.js';
import { tellProblem } from './import-heads.js';
import { findFailedOrder } from './import-failed.js';
import { describeService, recallOutcome } from './import-owned.js';
import { composeMoved } from './import-record.js';
import type { MapRow } from './import-request.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { isPlaceholder } from './placeholder.js';
import type { CertificateRecord } from './record.js';

/** The billing system counts days, we count to the second: this far apart they mean the same end of a term, ms. */
const SAME_END_MS = 2 * 86_400_000;

/**
 * A row of the map whose certificate a service owns already. A placeholder goes on under the service's own id; anything
 * else is only compared: what is known is never overwritten.
 */
export async function mapOwned(
  run: ImportRun,
  owner: string,
  target: MapRow,
  seen: Outcome,
): Promise<Outcome[]> {
  const { serviceId, certificateId, paidTill } = target;
  // What could not be read or taken over was told; the map changes nothing about it.
  if (seen.kind === 'problem') return [seen];
  const stored = await run.work.certificates.load(owner);
  if (stored === null) return [seen];
  const { record } = stored;
  if (owner === serviceId) {
    const recalled = seen.kind === 'adopted' ? seen : (recallOutcome(run, stored) ?? seen);
    const difference = recalled.kind === 'mapped' ? null : compareTerm(record, paidTill);
    return [recalled, ...(difference === null ? [] : [tellProblem(serviceId, certificateId, difference)])];
  }
  if (!isPlaceholder(record)) {
    const answer = explainAnswer({ kind: 'claimed', owner }, serviceId);
    return [tellProblem(serviceId, certificateId, answer ?? '')];
  }
  return [...(seen.kind === 'known' ? [] : [seen]), await move(run, stored, target)];
}

async function move(
  run: ImportRun,
  stored: Parameters<typeof composeMoved>[1],
  { serviceId, certificateId, paidTill }: MapRow,
): Promise<Outcome> {
  const { record } = stored;
  const isBusy = record.errands.length > 0 || (record.operation !== null && record.operation.job !== 'order');
  const newcomer = composeMoved(run.work, stored, {
    owner: { module: run.work.account.module, serviceId },
    termEnd: paidTill === undefined ? null : Date.parse(paidTill),
    requestId: run.id,
    cause: `imported: certificate ${certificateId} of the map`,
  });
  const answer = isBusy
    ? { kind: 'stale' as const }
    : await run.work.inventory.move(record, newcomer, await findFailedOrder(run, serviceId));
  const refusal = explainAnswer(answer, serviceId);
  return refusal === null
    ? describeService('mapped', newcomer.record)
    : tellProblem(serviceId, certificateId, refusal);
}

/** Null when both mean the same. */
function compareTerm({ serviceId, termEnd }: CertificateRecord, paidTill: string | undefined): string | null {
  if (paidTill === undefined) return null;
  if (termEnd !== null && Math.abs(Date.parse(termEnd) - Date.parse(paidTill)) <= SAME_END_MS) return null;
  return `The map says that ${serviceId} is paid till ${paidTill}, our record ${termEnd === null ? 'has no such date yet' : `says ${termEnd}`}: nothing was changed. Correct the one that is wrong`;
}

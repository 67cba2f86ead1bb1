import type { CertificateInfo } from '../namecheap/api.js';
import { adoptReissue, describeRefusal } from './adopt.js';
import type { Chain } from './import-chains.js';
import { joinIds, tellProblem } from './import-heads.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { changeService } from './inbox.js';
import type { Stored } from './ports.js';
import type { CertificateRecord } from './record.js';
import { findObstacle } from './shelf.js';

const OBSTACLE = 'something else of this service waits for a person first, see certificate resolve.';

/**
 * A reissue that somebody made by hand is taken over where it fits, see {@link adoptReissue}. Else the record says what a
 * person must decide, and nothing is reissued by itself any more.
 * @param isDecided the map names this very certificate for the service: then it is taken over with its key
 * @throws StaleRecordError when somebody else changed the service meanwhile.
 */
export async function takeOver(
  run: ImportRun,
  stored: Stored,
  chain: Chain,
  head: CertificateInfo,
  isDecided: boolean,
): Promise<Outcome> {
  const { record } = stored;
  const { serviceId } = record;
  const { certificateId } = head;
  if (findObstacle(record) !== null)
    return await refuse(run, serviceId, certificateId, describeRefusal(record, head, OBSTACLE));
  const adoption = { ids: joinIds(chain, certificateId), importId: run.id, isDecided };
  const answer = await adoptReissue(run.work, stored, head, adoption);
  if (answer.kind === 'refused') return await refuse(run, serviceId, certificateId, answer.problem);
  const state = answer.record.operation === null ? 'issued' : 'pending-validation';
  return { kind: 'adopted', serviceId, certificateId, state };
}

async function refuse(
  run: ImportRun,
  serviceId: string,
  certificateId: number,
  problem: string,
): Promise<Outcome> {
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

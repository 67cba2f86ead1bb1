import { FailError, InputError, WaitError } from '../errors.js';
import { changeService, findErrand, isBegun, settleErrand, type Decide } from './inbox.js';
import type { OrderPayload } from './order-payload.js';
import type { CertificateStore, Stored } from './ports.js';
import { isUnfinished, RING_GRACE_MS, type CertificateRecord, type Operation } from './record.js';
import { guessReason, isUnderWay, judgeReissue, type ReissuePayload } from './reissue-request.js';
import { composeReissueId, isReissueId } from './reissue-id.js';
import {
  findRenewal,
  isSameTerm,
  judgeCorrection,
  judgeRenewal,
  type RenewPayload,
} from './renew-request.js';
import { beginOperation, findObstacle, isUnexplained, restoreShelved } from './shelf.js';
import { composeOperation, moveRecord } from './transitions.js';

/** How often a request looks whether its turn has come, ms: it costs no call. */
const BUSY_MS = 60_000;

/**
 * Puts a reissue in flight; joins the one that is under way when it asks for the same.
 * @param id of the errand: begun before, it changes nothing
 * @throws FailError, InputError when it can never be; WaitError ERR_BUSY while something else must end first.
 */
export async function beginReissue(
  certificates: CertificateStore,
  payload: ReissuePayload,
  id: string,
  now: number,
): Promise<CertificateRecord> {
  return await changeService(certificates, payload.serviceId, (stored) => {
    const { record } = stored;
    if (isBegun(record, 'reissue', id) || isOver(record, id)) return dropKnown(record, 'reissue', id);
    if (isUnderWay(stored, payload)) return join(record, 'reissue', id);
    const { draft, names, sansToBuy } = judgeReissue(stored, payload, now);
    if (sansToBuy > 0) demandExplained(record);
    return begin(stored, draft, now, {
      ...{ job: 'reissue', requestId: id, names, allowCharge: payload.allowCharge },
      reason: payload.reason ?? guessReason(payload),
    });
  });
}

/** The scan's reissue of an End date that is not the present one any more: it was done, or somebody else's came first. */
function isOver({ endDate }: CertificateRecord, id: string): boolean {
  return isReissueId(id) && id !== composeReissueId(endDate ?? '');
}

/** @throws FailError while names may have been bought already: they must not be bought again before a person found out. */
function demandExplained(record: CertificateRecord): void {
  const isOpen = isUnexplained(record.purchase) || isUnexplained(record.shelved?.purchase ?? null);
  if (!isOpen) return;
  throw new FailError(
    record.problem ??
      record.shelved?.problem ??
      `A purchase of names for ${record.serviceId} is not explained yet`,
    'ERR_PARKED',
  );
}

/**
 * Puts a renewal in flight, once per paid term: one that is under way, or done, answers the request. One that was bought
 * and whose activation was refused goes on with the corrected request.
 * @throws as {@link beginReissue}.
 */
export async function beginRenewal(
  certificates: CertificateStore,
  payload: RenewPayload,
  id: string,
  now: number,
): Promise<CertificateRecord> {
  return await changeService(certificates, payload.serviceId, (found) => {
    if (isBegun(found.record, 'renew', id) || findRenewal(found.record, id, payload.paidTill) !== null)
      return dropKnown(found.record, 'renew', id);
    const stored = takeFromShelf(found, payload, now);
    const { record } = stored;
    const { operation } = record;
    if (operation?.job === 'renew' && isSameTerm(operation.extends, payload.paidTill)) {
      if (isUnfinished(operation.state)) return join(record, 'renew', id);
      if (operation.state === 'parked')
        throw new FailError(record.problem ?? `The renewal of ${record.serviceId} is parked`, 'ERR_PARKED');
      if (operation.certificateId !== null) return correct(stored, payload, id, operation, now);
    }
    const judged = judgeRenewal(stored, payload, now);
    return begin(stored, judged.draft, now, {
      ...{ job: 'renew', requestId: id, names: judged.names },
      ...{ years: payload.years, extends: judged.extends },
    });
  });
}

function dropKnown(record: CertificateRecord, job: string, id: string): ReturnType<Decide> {
  if (findErrand(record, job, id) === undefined) return null;
  return { after: { ...record, ...settleErrand(record, job, id) }, change: { cause: 'asked for before' } };
}

function join(record: CertificateRecord, job: string, id: string): ReturnType<Decide> {
  const cause = `joined the ${record.operation?.job ?? 'work'} that is under way`;
  return { after: { ...record, ...settleErrand(record, job, id) }, change: { cause } };
}

type Beginning = Pick<Operation, 'job'> & Partial<Operation> & { requestId: string };

function begin(
  stored: Stored,
  draft: OrderPayload | null,
  now: number,
  { job, ...changes }: Beginning,
): ReturnType<Decide> {
  const { record } = stored;
  demandTurn(record);
  const operation = composeOperation(job, 'accepted', now, changes);
  const errand = findErrand(record, job, changes.requestId);
  const settled = { ...record, ...settleErrand(record, job, changes.requestId) };
  const begun = beginOperation({ ...stored, record: settled }, operation, now);
  const after = { ...begun, lostTries: errand?.lostTries ?? 0 };
  return { after, change: { cause: `${job} begun${changes.reason ? ` (${changes.reason})` : ''}`, draft } };
}

/** @throws WaitError ERR_BUSY, or FailError when two things need a person already. */
function demandTurn(record: CertificateRecord): void {
  const obstacle = findObstacle(record);
  if (obstacle === null) return;
  const { job, state } = obstacle.operation;
  if (obstacle.kind === 'busy')
    throw new WaitError(`A ${job} of ${record.serviceId} is ${state}; this follows`, BUSY_MS, 'ERR_BUSY');
  throw new FailError(
    `Two operations of ${record.serviceId} need a person: settle them with certificate resolve ${record.serviceId} first (--retry, or --release to drop the ${job} in front)`,
    'ERR_PARKED',
  );
}

/** A renewal that a reissue was let past comes back to be corrected, unless the reissue goes on by itself. */
function takeFromShelf(stored: Stored, payload: RenewPayload, now: number): Stored {
  const { record } = stored;
  const { shelved, operation } = record;
  // One that is in front is the younger, and what is put aside must not take its place.
  if (operation?.job === 'renew') return stored;
  if (shelved?.operation.job !== 'renew' || !isSameTerm(shelved.operation.extends, payload.paidTill))
    return stored;
  if (operation !== null && isUnfinished(operation.state)) demandTurn(record);
  const { after, draft } = restoreShelved({ ...record, operation: null }, stored.request, now);
  return { ...stored, record: after, draft };
}

/** The term is bought; only what the CA refused is replaced. */
function correct(
  stored: Stored,
  payload: RenewPayload,
  id: string,
  operation: Operation,
  now: number,
): ReturnType<Decide> {
  const { record, request, draft } = stored;
  if (payload.years !== operation.years)
    throw new InputError(
      [
        `years: ${operation.years ?? 0} were bought for this renewal; give the same to correct its csr or dcv`,
      ],
      `The renewal of service ${record.serviceId}`,
    );
  const judged = judgeCorrection({ record, request: draft ?? request }, payload);
  const changes = {
    ...{ attempts: 0, activationBegunAt: null, problem: null, nextActionAt: now + RING_GRACE_MS },
    ...settleErrand(record, 'renew', id),
    operation: { ...operation, requestId: id, names: judged.names },
  };
  const after = moveRecord(record, 'purchased', now, changes);
  return { after, change: { cause: 'corrected after a refused activation', draft: judged.draft } };
}

import { WaitError } from '../errors.js';
import { changeService, isBegun, settleErrand, type Decide } from './inbox.js';
import { isClosing, type ClosePayload } from './close-request.js';
import { planNextReissue } from './plan-reissue.js';
import type { AccountWork, Stored } from './ports.js';
import {
  isFollowUp,
  readStage,
  type CertificateRecord,
  type Errand,
  type Flight,
  type Status,
} from './record.js';
import { restoreShelved, shelve } from './shelf.js';
import { composeOperation, moveStatus } from './transitions.js';

/** How often a close looks whether what is under way was settled, ms: it costs no call. */
const BUSY_MS = 10_000;

/** Work that a closed service does not take; a revocation it does. */
const ENDED_JOBS = ['renew', 'reissue', 'dcv', 'close'];

type Closing = Pick<AccountWork, 'certificates' | 'settings' | 'now'>;

/**
 * Ends a service, or brings it back: no call. Closed, nothing is reissued, renewed or followed any more; what was bought
 * and not activated stays the service's.
 * @throws WaitError ERR_BUSY until a purchase or submission that is under way was settled.
 */
export async function closeService(
  { certificates, settings, now }: Closing,
  payload: ClosePayload,
  id: string,
): Promise<CertificateRecord> {
  return await changeService(certificates, payload.serviceId, (stored) => {
    const { record } = stored;
    if (isBegun(record, 'close', id)) return null;
    const settled = { ...record, ...settleErrand(record, 'close', id) };
    const isClosed = record.status === 'closed';
    if (!payload.open) return isClosed ? leave(settled) : end({ ...stored, record: settled });
    // The later wish counts: one to close that waits still is dropped.
    const opened = { ...settled, errands: settled.errands.filter((errand) => !isClosing(errand)) };
    return isClosed ? reopen({ ...stored, record: opened }, settings, now()) : leave(opened);
  });
}

function leave(after: CertificateRecord): ReturnType<Decide> {
  return { after, change: { cause: after.status === 'closed' ? 'closed before' : 'open already' } };
}

function end({ record, request, draft }: Stored): ReturnType<Decide> {
  demandSettled(record);
  const flight = keepFlight({ record, request, draft });
  const errands = record.errands.filter(({ job }: Errand) => !ENDED_JOBS.includes(job));
  const problem = describeUnused(record);
  const after = moveStatus(record, 'closed', {
    ...{
      operation: null,
      shelved: flight === null ? record.shelved : { ...flight, under: record.shelved },
      errands,
      problem,
    },
    ...{ closedFrom: record.status, nextReissueAt: null, nextActionAt: null },
  });
  const cause =
    problem ?? (flight === null ? 'closed' : `closed; its ${flight.operation.job} is not followed any more`);
  return { after, change: { cause, event: 'certificate.closed', draft: null } };
}

/** @throws WaitError while money or a CSR may be on its way. */
function demandSettled(record: CertificateRecord): void {
  const stage = readStage(record);
  const isBuying = stage === 'purchasing' || stage === 'purchase-unclear';
  const isSubmitting = ['accepted', 'purchased'].includes(stage) && record.activationBegunAt !== null;
  if (!isBuying && !isSubmitting) return;
  const what = isBuying ? `its ${record.operation?.job ?? 'order'} is ${stage}` : 'a CSR is being submitted';
  throw new WaitError(`${record.serviceId} is closed once ${what} no more`, BUSY_MS, 'ERR_BUSY');
}

/** A renewal or reissue with a certificate or money in it comes back when the service is reopened; an order's own fields stay where they are. */
function keepFlight(stored: Omit<Stored, 'pem'>): Flight | null {
  const { record } = stored;
  const { operation, purchase } = record;
  if (operation === null || !isFollowUp(record)) return null;
  return operation.certificateId === null && purchase === null ? null : shelve(stored);
}

/** What is paid for and not used, for a person to know. */
function describeUnused(record: CertificateRecord): string | null {
  const bought = [record, record.shelved].filter(
    (one) => one?.operation != null && one.operation.state !== 'pending-validation',
  );
  const ids = bought.flatMap((one) => {
    const id =
      one?.operation?.job === 'order' ? record.certificateId : (one?.operation?.certificateId ?? null);
    return id === null || one?.operation?.job === 'reissue' ? [] : [id];
  });
  if (record.status === 'failed' && record.certificateId !== null) ids.push(record.certificateId);
  if (ids.length === 0) return null;
  return `Certificate ${ids.join(', ')} was bought and not activated; it stays this service's. Reopen it with a close job and "open": true to use it, or ask Namecheap for a refund.`;
}

function reopen({ record, request }: Stored, settings: Closing['settings'], now: number): ReturnType<Decide> {
  const status = decideStatus(record, now);
  const plan = planNextReissue(record, request, settings);
  const opened = moveStatus(record, status, {
    ...{ closedFrom: null, ...plan, problem: explainReopened(record, status) ?? plan.automationStopped },
    announced: forgetAlarms(record),
    ...(status === 'pending-validation'
      ? {
          operation: composeOperation('order', status, now, { acceptedAt: record.acceptedAt }),
          nextActionAt: now,
        }
      : {}),
  });
  const { after, draft } = restoreShelved(opened, request, now);
  return { after, change: { cause: 'reopened', draft } };
}

/** As before; what could have ended meanwhile by its End date. An order that was not bought or not activated is to be ordered again. */
function decideStatus({ closedFrom, endDate }: CertificateRecord, now: number): Status {
  switch (closedFrom) {
    case 'issued':
    case 'expired':
      return endDate !== null && Date.parse(endDate) > now ? 'issued' : 'expired';
    case 'accepted':
    case 'purchased':
    case null:
      return 'failed';
    default:
      return closedFrom;
  }
}

function explainReopened(
  { closedFrom, certificateId, problem }: CertificateRecord,
  status: Status,
): string | null {
  if (status === 'parked') return problem;
  if (status !== 'failed') return null;
  if (closedFrom === 'failed' && certificateId === null) return problem;
  return certificateId === null
    ? 'It was closed before anything was bought: order it again.'
    : `Certificate ${certificateId} was bought and not activated: order the same serviceId, type and years again to use it.`;
}

/** A reissue that closing ended is begun again, and what is wrong then is told again. */
function forgetAlarms({ announced }: CertificateRecord): CertificateRecord['announced'] {
  const kept = { ...announced };
  delete kept.reissue;
  delete kept.emergency;
  delete kept.gap;
  return kept;
}

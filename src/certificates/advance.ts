import { FailError, InputError, WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import { submitCsr } from './activation.js';
import { demandAllowance, isFree } from './allowance.js';
import { delayAfter } from './backoff.js';
import { brake } from './brake.js';
import { CutOffError } from './cut-off.js';
import { StaleRecordError } from './errors.js';
import { demandNotClosing, refuseClosed } from './close-request.js';
import { checkOrder, type CheckedOrder, type OrderPayload } from './order-payload.js';
import type { AccountWork, Stored, Work } from './ports.js';
import { makePurchase } from './purchase.js';
import { isUnfinished, readStage, RING_GRACE_MS, type CertificateRecord } from './record.js';
import { moveRecord } from './transitions.js';
import { resolvePurchase } from './resolve.js';
import { saveWait } from './wait.js';

/** Enough for accepted → unclear → accepted → purchased → pending with reloads between; more means a loop. */
const MAX_TURNS = 12;

/** How soon to look again when another worker holds the record, ms. */
const LEASED_MS = 1500;

/** Between two looks at a module that points elsewhere, ms. */
const OTHER_ACCOUNT_MS = 60_000;

/**
 * Takes what is in flight (an order, a renewal, a reissue) as far as it goes without waiting: look → act → save, until Namecheap has the CSR. Each turn starts
 * from the stored record, so it does not matter who left it where.
 * @returns the record, whose stage is no longer `accepted`, `purchasing`, `purchase-unclear` or `purchased`.
 * @throws WaitError to be run again later; FailError when it failed or is parked.
 */
export async function advanceOperation(
  accountWork: AccountWork,
  serviceId: string,
): Promise<CertificateRecord> {
  const { certificates, settings, lease: token } = accountWork;
  const known = await certificates.load(serviceId);
  if (known === null) throw new StaleRecordError(serviceId, 'missing');
  if (!isJobOpen(known.record)) return finish(known.record);
  if (known.record.account !== accountWork.account.id)
    throw await refuseOtherAccount(accountWork, known.record);
  const lease = await certificates.lease(serviceId, token, settings.leaseMs);
  if (!lease.isHeld) {
    throw new WaitError(`Another worker works on ${serviceId}`, Math.min(LEASED_MS, lease.remainingMs + 1));
  }
  const keepLease = async () => {
    const kept = await certificates.lease(serviceId, token, settings.leaseMs);
    if (!kept.isHeld) throw new StaleRecordError(serviceId, 'lease');
  };
  const work: Work = { ...accountWork, keepLease };
  await certificates.postpone(serviceId, work.now() + settings.leaseMs + RING_GRACE_MS);
  try {
    return await takeTurns(work, serviceId);
  } catch (error) {
    const end = error instanceof NamecheapError ? await settleReadFailure(work, serviceId, error) : error;
    throw end instanceof WaitError ? await wait(work, serviceId, end) : end;
  } finally {
    // A lost release costs time only: the lease runs out by itself.
    await certificates.release(serviceId, token).catch(() => undefined);
  }
}

/** Lanes, claims and quota belong to the account the order was accepted for: another one must not be charged for it. */
async function refuseOtherAccount(work: AccountWork, record: CertificateRecord): Promise<Error> {
  const problem = `The module "${record.module}" now points to another Namecheap account than when ${record.serviceId} was ordered: point it back, nothing is done until then.`;
  return await saveWait(work, record, problem, OTHER_ACCOUNT_MS);
}

/** The steps that an operation's job takes; what follows is collected. */
function isJobOpen(record: CertificateRecord): boolean {
  const stage = readStage(record);
  return isUnfinished(stage) && stage !== 'pending-validation';
}

/** A look at Namecheap that failed decides nothing about what is in flight: it is noted and repeated later. */
async function settleReadFailure(work: Work, serviceId: string, error: NamecheapError): Promise<Error> {
  if (work.signal.aborted && error.kind === 'read') return new CutOffError();
  const stored = await work.certificates.load(serviceId);
  // A charged or submitted call that failed has been settled where it was made.
  if (stored === null || error.kind !== 'read') return error;
  const { record } = stored;
  const delayMs = delayAfter(error, record.attempts, work.random());
  const after = {
    ...record,
    attempts: record.attempts + 1,
    problem: error.message,
    nextActionAt: work.now() + delayMs + RING_GRACE_MS,
  };
  await work.certificates.save({
    before: record,
    after,
    change: { cause: error.message, lease: work.lease },
  });
  return await brake(work, error, delayMs);
}

/** What the job is told when the order waits; the reason is saved where it matters. */
async function wait(work: Work, serviceId: string, end: WaitError): Promise<Error> {
  const stored = await work.certificates.load(serviceId);
  if (stored === null || !isJobOpen(stored.record)) return end;
  return await saveWait(
    work,
    stored.record,
    stored.record.problem ?? end.message,
    end.delayMs ?? 0,
    work.lease,
  );
}

async function takeTurns(work: Work, serviceId: string): Promise<CertificateRecord> {
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const stored = await work.certificates.load(serviceId);
    if (stored === null) throw new StaleRecordError(serviceId, 'missing');
    try {
      const next = await takeStep(work, stored);
      if (next === null) return finish(stored.record);
    } catch (error) {
      if (!(error instanceof StaleRecordError)) throw error;
      // Whoever loses looks again; a lost lease means that somebody else goes on.
      const lease = await work.certificates.lease(serviceId, work.lease, work.settings.leaseMs);
      if (!lease.isHeld) throw new WaitError(`Another worker took over ${serviceId}`, LEASED_MS);
    }
  }
  throw new WaitError(`${serviceId} did not settle within ${MAX_TURNS} steps`, LEASED_MS);
}

/** One step, or null when there is nothing to do before validation. */
async function takeStep(work: Work, { record, request, draft }: Stored): Promise<CertificateRecord | null> {
  await work.keepLease();
  demandNotClosing(record);
  switch (readStage(record)) {
    case 'accepted':
      return await withOrder(work, record, draft ?? request, async (order) =>
        isFree(record, order)
          ? await submitCsr(work, record, order)
          : await makePurchase(work, await demandAllowance(work, record, order), order),
      );
    case 'purchasing':
      return await suspectPurchase(work, record);
    case 'purchase-unclear':
      if (record.purchase === null) throw new Error(`${record.serviceId} is unclear without a purchase`);
      return await resolvePurchase(work, record, record.purchase);
    case 'purchased':
      return await withOrder(work, record, draft ?? request, (order) => submitCsr(work, record, order));
    default:
      return null;
  }
}

/** A stored order that a newer version's rules refuse ends as failed, with the reason, instead of being tried for ever; what was bought stays the service's. */
async function withOrder(
  work: Work,
  record: CertificateRecord,
  request: OrderPayload,
  act: (order: CheckedOrder) => Promise<CertificateRecord>,
): Promise<CertificateRecord> {
  let order: CheckedOrder;
  try {
    order = checkOrder(request);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const after = moveRecord(record, 'failed', work.now(), { problem: error.message, nextActionAt: null });
    const change = { cause: error.message, event: 'certificate.failed' as const, lease: work.lease };
    await work.certificates.save({ before: record, after, change });
    throw error;
  }
  return await act(order);
}

/** An intent that nobody answers for: its worker died, before or after the call. Only reading can tell. */
async function suspectPurchase(work: Work, record: CertificateRecord): Promise<CertificateRecord> {
  const problem =
    'A worker stopped between the intent to buy and its outcome. It is being looked up at Namecheap; nothing is bought again before that.';
  const after = moveRecord(record, 'purchase-unclear', work.now(), {
    problem,
    nextActionAt: work.now() + RING_GRACE_MS,
  });
  return await work.certificates.save({
    before: record,
    after,
    change: { cause: problem, lease: work.lease },
  });
}

/** What a repeated job is answered with once nothing is left to do. */
function finish(record: CertificateRecord): CertificateRecord {
  const what = record.operation?.job ?? 'order';
  const stage = readStage(record);
  if (stage === 'closed') throw refuseClosed(record.serviceId);
  if (stage === 'parked') throw new FailError(record.problem ?? `The ${what} is parked`, 'ERR_PARKED');
  if (stage === 'failed')
    throw new FailError(record.problem ?? `The ${what} failed`, `ERR_${what.toUpperCase()}_FAILED`);
  return record;
}

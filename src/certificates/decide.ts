import { InputError, WaitError } from '../errors.js';
import { dropFollowUp, failOrder, moveNotMade, moveRetry } from './decide-moves.js';
import { composeStep, demandDone, type Case, type Deciding, type Settle } from './decide-step.js';
import { adoptCertificate, releaseCertificate } from './decide-seen.js';
import { describeSubject, judgeDecision, type Decision } from './decision.js';
import type { Books, DecisionStore } from './decision-ports.js';
import { StaleRecordError } from './errors.js';
import { isBegun, requireService, settleErrand } from './inbox.js';
import type { CertificateStore, Step } from './ports.js';
import { readPurchaseKey } from './purchase-plan.js';
import { isFollowUp, type CertificateRecord } from './record.js';

/** Others may change the service meanwhile: whoever loses looks again, so often. */
const TRIES = 8;

type Reading = { certificates: CertificateStore; decisions: DecisionStore };

/** @throws FailError when the service is not known; WaitError when others change it again and again. */
export async function readCase({ certificates, decisions }: Reading, serviceId: string): Promise<Case> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const stored = await requireService(certificates, serviceId);
    const { record, request, draft } = stored;
    const key = readPurchaseKey(record, draft ?? request);
    const books: Books = key === null ? { kind: 'none' } : await decisions.readBooks(record.account, key);
    const again = await requireService(certificates, serviceId);
    if (again.record.version === record.version) return { ...stored, key, books };
  }
  throw new WaitError(`${serviceId} is being changed by others; it is tried again`, 1000);
}

/**
 * Carries out a person's decision, once: looks, judges, and commits record and books in one step; whoever was faster is
 * looked at again.
 * @param id of the errand; done before, it changes nothing
 * @param about what the decision is about; something else by now refuses it
 * @throws InputError when it does not fit what is stored; FailError when what Namecheap shows forbids it.
 */
export async function carryOutDecision(
  work: Deciding,
  serviceId: string,
  { id, decision, about }: { id: string; decision: Decision; about: string },
): Promise<CertificateRecord> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const found = await readCase(work, serviceId);
    if (isBegun(found.record, 'resolve', id)) return found.record;
    demandSubject(found.record, about);
    judgeDecision(found, decision);
    try {
      const settled = settleErrand(found.record, 'resolve', id);
      return await decide(work, found, decision, (record) => ({ ...record, ...settled }));
    } catch (error) {
      if (!(error instanceof StaleRecordError)) throw error;
    }
  }
  throw new WaitError(`${serviceId} is being changed by others; it is tried again`, 1000);
}

/** @throws InputError when something else is in flight than what the person looked at. */
export function demandSubject(record: CertificateRecord, about: string): void {
  if (describeSubject(record) === about) return;
  throw new InputError(
    [
      `${record.serviceId} has changed since this was decided: look at certificate show ${record.serviceId} and decide again`,
    ],
    `The decision on ${record.serviceId}`,
  );
}

async function decide(
  work: Deciding,
  found: Case,
  decision: Decision,
  settle: Settle,
): Promise<CertificateRecord> {
  const { record, key } = found;
  if (decision === 'retry') {
    const move = moveRetry(found, work.settings, work.now());
    return await work.certificates.save(composeStep(record, move, settle));
  }
  if (decision === 'not-made') {
    const step = composeStep(record, moveNotMade(record, work.now()), settle);
    return await settleNotMade(work, step, key);
  }
  if (decision === 'release') return await release(work, found, settle);
  return await adoptCertificate(work, found, decision.adopt, settle);
}

async function settleNotMade(work: Deciding, step: Step, key: string | null): Promise<CertificateRecord> {
  if (key === null) return await work.certificates.save(step);
  return demandDone(step.before.serviceId, await work.decisions.settleNotMade(step, key));
}

async function release(work: Deciding, found: Case, settle: Settle): Promise<CertificateRecord> {
  const { record, books, key } = found;
  if (!isFollowUp(record) && record.certificateId !== null)
    return await releaseCertificate(work, found, record.certificateId, settle);
  const step = isFollowUp(record)
    ? composeStep(record, dropFollowUp(found, work.now()), settle)
    : composeStep(
        record,
        failOrder(record, work.now(), ' without a certificate'),
        settle,
        'certificate.failed',
      );
  // What was bought stays bought: the key of a renewal that has its certificate must not buy again.
  return await settleNotMade(work, step, books.kind === 'made' ? null : key);
}

import { FailError } from '../errors.js';
import type { CertificateInfo, ValidationInstruction } from '../namecheap/api.js';
import { describeAccepted, hasOurCsr, saveRecovered } from './activation-lookup.js';
import { adviseRetry } from './advice.js';
import type { CheckedOrder } from './order-payload.js';
import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import type { CertificateRecord } from './record.js';
import { moveRecord } from './transitions.js';
import { isTrouble } from './namecheap-status.js';
import { describeTrouble } from './trouble.js';
import { saveWait } from './wait.js';

interface ChainOptions {
  withCertificate?: boolean;
  report?: (seen: CertificateInfo) => void;
}

/** Longer chains than this are a loop, or not ours. */
const LONGEST_CHAIN = 100;

/** A replaced certificate that does not tell by which is asked again at least and at most this much later, ms. */
const NOT_TOLD_MS = { soonest: 60_000, latest: 4 * 3_600_000 };

/** One that has not told for so long goes to a person, ms: each look is a call. */
const NOT_TOLD_ALLOWED_MS = 24 * 3_600_000;

/**
 * The CA works on the new certificate: it joins the service's chain, claimed like the others. The one in force stays so
 * until the new one is issued and verified.
 */
export async function saveReissued(
  work: Work,
  record: CertificateRecord,
  newId: number,
  validation: ValidationInstruction[],
  cause: string,
): Promise<CertificateRecord> {
  const { operation, certificateIds } = record;
  const after = moveRecord(record, 'pending-validation', work.now(), {
    ...describeAccepted(work, validation),
    operation: operation && { ...operation, certificateId: newId },
    certificateIds: [...new Set([...certificateIds, newId])],
  });
  const change = { cause: `${cause}; certificate ${newId} follows`, event: 'certificate.activated' as const };
  const answer = await work.purchases.saveClaimed({ before: record, after, change }, newId);
  if (answer.kind === 'made') return answer.record;
  const owner = answer.kind === 'claimed' ? answer.owner : 'another one';
  throw await parkRecord(
    work,
    record,
    `Namecheap named certificate ${newId} as the reissue of ${String(record.certificateId)}, which service ${owner} owns already. Compare both at Namecheap. ${adviseRetry(record)}`,
  );
}

/**
 * Whether an unanswered reissue happened. The same CSR on the old certificate proves nothing: only that it is `replaced`
 * or names its successor does. Null: it did not, it may be made again (Namecheap itself refuses a second one).
 * @throws FailError when it was parked: somebody reissued it by hand with another key, or it needs support.
 */
export async function lookUpReissue(
  work: Work,
  record: CertificateRecord,
  certificateId: number,
  order: CheckedOrder,
): Promise<CertificateRecord | null> {
  await work.report('looking up what became of an unanswered reissue');
  const old = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  if (old.replacedBy === null) {
    if (old.status === 'replaced') throw await awaitSuccessor(work, record, certificateId);
    if (isTrouble(old.status))
      throw await parkRecord(work, record, describeTrouble(record, certificateId, old.status));
    return null;
  }
  const newest = await followChain(work, old.replacedBy);
  if (isTrouble(newest.status))
    throw await parkRecord(work, record, describeTrouble(record, newest.certificateId, newest.status));
  if (!hasOurCsr(newest, order)) {
    const problem =
      `Certificate ${certificateId} was reissued as ${newest.certificateId} with another CSR than ours. Find out who did it, ` +
      `then bring the new certificate in with certificate import --map, and drop this reissue with certificate resolve ${record.serviceId} --release.`;
    throw await parkRecord(work, record, problem);
  }
  const { certificateId: newId } = newest;
  if (newest.status === 'active')
    return await saveReissued(work, record, newId, [], 'the unanswered reissue had been accepted');
  return await saveRecovered(work, newId, order, (validation, cause) =>
    saveReissued(work, record, newId, validation, cause),
  );
}

/** Asked for less and less, since the reissue was submitted or a person had it tried again. */
async function awaitSuccessor(work: Work, record: CertificateRecord, certificateId: number): Promise<Error> {
  const { activationBegunAt, operation, acceptedAt } = record;
  const times = [activationBegunAt, operation?.acceptedAt].map((time) => Date.parse(time ?? acceptedAt));
  const age = work.now() - Math.max(...times);
  const what = `Certificate ${certificateId} is replaced, and Namecheap does not tell by which one`;
  if (age >= NOT_TOLD_ALLOWED_MS) {
    const remedy = `Ask their support which certificate replaced ${certificateId}. ${adviseRetry(record)}`;
    return await parkRecord(work, record, `${what}. ${remedy}`);
  }
  const delayMs = Math.max(NOT_TOLD_MS.soonest, Math.min(age, NOT_TOLD_MS.latest));
  return await saveWait(work, record, `${what} yet; it is asked again.`, delayMs, work.lease);
}

/**
 * The last certificate of a chain of reissues; one call for each.
 * @param report is told each, with its PEM if `withCertificate`
 * @throws FailError when it does not end.
 */
export async function followChain(
  work: Pick<Work, 'account' | 'signal'>,
  first: number,
  { withCertificate = false, report = () => undefined }: ChainOptions = {},
): Promise<CertificateInfo> {
  return await walkChain(async (certificateId) => {
    const input = { certificateId, withCertificate };
    const seen = await work.account.api.getInfo(input, { signal: work.signal });
    report(seen);
    return seen;
  }, first);
}

/** As {@link followChain}, with a way to read of the caller's. */
export async function walkChain(
  read: (certificateId: number) => Promise<CertificateInfo>,
  first: number,
): Promise<CertificateInfo> {
  let id = first;
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    const seen = await read(id);
    if (seen.replacedBy === null || seen.replacedBy === id) return seen;
    id = seen.replacedBy;
  }
  throw new FailError(
    `The chain of reissues from certificate ${first} does not end after ${LONGEST_CHAIN}: look at it in the account at Namecheap`,
    'ERR_ENDLESS_CHAIN',
  );
}

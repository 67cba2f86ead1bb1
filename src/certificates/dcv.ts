import { findProduct } from '../../config/products.js';
import { WaitError } from '../errors.js';
import type { DcvChoice, EditDcvResult } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import { toCanonicalJson } from './canonical-json.js';
import {
  planValidation,
  readBase,
  withChoices,
  type DcvPayload,
  type ValidationPlan,
} from './dcv-request.js';
import { describeChoices, describeGaps, mergeInstructions, readMails } from './dcv-instructions.js';
import { settleErrandFailure } from './errand-failure.js';
import { changeService, isBegun, settleErrand } from './inbox.js';
import { withLease } from './lease.js';
import type { AccountWork, CertificateStore, Stored, Work } from './ports.js';
import { isFollowUp, readFlightId, type CertificateRecord } from './record.js';

/** How soon a change is tried again when the certificate moved on while it was made, ms. */
const MOVED_MS = 1000;

/**
 * What a `dcv` job did: `changed` the method, `retried` the same one, `resent` the mails; `next-reissue`: chosen for that
 * one; `left-pending`: Namecheap does not wait for validation any more, so it is looked at; `before`: this request was done earlier.
 */
export const APPLIED = ['changed', 'retried', 'resent', 'next-reissue', 'left-pending', 'before'] as const;
export type Applied = (typeof APPLIED)[number];

export interface DcvOutcome {
  record: CertificateRecord;
  applied: Applied;
  /** Names whose method Namecheap did not set: the former one stays. */
  missed: string[];
}

/**
 * Settles what needs no call: a request that was done before, and the choice for the next reissue while nothing is being validated.
 * @returns null when a validation is under way.
 * @throws as {@link planValidation}.
 */
export async function rememberChoice(
  certificates: CertificateStore,
  payload: DcvPayload,
  id: string,
): Promise<DcvOutcome | null> {
  const end: { applied: Applied | null } = { applied: null };
  const record = await changeService(certificates, payload.serviceId, (stored) => {
    end.applied = isBegun(stored.record, 'dcv', id) ? 'before' : null;
    if (end.applied !== null) return null;
    const plan = planValidation(stored, payload);
    if (plan.when === 'now') return null;
    end.applied = 'next-reissue';
    const after = { ...stored.record, ...settleErrand(stored.record, 'dcv', id) };
    const request = withChoices(stored.request, plan.choices);
    const cause = `validation of the next reissue: ${describeChoices(plan.choices)}`;
    return { after, change: { cause, request } };
  });
  const { applied } = end;
  return applied === null ? null : { record, applied, missed: [] };
}

/**
 * Changes how the names of the certificate in flight are validated, or tries the same once more: one call, `ssl.editDCVMethod`, or
 * `ssl.resendApproverEmail` when all names are validated by mail and nothing changes. Both are idempotent: one that was
 * not answered is repeated.
 * @throws WaitError to be tried again; InputError, FailError, NamecheapError when it is refused: nothing was changed then.
 */
export async function changeValidation(
  accountWork: AccountWork,
  payload: DcvPayload,
  id: string,
): Promise<DcvOutcome> {
  return await withLease(accountWork, payload.serviceId, async (work, stored) => {
    if (isBegun(stored.record, 'dcv', id)) return { record: stored.record, applied: 'before', missed: [] };
    const plan = planValidation(stored, payload);
    if (plan.when === 'later') throw new WaitError(`${payload.serviceId} was issued meanwhile`, MOVED_MS);
    try {
      return await apply(work, stored, plan, id);
    } catch (error) {
      const isState = error instanceof NamecheapError && error.errorClass === 'state';
      const moved = isState ? await lookAgain(work, stored, id, error) : null;
      if (moved !== null) return moved;
      throw await settleErrandFailure(work, stored.record, 'dcv', id, error);
    }
  });
}

async function apply(work: Work, stored: Stored, plan: ValidationPlan, id: string): Promise<DcvOutcome> {
  const { record } = stored;
  const certificateId = readFlightId(record);
  if (certificateId === null) throw new Error(`${record.serviceId} is pending without a certificate id`);
  const { choices, former, isSame } = plan;
  if (isSame && choices.every(({ method }) => method === 'email')) {
    await work.account.api.resendApproverEmail({ certificateId }, { signal: work.signal });
    return await saveValidation(work, stored, id, {
      ...plan,
      applied: 'resent',
      validation: readMails(choices),
      missed: [],
    });
  }
  const product = findProduct(record.type ?? record.requestedType);
  // All names, also those that stay: Namecheap refuses a list that does not match the activation (2011767).
  const input = { certificateId, dcv: choices, isMultiDomain: product?.coverage === 'multi' };
  const { validation, missed } = await work.account.api.editDcvMethod(input, { signal: work.signal });
  const isMissed = ({ domain }: DcvChoice) => missed.some((name) => name.toLowerCase() === domain);
  const kept = choices.map((choice, place) => (isMissed(choice) ? (former[place] ?? choice) : choice));
  const applied = isSame ? 'retried' : 'changed';
  return await saveValidation(work, stored, id, { choices: kept, applied, validation, missed });
}

interface Made extends EditDcvResult {
  choices: DcvChoice[];
  applied: Applied;
}

async function saveValidation(
  work: Work,
  stored: Stored,
  id: string,
  { choices, applied, missed, validation: told }: Made,
): Promise<DcvOutcome> {
  const { record } = stored;
  const validation = mergeInstructions(choices, told, record.validation);
  const hasNews = applied === 'changed' || toCanonicalJson(validation) !== toCanonicalJson(record.validation);
  const after = {
    ...record,
    ...settleErrand(record, 'dcv', id),
    validation,
    problem: describeGaps(choices, validation, missed),
    // The CA looks again now: so do we, soon.
    nextActionAt: work.now() + work.settings.collectEveryMs,
  };
  const request = withChoices(readBase(stored), choices);
  const change = {
    cause: `validation ${applied}: ${describeChoices(choices)}${missed.length > 0 ? `; not set for ${missed.join(', ')}` : ''}`,
    ...(hasNews ? { event: 'certificate.activated' as const } : {}),
    ...(isFollowUp(record) ? { draft: request } : { request }),
    lease: work.lease,
  };
  return { record: await work.certificates.save({ before: record, after, change }), applied, missed };
}

/** Refused for its state: validated meanwhile, or in trouble. The collector tells which, now. Null: it waits still, so this is tried again. */
async function lookAgain(
  work: Work,
  stored: Stored,
  id: string,
  refusal: NamecheapError,
): Promise<DcvOutcome | null> {
  const { record } = stored;
  const certificateId = readFlightId(record) ?? 0;
  const { status } = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
  if (status === 'purchased') return null;
  const after = { ...record, ...settleErrand(record, 'dcv', id), nextActionAt: work.now() };
  const cause = `validation not changed: certificate ${certificateId} is ${status} (${refusal.message})`;
  const saved = await work.certificates.save({ before: record, after, change: { cause, lease: work.lease } });
  return { record: saved, applied: 'left-pending', missed: [] };
}

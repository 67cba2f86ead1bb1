import { FailError, PmnamecheapError, WaitError } from '../errors.js';
import { StaleRecordError } from './errors.js';
import type { CertificateStore, Change, Stored } from './ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Errand } from './record.js';

/** Several producers and workers may change a service at the same moment: whoever loses looks again, so often. */
const TRIES = 8;

/** More than this many things wait for one service only when something rings in a loop. */
const MOST_ERRANDS = 20;

/** So many ids are remembered: a job that runs again is known long after its work was done. */
const IDS_KEPT = 40;

type Errands = Pick<CertificateRecord, 'errands' | 'doneErrands'>;

/**
 * An errand among those of its service: the kind of job belongs to it, for ids of jobs are counted per queue. No id that
 * a caller gives has the slash.
 */
export function nameErrand(job: string, id: string): string {
  return `${job}/${id}`;
}

/** The record's errands once this one was begun or refused. */
export function settleErrand({ errands, doneErrands }: Errands, job: string, id: string): Errands {
  const name = nameErrand(job, id);
  return {
    errands: errands.filter((errand) => nameErrand(errand.job, errand.id) !== name),
    doneErrands: [...doneErrands.filter((done) => done !== name), name].slice(-IDS_KEPT),
  };
}

/** The errand that waits to be begun; undefined when none does. */
export function findErrand(
  { errands }: Pick<Errands, 'errands'>,
  job: string,
  id: string,
): Errand | undefined {
  return errands.find((errand) => errand.job === job && errand.id === id);
}

/** Loads a service. @throws FailError ERR_NO_SERVICE when it is not known. */
export async function requireService(certificates: CertificateStore, serviceId: string): Promise<Stored> {
  const stored = await certificates.load(serviceId);
  if (stored !== null) return stored;
  throw new FailError(
    `There is no service ${serviceId}: order it first, or bring it in with certificate import --map`,
    'ERR_NO_SERVICE',
  );
}

/** One change of a service, as a function of what is stored: null when nothing has to change. */
export type Decide = (stored: Stored) => { after: CertificateRecord; change: Change } | null;

/**
 * Loads, decides and saves until nobody else was faster.
 * @returns the service as it is stored then.
 * @throws FailError when it is not known, or as `decide` does; WaitError when others were faster again and again.
 */
export async function changeService(
  certificates: CertificateStore,
  serviceId: string,
  decide: Decide,
): Promise<CertificateRecord> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const stored = await requireService(certificates, serviceId);
    const decision = decide(stored);
    if (decision === null) return stored.record;
    try {
      return await certificates.save({ before: stored.record, ...decision });
    } catch (error) {
      if (!(error instanceof StaleRecordError)) throw error;
    }
  }
  throw new WaitError(`${serviceId} is being changed by others; it is tried again`, 1000);
}

/**
 * Makes an errand durable before its job is added: from here on it is not lost, whatever happens to the job. The same
 * errand again changes nothing.
 * @param judge throws FailError or InputError for what can never be done; true when there is nothing left to do
 */
export async function acceptErrand(
  certificates: CertificateStore,
  serviceId: string,
  errand: Errand,
  judge: (stored: Stored) => boolean,
): Promise<void> {
  await changeService(certificates, serviceId, (stored) => {
    const { record } = stored;
    if (isKnown(record, errand.job, errand.id) || judge(stored)) return null;
    if (record.errands.length >= MOST_ERRANDS)
      throw new FailError(
        `${record.errands.length} requests wait for ${serviceId} already: see certificate show ${serviceId}`,
        'ERR_TOO_MANY_REQUESTS',
      );
    const after = { ...record, errands: [...record.errands, errand] };
    return { after, change: { cause: `${errand.job} accepted` } };
  });
}

/** Accepted, begun or done before. */
export function isKnown(record: CertificateRecord, job: string, id: string): boolean {
  return isBegun(record, job, id) || findErrand(record, job, id) !== undefined;
}

/** Begun or done before. */
export function isBegun(
  { doneErrands, operation }: Pick<CertificateRecord, 'doneErrands' | 'operation'>,
  job: string,
  id: string,
): boolean {
  const isInFlight = operation?.job === job && operation.requestId === id;
  // Older versions remembered the id alone.
  return isInFlight || doneErrands.includes(nameErrand(job, id)) || doneErrands.includes(id);
}

interface Running {
  certificates: CertificateStore;
  now(): number;
}

/**
 * Begins an errand. One that can never be done leaves the inbox, so that it is not rung for ever; one whose turn has not
 * come need not be rung while its job lives.
 * @throws what `begin` throws.
 */
export async function runErrand<T>(
  { certificates, ...clock }: Running,
  serviceId: string,
  { job, id }: Pick<Errand, 'job' | 'id'>,
  begin: () => Promise<T>,
): Promise<T> {
  try {
    return await begin();
  } catch (error) {
    if (error instanceof WaitError)
      await certificates.postponeErrand(
        { serviceId, job, id },
        clock.now() + (error.delayMs ?? 0) + RING_GRACE_MS,
      );
    if (error instanceof PmnamecheapError && error.verdict === 'fail' && error.code !== 'ERR_NO_SERVICE')
      await dropErrand(certificates, serviceId, { job, id }, error.message);
    throw error;
  }
}

/** Takes an errand that can never be done out of the inbox; the history tells why. */
export async function dropErrand(
  certificates: CertificateStore,
  serviceId: string,
  { job, id }: Pick<Errand, 'job' | 'id'>,
  cause: string,
): Promise<void> {
  await changeService(certificates, serviceId, ({ record }) =>
    findErrand(record, job, id) === undefined
      ? null
      : { after: { ...record, ...settleErrand(record, job, id) }, change: { cause } },
  );
}

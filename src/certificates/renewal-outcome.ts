import { spellType } from '../../config/products.js';
import { PmnamecheapError, WaitError } from '../errors.js';
import type { NamecheapError } from '../namecheap/errors.js';
import { abandon } from './abandon.js';
import type { Work } from './ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from './record.js';
import { moveRecord } from './transitions.js';

/** Between two tries to read what a product is called now, ms: each costs two calls. */
const RENAMED_LOOK_MS = 300_000;

/** A renewal that was made before, by an earlier try or by hand: it has to be found, whenever it was bought. */
export async function noteEarlier(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  error: NamecheapError,
): Promise<WaitError> {
  const problem = `${error.message} The earlier renewal is being looked up.`;
  const after = moveRecord(record, 'purchase-unclear', work.now(), {
    purchase: { ...purchase, isProvenEarlier: true },
    problem,
    nextActionAt: work.now() + RING_GRACE_MS,
  });
  await work.certificates.save({ before: record, after, change: { cause: problem } });
  return new WaitError(problem, 500);
}

/**
 * Namecheap renames its products between terms, and demands the name that the certificate has there now: it is tried again
 * under that name. A name that cannot be read now is no reason to give the renewal up.
 * @returns null when the name that was refused is the present one.
 */
export async function retryRenamed(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<WaitError | null> {
  const { certificateId } = record;
  if (certificateId === null) return null;
  try {
    const { type } = await work.account.api.getInfo({ certificateId }, { signal: work.signal });
    const present = spellType(type);
    return present === record.type ? null : await retryAs(work, record, purchase, present);
  } catch (error) {
    if (!(error instanceof PmnamecheapError)) throw error;
    const cause = `The product's present name could not be read (${error.message}); the renewal is tried again`;
    await abandon(work, record, purchase, cause);
    return new WaitError(cause, RENAMED_LOOK_MS);
  }
}

async function retryAs(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
  type: string,
): Promise<WaitError> {
  const cause = `Namecheap calls this certificate "${type}" now; it is renewed under that name`;
  const changes = { purchase: null, type, nextActionAt: work.now() + RING_GRACE_MS };
  const after = moveRecord(record, 'accepted', work.now(), changes);
  await work.purchases.settleNotMade({ before: record, after, change: { cause } }, purchase, false);
  return new WaitError(cause, 500);
}

import { FailError, WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import { delayAfter } from './backoff.js';
import { brake } from './brake.js';
import { collectDelay } from './due.js';
import { findErrand } from './inbox.js';
import type { AccountWork } from './ports.js';
import type { CertificateRecord } from './record.js';

/** The shortest time between two tries of an errand that Namecheap did not answer, as after so many failures: 40 s. */
const FAILURES = 3;

/** An errand that gets nowhere for so long ends, ms: whoever asked may ask again. */
const PATIENCE_MS = 7 * 86_400_000;

/**
 * What becomes of an errand whose call failed: refused for good it fails, anything else is tried again, for a week.
 * @returns the error that ends the job's run.
 */
export async function settleErrandFailure(
  work: AccountWork,
  record: CertificateRecord,
  job: string,
  id: string,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof NamecheapError) || error.verdict === 'fail') return error;
  const at = findErrand(record, job, id)?.at;
  const age = at === undefined ? 0 : work.now() - Date.parse(at);
  // Every try costs a call: one that is in vain for long is made hourly.
  const delayMs = collectDelay(age, delayAfter(error, FAILURES, work.random()));
  if (age > PATIENCE_MS)
    return new FailError(`It did not succeed within a week: ${error.message}`, 'ERR_GAVE_UP', error);
  if (error.verdict === 'pause') return await brake(work, error, delayMs);
  return new WaitError(error.message, delayMs);
}

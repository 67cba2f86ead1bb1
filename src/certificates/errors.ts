import { PmnamecheapError } from '../errors.js';

/** The record changed under us, or its lease was lost: reload and look again. */
export class StaleRecordError extends PmnamecheapError {
  constructor(serviceId: string, why: 'version' | 'lease' | 'missing') {
    super(`The record of ${serviceId} was changed by another worker (${why}); it is looked at again`, {
      code: 'ERR_STALE_RECORD',
      verdict: 'retry',
    });
  }
}

/** A stored record that this version cannot read: a newer worker wrote it, or somebody changed it by hand. It is left alone. */
export class UnreadableRecordError extends PmnamecheapError {
  constructor(serviceId: string, cause: unknown) {
    super(
      `The record of ${serviceId} cannot be read by this version and is left alone: upgrade this worker, or restore the record`,
      { code: 'ERR_UNREADABLE_RECORD', verdict: 'fail', cause },
    );
  }
}

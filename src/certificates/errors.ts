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

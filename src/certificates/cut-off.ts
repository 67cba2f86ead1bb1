import { WaitError } from '../errors.js';

/** The worker had to end in the middle of the work: the job goes to the next one at once, and the record says where it stands. */
export class CutOffError extends WaitError {
  constructor() {
    super('The worker that did this had to stop; the next one goes on', 0, 'ERR_CUT_OFF');
  }
}

/**
 * Waits for something that must not be aborted, but no longer than the worker may go on.
 * @throws CutOffError when `signal` fires first: what becomes of the promise is then for the next worker to find out.
 */
export async function waitUntilCutOff<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // One of its own: a run that waits many times has one signal, and would leave a listener on it each time.
  const own = AbortSignal.any([signal]);
  return await new Promise<T>((resolve, reject) => {
    const cutOff = () => reject(new CutOffError());
    if (own.aborted) cutOff();
    own.addEventListener('abort', cutOff, { once: true });
    promise.then(resolve, reject).finally(() => own.removeEventListener('abort', cutOff));
  });
}

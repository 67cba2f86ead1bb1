import { WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import type { AccountWork } from './ports.js';

const PAUSE_FUNDS_MS = 600_000;
const PAUSE_CREDENTIALS_MS = 300_000;
/** While the account, or this worker, is paused nothing is called: the job looks this often whether it was resumed, or another worker takes it, ms. */
const PAUSED_LOOK_MS = 15_000;

/** Pauses the account where the error says that no other call would fare better, and announces it. */
export async function brake(work: AccountWork, error: NamecheapError, delayMs: number): Promise<WaitError> {
  const { account } = work;
  if (error.errorClass === 'funds') {
    await account.pause('purchases', error.message, PAUSE_FUNDS_MS);
    await work.announce({
      type: 'module.low-balance',
      serviceId: null,
      module: account.module,
      data: { problem: error.message },
    });
    return new WaitError(error.message, PAUSED_LOOK_MS);
  }
  if (error.verdict === 'pause') {
    const isAddress = error.errorClass === 'address';
    await account.pause(isAddress ? 'worker' : 'all', error.message, PAUSE_CREDENTIALS_MS);
    await work.announce({
      type: 'module.unreachable',
      serviceId: null,
      module: account.module,
      data: { problem: error.message },
    });
    return new WaitError(error.message, PAUSED_LOOK_MS);
  }
  return new WaitError(error.message, delayMs);
}

/** Reads from Namecheap; a refusal that would meet every other call too pauses the account, and the job waits. */
export async function readWithBrake<T>(work: AccountWork, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const stopsAll = error instanceof NamecheapError && error.verdict === 'pause';
    throw stopsAll ? await brake(work, error, PAUSED_LOOK_MS) : error;
  }
}

import { PmnamecheapError } from '../errors.js';
import type { Account, CertificateStore } from './ports.js';
import { isUnfinished, readStage } from './record.js';
import { saveWait } from './wait.js';

/** An account that does not open (module removed, other secret key) needs a person: look again this rarely, ms. */
const ACCOUNT_CLOSED_MS = 60_000;

interface Opening {
  certificates: CertificateStore;
  lease: string;
  now(): number;
  openAccount(module: string, subject?: string): Promise<Account>;
}

/**
 * The account that a service's work is done through. One that does not open keeps the work waiting, and `certificate
 * show` tells why.
 * @throws WaitError when it does not open; FailError when nothing waits for it.
 */
export async function openServiceAccount(
  context: Opening,
  serviceId: string,
  module: string,
): Promise<Account> {
  try {
    return await context.openAccount(module, serviceId);
  } catch (error) {
    const stored = await context.certificates.load(serviceId);
    const isFinal = error instanceof PmnamecheapError && error.verdict === 'fail';
    if (stored === null || !isUnfinished(readStage(stored.record)) || !isFinal) throw error;
    throw await saveWait(context, stored.record, error.message, ACCOUNT_CLOSED_MS);
  }
}

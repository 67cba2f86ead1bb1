import { FailError, WaitError } from '../errors.js';
import { StaleRecordError } from './errors.js';
import { requireService } from './inbox.js';
import type { AccountWork, Stored, Work } from './ports.js';
import type { CertificateRecord } from './record.js';

/** How soon to look again when another worker holds the record, ms. */
const LEASED_MS = 1500;

/**
 * Works on one service while nobody else does.
 * @param act is handed the service as it is stored then
 * @throws WaitError while another worker holds it; FailError when the service belongs to another Namecheap account.
 */
export async function withLease<T>(
  accountWork: AccountWork,
  serviceId: string,
  act: (work: Work, stored: Stored) => Promise<T>,
): Promise<T> {
  const { certificates, settings, lease: token } = accountWork;
  const lease = await certificates.lease(serviceId, token, settings.leaseMs);
  if (!lease.isHeld)
    throw new WaitError(`Another worker works on ${serviceId}`, Math.min(LEASED_MS, lease.remainingMs + 1));
  const keepLease = async () => {
    const kept = await certificates.lease(serviceId, token, settings.leaseMs);
    if (!kept.isHeld) throw new StaleRecordError(serviceId, 'lease');
  };
  try {
    const stored = await requireService(certificates, serviceId);
    demandAccount(accountWork, stored.record);
    return await act({ ...accountWork, keepLease }, stored);
  } finally {
    // A lost release costs time only: the lease runs out by itself.
    await certificates.release(serviceId, token).catch(() => undefined);
  }
}

/** Certificate ids mean something in their own account only: in another one they are somebody else's. */
function demandAccount(
  { account }: AccountWork,
  { serviceId, module, account: own }: CertificateRecord,
): void {
  if (own === account.id) return;
  throw new FailError(
    `The module "${module}" now points to another Namecheap account than that of ${serviceId}: point it back, then ask again`,
    'ERR_OTHER_ACCOUNT',
  );
}

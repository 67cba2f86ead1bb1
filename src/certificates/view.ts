import { describeAwaited } from './awaited.js';
import type { CertificateStore } from './ports.js';
import { presentSnapshot, type CertificateView } from './present.js';

/** Everything known of a service, as `certificate show --json` prints it; null when it is not known. */
export async function readCertificate(
  store: CertificateStore,
  serviceId: string,
): Promise<CertificateView | null> {
  const stored = await store.load(serviceId);
  if (stored === null) return null;
  const history = await store.readHistory(serviceId);
  const { shelved, errands, automationStopped } = stored.record;
  return {
    ...presentSnapshot(stored.record, stored.pem),
    awaited: describeAwaited(stored.record),
    shelved: shelved && { operation: shelved.operation, problem: shelved.problem },
    errands: errands.map(({ id, job, at }) => ({ id, job, at })),
    automationStopped,
    history,
  };
}

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
  return { ...presentSnapshot(stored.record, stored.pem), history };
}

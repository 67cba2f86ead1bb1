import type { CertificateInfo } from '../namecheap/api.js';
import { hasOurKey } from './activation-lookup.js';
import { settleSeen } from './collect.js';
import { parseCsr } from './csr.js';
import type { OrderPayload } from './order-payload.js';
import type { Stored, Work } from './ports.js';
import { saveReissued } from './reissue.js';
import { beginOperation } from './shelf.js';
import { composeOperation } from './transitions.js';

/** Whether Namecheap holds a CSR with the key of this request. */
export function hasKeyOf(seen: CertificateInfo, request: OrderPayload): boolean {
  return hasOurKey(seen, parseCsr(request.csr).publicKeyHash);
}

/**
 * A reissue that somebody made by hand with our key joins the service as one of ours would: its id is claimed and joins the chain, and once
 * it is issued it is verified against CSR and names before it is in force.
 * @param newest the last one of the chain, with its PEM if it is issued
 * @throws FailError when it was parked: another service owns the id, or it does not fit.
 */
export async function adopt(work: Work, stored: Stored, newest: CertificateInfo): Promise<void> {
  const { record } = stored;
  const now = work.now();
  // As a submission that was begun: a worker that dies here leaves one that is looked up, never made again.
  const operation = composeOperation('reissue', 'accepted', now);
  const begun = await work.certificates.save({
    before: record,
    after: {
      ...beginOperation(stored, operation, now),
      activationBegunAt: new Date(now).toISOString(),
    },
    change: {
      cause: `reissued at Namecheap by hand, as ${newest.certificateId}`,
      draft: null,
      lease: work.lease,
    },
  });
  const pending = await saveReissued(
    work,
    begun,
    newest.certificateId,
    [],
    'the reissue made by hand has our key',
  );
  await settleSeen(work, { ...stored, record: pending, draft: null }, newest);
}

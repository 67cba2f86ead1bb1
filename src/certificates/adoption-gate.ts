import { parkPurchase } from './conclude.js';
import { describeClosed, describeTwin, openGate } from './gate.js';
import type { Work } from './ports.js';
import type { CertificateRecord, Purchase } from './record.js';
import { saveWait } from './wait.js';

/** Between two looks at a gate that only a person opens, ms. */
const CLOSED_LOOK_MS = 60_000;

/**
 * After a loss of data an unanswered purchase may have been followed by another one that nobody remembers, with a
 * certificate that is live under its very name. Then what waits unused in the account is somebody else's, and is left alone.
 * @throws WaitError until the books were compared; FailError after parking, the lane free.
 */
export async function demandNameUnused(
  work: Work,
  record: CertificateRecord,
  purchase: Purchase,
): Promise<void> {
  const state = await openGate(work, record, purchase.begunAt);
  if (state.kind === 'unread' || state.kind === 'empty') {
    const problem = describeClosed(state, work.account.module);
    throw await saveWait(work, record, problem, CLOSED_LOOK_MS, work.lease);
  }
  const { twin } = state;
  if (twin === null || record.announced.twin === String(twin.certificateId)) return;
  const announced = { ...record.announced, twin: String(twin.certificateId) };
  const problem = describeTwin(record, twin, '--not-made');
  throw await parkPurchase(work, { ...record, announced }, purchase, problem);
}

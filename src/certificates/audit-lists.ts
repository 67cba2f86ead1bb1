import { judgeListed, judgeMissing, type Findings } from './audit-books.js';
import type { AuditStore } from './audit-ports.js';
import { readWithBrake } from './brake.js';
import { refreshListing } from './listing.js';
import type { AccountWork, ListedKind } from './ports.js';

export interface ListsVerdict {
  /** Certificates that Namecheap lists as bought and not activated. */
  listed: number;
  /** Certificates that a purchase which counted as not made explains: paid by us, known only now. */
  late: number[];
  /** Certificates of the stock that were not listed, since when, ms by Redis's clock. */
  missing: Record<string, number>;
}

/**
 * Everything that is listed as bought and unused must be owned, stock, foreign, or explained by a purchase under way; and
 * everything in stock must be listed. A list may lag: what is missing is told once it was missing for the settle time.
 * @param missing what the last audit missed
 * @throws WaitError when another worker lists right now, or a list does not add up.
 */
export async function auditLists(
  work: AccountWork,
  audits: AuditStore,
  missing: Readonly<Record<string, number>>,
  findings: Findings,
): Promise<ListsVerdict> {
  const { id } = work.account;
  const stock = await audits.listStock(id);
  const startedAt = await work.listings.readClock();
  const answers = [await list(work, 'order'), await list(work, 'renew')];
  const rows = answers.flatMap((answer) => answer.rows.map(({ certificateId }) => certificateId));
  const explained = new Set(
    answers.flatMap(({ candidates }) => candidates.map(({ certificateId }) => certificateId)),
  );
  for (const placed of await audits.locate(id, rows))
    if (!explained.has(placed.certificateId)) findings.add(judgeListed(placed));
  const listed = new Set(rows);
  const gone = await audits.locate(
    id,
    stock.filter((one) => !listed.has(one)),
  );
  const still: Record<string, number> = {};
  // What an order took meanwhile is listed no more for a good reason.
  for (const { certificateId } of gone.filter(({ isStock, owner }) => isStock && owner === null)) {
    const since = missing[certificateId] ?? startedAt;
    still[certificateId] = since;
    if (startedAt - since >= work.settings.settleTimeMs) findings.add(judgeMissing(certificateId));
  }
  return { listed: rows.length, late: answers.flatMap((answer) => answer.stock), missing: still };
}

async function list(work: AccountWork, kind: ListedKind) {
  // There is no record whose lease could run out.
  const bound = { ...work, keepLease: () => Promise.resolve() };
  return await readWithBrake(work, () => refreshListing(bound, kind));
}

import type { ListType } from '../namecheap/api.js';
import type { AccountWork } from './ports.js';
import { readFlightId, type CertificateRecord } from './record.js';

const PAGE_SIZE = 100;

type Statuses = Map<number, string>;

/**
 * Statuses by certificate id, from list pages. What was bought lately stands on the newest pages; a reissue may stand
 * with its order's old date, but while it is pending among those that are in progress. What neither shows is looked at by
 * itself, which is cheaper than walking the whole account.
 */
export async function readPendingStatuses(
  work: AccountWork,
  pending: readonly CertificateRecord[],
): Promise<Statuses> {
  const statuses: Statuses = new Map();
  const wanted = new Set(pending.flatMap((record) => readFlightId(record) ?? []));
  const bought = pending.filter(({ operation }) => operation?.job !== 'reissue');
  if (bought.length > 0) await readPages(work, statuses, wanted, 'ALL', bought.length);
  const missing = [...wanted].filter((id) => !statuses.has(id)).length;
  if (missing > 0) await readPages(work, statuses, wanted, 'InProgress', missing);
  return statuses;
}

/** Reads as many pages as so many certificates can fill, and one more; less when all were found. */
async function readPages(
  work: AccountWork,
  statuses: Statuses,
  wanted: ReadonlySet<number>,
  listType: ListType,
  sought: number,
): Promise<void> {
  const pages = Math.ceil(sought / PAGE_SIZE) + 1;
  for (let page = 1; page <= pages; page++) {
    const input = { listType, page, pageSize: PAGE_SIZE, sortBy: 'PURCHASEDATE_DESC' } as const;
    const answer = await work.account.api.getList(input, { signal: work.signal });
    for (const { certificateId, status } of answer.rows) statuses.set(certificateId, status);
    const isComplete = [...wanted].every((id) => statuses.has(id));
    if (isComplete || page * PAGE_SIZE >= answer.totalItems) return;
  }
}

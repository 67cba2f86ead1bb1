import { findProduct } from '../../config/products.js';
import { WaitError } from '../errors.js';
import { NOT_COMPLETE_MS, PAGE_SIZE, readCompleteList } from './complete-list.js';
import { collectDelay } from './due.js';
import type { ListedKind, ListedPurchase, ListingAnswer, Work } from './ports.js';

/** What was bought and not activated yet, by what bought it. */
const LIST_TYPES = { order: 'NewPurchase', renew: 'NewRenewal' } as const;

/** A lister that died is forgotten after this long, ms. */
const LOCK_MS = 60_000;

/** While somebody else lists, look again after this long, ms. */
const AGAIN_MS = 1000;

/**
 * Lists all bought and not yet activated certificates (or renewals) of the account, completely, and has the store sort
 * them. `startedAt` is Redis's clock before the first page.
 * @param since when what needs the list began to wait for it, ms: one that does not add up is read less and less
 * @throws WaitError when another worker lists right now, or the list does not add up.
 */
export async function refreshListing(
  work: Work,
  kind: ListedKind,
  since = work.now(),
): Promise<ListingAnswer & { startedAt: number; rows: ListedPurchase[] }> {
  const { account, listings } = work;
  if (!(await listings.lock(account.id, 'list', work.lease, LOCK_MS))) {
    throw new WaitError(`Another worker lists the account of module ${account.module} right now`, AGAIN_MS);
  }
  try {
    const startedAt = await listings.readClock();
    const rows = await readCompletely(work, kind, since);
    const completedAt = await listings.readClock();
    const answer = await listings.saveListing(account.id, account.module, {
      kind,
      startedAt,
      completedAt,
      rows,
    });
    if (answer.foreign.length > 0) {
      work.log.log(
        4,
        'listing',
        `certificates that none of our purchases explains: ${answer.foreign.join(', ')}; they are left alone`,
      );
    }
    return { ...answer, startedAt, rows };
  } finally {
    await listings.unlock(account.id, 'list', work.lease);
  }
}

async function readCompletely(work: Work, kind: ListedKind, since: number): Promise<ListedPurchase[]> {
  const readPage = async (page: number) => {
    await work.keepLease();
    const input = { listType: LIST_TYPES[kind], page, pageSize: PAGE_SIZE, sortBy: 'PURCHASEDATE' } as const;
    return await work.account.api.getList(input, { signal: work.signal });
  };
  const againMs = collectDelay(work.now() - since, NOT_COMPLETE_MS);
  const rows = await readCompleteList(readPage, undefined, againMs);
  return rows.map(({ certificateId, type, years, purchaseDate }) => ({
    ...{ certificateId, type, years },
    purchasedAt: purchaseDate === null ? null : Date.parse(purchaseDate),
    product: findProduct(type)?.canonical ?? null,
  }));
}

import { findProduct } from '../../config/products.js';
import { WaitError } from '../errors.js';
import type { ListPage } from '../namecheap/api.js';
import type { ListedPurchase, ListingAnswer, Work } from './ports.js';

const PAGE_SIZE = 100;

/** A lister that died is forgotten after this long, ms. */
const LOCK_MS = 60_000;

/** While somebody else lists, or the pages changed under us, look again after this long, ms. */
const AGAIN_MS = 1000;

/**
 * Lists all bought and not yet activated certificates of the account, completely, and has the store sort them
 *. `startedAt` is Redis's clock before the first page.
 * @throws WaitError when another worker lists right now, or the pages changed while they were read.
 */
export async function refreshListing(work: Work): Promise<ListingAnswer & { startedAt: number }> {
  const { account, listings } = work;
  if (!(await listings.lock(account.id, work.lease, LOCK_MS))) {
    throw new WaitError(`Another worker lists the account of module ${account.module} right now`, AGAIN_MS);
  }
  try {
    const startedAt = await listings.readClock();
    const rows = await readAllPages(work);
    const completedAt = await listings.readClock();
    const answer = await listings.saveListing(account.id, account.module, {
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
    return { ...answer, startedAt };
  } finally {
    await listings.unlock(account.id, work.lease);
  }
}

async function readAllPages(work: Work): Promise<ListedPurchase[]> {
  const rows = new Map<number, ListedPurchase>();
  let total = 0;
  for (let page = 1; ; page++) {
    const answer = await readPage(work, page);
    if (page > 1 && answer.totalItems !== total) throw changedMeanwhile();
    total = answer.totalItems;
    for (const { certificateId, type, years } of answer.rows) {
      rows.set(certificateId, { certificateId, type, years, product: findProduct(type)?.canonical ?? null });
    }
    if (page * PAGE_SIZE >= total || answer.rows.length === 0) break;
  }
  // A row that moved between two pages would be missed: only a complete listing proves absence.
  if (rows.size !== total) throw changedMeanwhile();
  return [...rows.values()];
}

async function readPage(work: Work, page: number): Promise<ListPage> {
  const input = { listType: 'NewPurchase', page, pageSize: PAGE_SIZE, sortBy: 'PURCHASEDATE' } as const;
  return await work.account.api.getList(input, { signal: work.signal });
}

function changedMeanwhile(): WaitError {
  return new WaitError(
    'The list of bought certificates changed while it was read; it is read again',
    AGAIN_MS,
  );
}

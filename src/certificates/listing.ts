import { findProduct } from '../../config/products.js';
import { WaitError } from '../errors.js';
import type { ListPage } from '../namecheap/api.js';
import type { ListedKind, ListedPurchase, ListingAnswer, Work } from './ports.js';

const PAGE_SIZE = 100;

/** What was bought and not activated yet, by what bought it. */
const LIST_TYPES = { order: 'NewPurchase', renew: 'NewRenewal' } as const;

/** A lister that died is forgotten after this long, ms. */
const LOCK_MS = 60_000;

/** While somebody else lists, look again after this long, ms. */
const AGAIN_MS = 1000;

/** A list that does not add up is read again after this long, ms. */
const NOT_COMPLETE_MS = 60_000;

/**
 * Lists all bought and not yet activated certificates (or renewals) of the account, completely, and has the store sort
 * them. `startedAt` is Redis's clock before the first page.
 * @throws WaitError when another worker lists right now, or the list does not add up.
 */
export async function refreshListing(
  work: Work,
  kind: ListedKind,
): Promise<ListingAnswer & { startedAt: number; rows: ListedPurchase[] }> {
  const { account, listings } = work;
  if (!(await listings.lock(account.id, 'list', work.lease, LOCK_MS))) {
    throw new WaitError(`Another worker lists the account of module ${account.module} right now`, AGAIN_MS);
  }
  try {
    const startedAt = await listings.readClock();
    const rows = await readCompletely(work, kind);
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

/** Reads again at once when the pages changed meanwhile; when they never add up, rarely: each try costs calls. */
async function readCompletely(work: Work, kind: ListedKind): Promise<ListedPurchase[]> {
  const rows = (await readAllPages(work, kind)) ?? (await readAllPages(work, kind));
  if (rows !== null) return rows;
  throw new WaitError(
    'The list of bought certificates at Namecheap does not add up (its total is not the number of its rows), so nothing can be told from it; it is read again',
    NOT_COMPLETE_MS,
  );
}

/** Null when the list is not complete: a row that moved between two pages would be missed, and only a complete list proves absence. */
async function readAllPages(work: Work, kind: ListedKind): Promise<ListedPurchase[] | null> {
  const rows = new Map<number, ListedPurchase>();
  let total = 0;
  for (let page = 1; ; page++) {
    const answer = await readPage(work, kind, page);
    if (page > 1 && answer.totalItems !== total) return null;
    total = answer.totalItems;
    for (const { certificateId, type, years, purchaseDate } of answer.rows) {
      const purchasedAt = purchaseDate === null ? null : Date.parse(purchaseDate);
      rows.set(certificateId, {
        certificateId,
        type,
        years,
        purchasedAt,
        product: findProduct(type)?.canonical ?? null,
      });
    }
    if (page * PAGE_SIZE >= total || answer.rows.length === 0) break;
  }
  return rows.size === total ? [...rows.values()] : null;
}

async function readPage(work: Work, kind: ListedKind, page: number): Promise<ListPage> {
  await work.keepLease();
  const input = { listType: LIST_TYPES[kind], page, pageSize: PAGE_SIZE, sortBy: 'PURCHASEDATE' } as const;
  return await work.account.api.getList(input, { signal: work.signal });
}

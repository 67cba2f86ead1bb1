import { WaitError } from '../errors.js';
import type { ListPage, ListRow } from '../namecheap/api.js';

/** The most that Namecheap gives in one call. */
export const PAGE_SIZE = 100;

/** A list that does not add up is read again after this long at least, ms. */
export const NOT_COMPLETE_MS = 60_000;

/**
 * All rows of a list. Reads again at once when the pages changed meanwhile; when they never add up, rarely: each try
 * costs calls.
 * @param forget is called before the second reading, for a reader that keeps pages
 * @param againMs how long to wait when it does not add up
 * @throws WaitError when the list does not add up.
 */
export async function readCompleteList(
  readPage: (page: number) => Promise<ListPage>,
  forget: () => Promise<void> = () => Promise.resolve(),
  againMs = NOT_COMPLETE_MS,
): Promise<ListRow[]> {
  const first = await readAllPages(readPage);
  if (first !== null) return first;
  await forget();
  const second = await readAllPages(readPage);
  if (second !== null) return second;
  await forget();
  throw new WaitError(
    'The list of certificates at Namecheap does not add up (its total is not the number of its rows), so nothing can be told from it; it is read again',
    againMs,
  );
}

/** Null when the list is not complete: a row that moved between two pages would be missed, and only a complete list proves absence. */
async function readAllPages(readPage: (page: number) => Promise<ListPage>): Promise<ListRow[] | null> {
  const rows = new Map<number, ListRow>();
  let total = 0;
  for (let page = 1; ; page++) {
    const answer = await readPage(page);
    if (page > 1 && answer.totalItems !== total) return null;
    total = answer.totalItems;
    for (const row of answer.rows) rows.set(row.certificateId, row);
    if (page * PAGE_SIZE >= total || answer.rows.length === 0) break;
  }
  return rows.size === total ? [...rows.values()] : null;
}

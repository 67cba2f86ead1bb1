import type { CertificateInfo, ListRow } from '../namecheap/api.js';
import { PAGE_SIZE } from './complete-list.js';
import type { SurveyProgress, SurveyRow } from './gate-ports.js';
import { isGone, isUnused } from './namecheap-status.js';
import type { AccountWork } from './ports.js';

/** Namecheap tells days only, in a zone of its own, and its clock is not ours, ms. */
const DAY_SLACK_MS = 2 * 86_400_000;

/**
 * Reads the account's list, newest purchases first, back to `since` (null: all of it), and notes whose names are live
 * there. A page costs one call; a survey that is interrupted goes on with its next page: what is bought meanwhile only moves rows to
 * later pages, so none is missed.
 * @param since ms, by Redis's clock: the survey before this one
 * @param server the Redis that answered before what is compared along with it was read; default: the one that answers now
 * @returns when it began and on which Redis.
 */
export async function surveyAccount(
  work: AccountWork,
  since: number | null,
  keepLease: () => Promise<void>,
  server?: string,
): Promise<{ server: string; startedAt: number }> {
  const { account, gates, listings } = work;
  const here = server ?? (await gates.readServer());
  const stored = await gates.readProgress(account.id);
  let progress: SurveyProgress =
    stored?.server === here ? stored : { server: here, startedAt: await listings.readClock(), nextPage: 1 };
  for (;;) {
    const { nextPage: page } = progress;
    await keepLease();
    await work.report(`comparing our books with the list at Namecheap, page ${page}`);
    const input = { listType: 'ALL', page, pageSize: PAGE_SIZE, sortBy: 'PURCHASEDATE_DESC' } as const;
    const { rows, totalItems } = await account.api.getList(input, { signal: work.signal });
    const isLast = page * PAGE_SIZE >= totalItems || rows.length === 0 || isBefore(rows, since);
    progress = { ...progress, nextPage: page + 1 };
    await gates.noteRows(account.id, account.module, rows.map(describeRow), isLast ? null : progress);
    if (isLast) return progress;
  }
}

/** Newest first: once a row is older than the last survey, so are all that follow. A page that is not sorted so tells nothing of the others. */
function isBefore(rows: readonly ListRow[], since: number | null): boolean {
  if (since === null) return false;
  const dates = rows.flatMap(({ purchaseDate }) => (purchaseDate === null ? [] : [Date.parse(purchaseDate)]));
  const isSorted = dates.every((date, place) => date <= (dates[place - 1] ?? date));
  return isSorted && dates.some((date) => date < since - DAY_SLACK_MS);
}

/** A row of the list as the books need it. */
export function describeRow({ certificateId, hostName, status, expireDate }: ListRow): SurveyRow {
  return {
    ...{ certificateId, commonName: hostName.toLowerCase() },
    state: readState(status),
    endsAt: expireDate === null ? null : Date.parse(expireDate) + DAY_SLACK_MS,
  };
}

/** One certificate as the books need it; its end is not told while its PEM is not asked for. */
export function describeSeen({ certificateId, commonName, status }: CertificateInfo): SurveyRow {
  return {
    ...{ certificateId, commonName: commonName?.toLowerCase() ?? '' },
    state: readState(status),
    endsAt: null,
  };
}

function readState(status: string): SurveyRow['state'] {
  return isUnused(status) ? 'unused' : isGone(status) ? 'gone' : 'live';
}

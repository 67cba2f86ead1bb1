import { WaitError } from '../errors.js';
import type { ListsVerdict } from './audit-lists.js';
import { judgeMoney, type MoneyVerdict, type RecentCharges, type RecentForeign } from './audit-money.js';
import type { AuditStore, Baseline } from './audit-ports.js';
import { AGAIN_MS, openWork, type Attempt, type Audited, type AuditWork } from './audit-work.js';
import { readWithBrake } from './brake.js';

export interface Ledger {
  recent: RecentCharges;
  /** Entries before the first was read. */
  entries: number;
}

type Reading = Pick<Baseline, 'amount' | 'currency' | 'readAt'>;

/** @throws WaitError when a purchase is under way, or was settled, while ledger and balance were read: they do not belong together then. */
export async function readBalance(
  work: AuditWork,
  audits: AuditStore,
  audited: Audited,
  entries: number,
): Promise<Reading> {
  const { account: id } = audited;
  const bound = await openWork(work, audited);
  const demandQuiet = async () => {
    const { unsettled, ledger } = await audits.count(id);
    if (unsettled > 0 || ledger !== entries) throw new WaitError(IN_FLIGHT, AGAIN_MS);
  };
  await demandQuiet();
  const readAt = await work.listings.readClock();
  const told = await readWithBrake(bound, () => bound.account.api.getBalances({ signal: work.signal }));
  await demandQuiet();
  await work.listings.saveBalance(id, told.availableBalance, readAt);
  return { amount: told.availableBalance, currency: told.currency, readAt };
}

const IN_FLIGHT =
  'purchases are under way, so the balance proves nothing this time; it is looked at again soon';

interface MoneyEnd extends MoneyVerdict {
  baseline: Baseline | null;
  /** Why there is no verdict. */
  reason: string | null;
}

interface Seen {
  balance: Attempt<Reading | null>;
  lists: Attempt<ListsVerdict>;
  charges: Ledger;
  loose: RecentForeign;
}

/** The baseline moves on with every verdict, so that what was told once is not found again. */
export function decideMoney({ isShared }: Audited, before: Baseline | null, seen: Seen): MoneyEnd {
  const { balance, lists, charges, loose } = seen;
  const undecided = (text: string, reason: string | null): MoneyEnd => ({
    ...{ text, reason, difference: null },
    baseline: isShared ? null : before,
  });
  if (isShared) return undecided('not audited: others spend from this balance too', null);
  if (balance.kind === 'not-judged') return undecided(`not judged: ${balance.reason}`, null);
  if (balance.value === null || lists.kind === 'not-judged')
    return undecided('not judged: who else bought something is not known this time', null);
  if (lists.value.late.length > 0) return undecided(`not judged: ${LATE}`, LATE);
  const reading = balance.value;
  const verdict = judgeMoney(
    ...([before, reading] as const),
    before === null ? [] : charges.recent.listSince(before),
    before === null ? [] : loose.listSince(before),
  );
  const { readAt } = reading;
  const baseline = { ...reading, ledger: charges.recent.listIds(readAt), foreign: loose.listIds(readAt) };
  return { ...verdict, baseline, reason: null };
}

const LATE = 'a purchase that counted as not made has just appeared; it is looked at again soon';

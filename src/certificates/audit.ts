import { WaitError } from '../errors.js';
import { decideMoney, readBalance, type Ledger } from './audit-balance.js';
import { Findings, judgeEntry, judgeLane, judgePlaced, judgePurchase } from './audit-books.js';
import { auditLists } from './audit-lists.js';
import { RecentCharges, RecentForeign } from './audit-money.js';
import type { AuditPart, AuditState, AuditStore, HeldLane, StoredDifference } from './audit-ports.js';
import { surveyForAudit } from './audit-survey.js';
import { AGAIN_MS, attempt, openWork, type Attempt, type Audited, type AuditWork } from './audit-work.js';
import { readWithBrake } from './brake.js';
import type { CertificateRecord } from './record.js';

/** Between two audits that reached a full verdict, ms. Four times a day: an unanswered purchase always finds a balance of less than a day as evidence, and an error is stopped within hours for some sixteen calls a day. */
export const AUDIT_EVERY_MS = 21_600_000;

export interface AuditResult {
  /** The modules that share the account; events and commands name the first. */
  module: string;
  modules: string[];
  /** ISO 8601. */
  at: string;
  counts: { purchases: number; ledger: number; unsettled: number; listed: number | null };
  /** What was found about the money, or why there is no verdict this time. */
  money: string;
  /** Why some part could not be judged; empty after a full verdict. */
  notJudged: string[];
  /** Everything that is different, also what a person accepted. */
  differences: (StoredDifference & { isNew: boolean })[];
  /** Whether a difference stops the purchases of this account. */
  isFailed: boolean;
}

/**
 * Compares keys, claims, stock, foreign ids and ledger with each other, with what Namecheap lists as bought, and the
 * balance with the ledger. It buys and changes nothing at Namecheap; three list calls as a rule (more where a list has
 * more than a page) and one for the balance. What it found is written in one step at the end.
 * @throws WaitError when another audit of the account ended meanwhile.
 */
export async function runAudit(work: AuditWork, audits: AuditStore, audited: Audited): Promise<AuditResult> {
  const { account: id, modules, isShared } = audited;
  const { version, state } = (await audits.load(id)) ?? { version: 0, state: FRESH };
  const findings = new Findings();
  await auditBooks(work, audits, id, findings);
  // Money first, lists after: what somebody bought by hand before the balance was read is on the list then.
  const charges = await auditLedger(work, audits, id, state, findings);
  const balance = await attempt(() =>
    isShared ? null : readBalance(work, audits, audited, charges.entries),
  );
  const lists = await attempt(async () => {
    const opened = await openWork(work, audited);
    await readWithBrake(opened, () => surveyForAudit(opened));
    return await auditLists(opened, audits, state.missing, findings);
  });
  const loose = await auditLoose(work, audits, id, state, findings);
  const money = decideMoney(audited, state.baseline, { balance, lists, charges, loose });
  const reasons = [...listReasons(balance, lists), ...(money.reason === null ? [] : [money.reason])];
  const judged: AuditPart[] = ['books', 'ledger', ...(lists.kind === 'judged' ? (['lists'] as const) : [])];
  const at = work.now();
  const isPending = lists.kind === 'judged' && Object.keys(lists.value.missing).length > 0;
  const tries = reasons.length > 0 || isPending ? state.tries + 1 : 0;
  const found = [...findings.list(), ...(money.difference === null ? [] : [money.difference])];
  const end = await audits.finish({
    ...{ account: id, module: modules[0], version, found, judged },
    state: {
      ...{ at, tries, dueAt: at + decideDelay(tries) },
      baseline: money.baseline,
      missing: lists.kind === 'judged' ? lists.value.missing : state.missing,
    },
  });
  if (end === null)
    throw new WaitError('Another audit of this account ended meanwhile; it begins again', 1000);
  const { unsettled, purchases, ledger } = await audits.count(id);
  return {
    ...{ module: modules[0], modules: [...modules], at: new Date(at).toISOString(), money: money.text },
    counts: { unsettled, purchases, ledger, listed: lists.kind === 'judged' ? lists.value.listed : null },
    notJudged: [...new Set(reasons)],
    differences: end.known.map((one) => ({ ...one, isNew: end.fresh.includes(one.id) })),
    isFailed: end.known.some(({ acceptedAt }) => acceptedAt === null),
  };
}

const FRESH: AuditState = { at: null, dueAt: 0, tries: 0, baseline: null, missing: {} };

function decideDelay(tries: number): number {
  return tries === 0 ? AUDIT_EVERY_MS : Math.min(AUDIT_EVERY_MS, AGAIN_MS * 2 ** (tries - 1));
}

function listReasons(...attempts: Attempt<unknown>[]): string[] {
  return attempts.flatMap((one) => (one.kind === 'judged' ? [] : [one.reason]));
}

async function auditBooks(
  work: AuditWork,
  audits: AuditStore,
  account: string,
  findings: Findings,
): Promise<void> {
  for await (const rows of audits.readPurchases(account))
    rows.forEach((row) => findings.add(judgePurchase(row)));
  for (const lane of await listStrayLanes(work, audits, account)) findings.add(judgeLane(lane));
}

/**
 * Lanes that nobody frees: whose purchase is not under its key, or which its service does not wait for. Lane and record
 * are written together, so a lane that is still there after its record was seen without it is left over.
 */
async function listStrayLanes(work: AuditWork, audits: AuditStore, account: string): Promise<HeldLane[]> {
  const idle = new Set<string>();
  for (const { purchaseId, serviceId } of await audits.listLanes(account)) {
    const stored = await work.certificates.load(serviceId).catch(() => null);
    if (stored === null || !isAwaited(stored.record, purchaseId)) idle.add(purchaseId);
  }
  const held = await audits.listLanes(account);
  return held.filter(({ isKeyed, purchaseId }) => !isKeyed || idle.has(purchaseId));
}

/** In flight, or put aside with what it waits for. */
function isAwaited({ purchase, shelved }: CertificateRecord, purchaseId: string): boolean {
  for (let put = shelved; put !== null; put = put.under ?? null)
    if (put.purchase?.id === purchaseId) return true;
  return purchase?.id === purchaseId;
}

async function auditLedger(
  work: AuditWork,
  audits: AuditStore,
  account: string,
  { baseline }: AuditState,
  findings: Findings,
): Promise<Ledger> {
  const recent = new RecentCharges(baseline, await work.listings.readClock());
  const { ledger: entries } = await audits.count(account);
  for await (const rows of audits.readEntries(account)) {
    for (const row of rows) {
      findings.add(judgeEntry(row));
      recent.add(row);
    }
  }
  return { recent, entries };
}

async function auditLoose(
  work: AuditWork,
  audits: AuditStore,
  account: string,
  { baseline }: AuditState,
  findings: Findings,
): Promise<RecentForeign> {
  const recent = new RecentForeign(baseline, await work.listings.readClock());
  for await (const rows of audits.readLoose(account)) {
    for (const row of rows) {
      findings.add(judgePlaced(row));
      recent.add(row);
    }
  }
  return recent;
}

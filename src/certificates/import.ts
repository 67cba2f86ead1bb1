import { FailError, WaitError } from '../errors.js';
import type { ListRow } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import { brake } from './brake.js';
import { groupChains, type Chain } from './import-chains.js';
import { beginComparison, endComparison } from './import-gate.js';
import { tellProblem } from './import-heads.js';
import { findMissingCertificates } from './import-missing.js';
import type { ImportWork, Standing } from './import-ports.js';
import { fingerprintImport, type ImportPayload, type MapRow } from './import-request.js';
import { composeImportResult, type ImportResult, type Outcome } from './import-result.js';
import { ImportRun } from './import-run.js';
import { settleChain } from './import-settle.js';
import { refreshListing } from './listing.js';
import { isPlaceholderId } from './placeholder.js';

/** After an error that is tried again, the import is taken up within this, ms. */
const AGAIN_MS = 900_000;

/**
 * Compares the account with what is known and brings in what is not: see docs/import.md. Reads only; nothing is charged,
 * activated, reissued or edited at Namecheap.
 * @param id of the request: the same one again is answered with its result
 * @throws WaitError to go on later, where it was; FailError when the id was used for something else.
 */
export async function runImport(work: ImportWork, request: ImportPayload, id: string): Promise<ImportResult> {
  const { imports, account, lease, settings } = work;
  const taken = await imports.take(
    account.id,
    { id, subject: fingerprintImport(request) },
    lease,
    settings.leaseMs,
  );
  switch (taken.kind) {
    case 'finished':
      return taken.result;
    case 'busy':
      throw new WaitError('Another import of this account is under way', taken.delayMs);
    case 'differs':
      throw new FailError(
        `requestId ${id} was used for another import: give each import its own`,
        'ERR_IMPORT_DIFFERS',
      );
  }
  try {
    const run = await ImportRun.open(work, request, id);
    const result = await carryOut(run);
    await imports.finish(account.id, lease, result);
    return result;
  } catch (error) {
    const isPause = error instanceof NamecheapError && error.verdict === 'pause';
    const end = isPause ? await brake(work, error, AGAIN_MS) : error;
    await imports.rest(account.id, lease, end instanceof WaitError ? (end.delayMs ?? AGAIN_MS) : AGAIN_MS);
    throw end;
  }
}

async function carryOut(run: ImportRun): Promise<ImportResult> {
  const { work } = run;
  if (run.progress.plan === null)
    await run.savePlan({
      ...{ listedAt: work.now(), isRebuild: false, isSorted: false },
      comparison: await beginComparison(work),
    });
  const rows = await run.readList();
  run.standing = await work.inventory.readStanding(work.account.id);
  await sortBought(run, rows);
  const chains = groupChains(rows);
  const { targets, strays } = aim(chains, run.request.map ?? []);
  const outcomes: Outcome[] = [...strays];
  for (const [index, chain] of chains.entries()) {
    const settled = run.progress.outcomes.get(chain.key);
    const found = settled ?? (await settleChain(run, chain, targets.get(chain.key) ?? null));
    if (settled === undefined && !isTrivial(found)) {
      await work.report(`certificate ${index + 1} of ${chains.length}`);
      await run.settle(chain.key, found, [...chain.ids, ...found.flatMap(listIds)]);
    }
    outcomes.push(...found);
  }
  outcomes.push(...(await findMissingCertificates(run, rows)), ...(await endComparison(run, rows)));
  return composeImportResult(work.account.module, rows.length, outcomes);
}

/** What the next run finds as easily again. */
function isTrivial(found: readonly Outcome[]): boolean {
  return found.every(({ kind }) => kind === 'known' || kind === 'stock');
}

function listIds(outcome: Outcome): number[] {
  return outcome.certificateId === null ? [] : [outcome.certificateId];
}

/**
 * Once per import, after the list: what was bought and not activated is sorted by a list of its own, short and fresh, as
 * every purchase needs it; and whether the books are empty is decided before anything is written into them.
 */
async function sortBought(run: ImportRun, rows: readonly ListRow[]): Promise<void> {
  const { work, plan } = run;
  if (plan.isSorted) return;
  const isUnknown = ({ owners, stock, foreign }: Standing, id: number) =>
    !owners.has(id) && !stock.has(id) && !foreign.has(id);
  const isWaiting = (wanted: string) =>
    rows.some(({ status, certificateId }) => status === wanted && isUnknown(run.standing, certificateId));
  const listing = { ...work, keepLease: () => Promise.resolve() };
  if (isWaiting('newpurchase')) await refreshListing(listing, 'order');
  if (isWaiting('newrenewal')) await refreshListing(listing, 'renew');
  const isEmpty = [...run.standing.owners.values()].every((owner) => isPlaceholderId(owner));
  await run.savePlan({ ...plan, isSorted: true, isRebuild: isEmpty && run.request.map === undefined });
  run.standing = await work.inventory.readStanding(work.account.id);
}

/** The chain that each row of the map means; `strays`: rows that cannot be brought together with one. */
function aim(chains: readonly Chain[], map: readonly MapRow[]) {
  const keys = new Map(chains.flatMap(({ key, ids }) => ids.map((id) => [id, key] as const)));
  const targets = new Map<string, MapRow>();
  const strays: Outcome[] = [];
  for (const row of map) {
    const key = keys.get(row.certificateId);
    const other = key === undefined ? undefined : targets.get(key);
    if (key !== undefined && other === undefined) targets.set(key, row);
    else
      strays.push(
        tellProblem(
          row.serviceId,
          row.certificateId,
          other === undefined
            ? `Certificate ${row.certificateId} is not in the list of this account: check the id and the module`
            : `Certificate ${row.certificateId} is the same as ${other.certificateId} of service ${other.serviceId}, one a reissue of the other: nothing was brought in for this row`,
        ),
      );
  }
  return { targets, strays };
}

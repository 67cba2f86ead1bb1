import { bringMapped, bringPlaceholders } from './import-bring.js';
import { listOwners, type Chain } from './import-chains.js';
import { containFailure, describeUnowned, tellProblem } from './import-heads.js';
import { mapOwned } from './import-map.js';
import { checkOwned } from './import-owned.js';
import type { MapRow } from './import-request.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';

/**
 * What is to be said of one chain, and done about it in our books.
 * @throws WaitError to go on later; NamecheapError when Namecheap cannot be asked.
 */
export async function settleChain(run: ImportRun, chain: Chain, target: MapRow | null): Promise<Outcome[]> {
  return await containFailure(target?.serviceId ?? null, chain.ids.at(-1) ?? null, () =>
    lookAt(run, chain, target),
  );
}

async function lookAt(run: ImportRun, chain: Chain, target: MapRow | null): Promise<Outcome[]> {
  const { owners } = run.standing;
  const [owner, ...others] = listOwners(chain, owners);
  if (others.length > 0)
    return [
      tellProblem(
        owner ?? null,
        chain.ids.at(-1) ?? null,
        `Certificates of one order at the CA (${chain.ids.join(', ')}) belong to several services in our books: ${[owner, ...others].join(', ')}. Compare them with certificate show`,
      ),
    ];
  if (owner !== undefined) {
    const seen = await checkOwned(run, chain, owner, target);
    return target === null ? [seen] : await mapOwned(run, owner, target, seen);
  }
  if (target !== null) return await bringMapped(run, chain, target);
  const bought = listBought(run, chain);
  if (chain.live.length === 0) return bought;
  const isUsable = chain.live.some(({ status }) => status !== 'purchaseerror');
  if (run.plan.isRebuild && isUsable) return await bringPlaceholders(run, chain);
  return [...bought, ...(await markForeign(run, chain))];
}

/** Bought and not activated; what a purchase under way may explain is not told: it looks for itself. */
function listBought({ standing }: ImportRun, { waiting }: Chain): Outcome[] {
  return waiting.flatMap((row) => {
    if (standing.stock.has(row.certificateId)) return [describeUnowned('stock', row)];
    return standing.foreign.has(row.certificateId) ? [describeUnowned('foreign', row)] : [];
  });
}

async function markForeign(run: ImportRun, { live }: Chain): Promise<Outcome[]> {
  const { account, inventory } = run.work;
  for (const { certificateId, type, years } of live)
    await inventory.markForeign(account.id, account.module, { certificateId, type, years });
  return live.map((row) => describeUnowned('foreign', row));
}

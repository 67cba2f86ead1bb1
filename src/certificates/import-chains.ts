import type { ListRow } from '../namecheap/api.js';
import { isGone, isUnused } from './namecheap-status.js';

/** One CA order: a certificate and all its reissues, as far as the list tells. */
export interface Chain {
  /** Stable for as long as the list is. */
  key: string;
  /** By id: a reissue has a higher one than what it replaces. */
  rows: ListRow[];
  ids: number[];
  /** Being issued or in force. */
  live: ListRow[];
  /** Bought, not activated: a purchase may explain it, or it is stock. */
  waiting: ListRow[];
}

/**
 * The chains of a list. ProviderOrderID is the CA's order, which all reissues of one certificate share; it is not documented and
 * a row may have none: then it stands alone, and its successor is told by getInfo only.
 */
export function groupChains(rows: readonly ListRow[]): Chain[] {
  const groups = new Map<string, ListRow[]>();
  for (const row of rows) {
    const { providerOrderId, certificateId } = row;
    const isTold = providerOrderId !== null && !/^0*$/.test(providerOrderId);
    const key = isTold ? `order-${providerOrderId}` : `id-${certificateId}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups].map(([key, group]) => composeChain(key, group));
}

function composeChain(key: string, group: readonly ListRow[]): Chain {
  const rows = group.toSorted((a, b) => a.certificateId - b.certificateId);
  return {
    key,
    rows,
    ids: rows.map(({ certificateId }) => certificateId),
    live: rows.filter(({ status }) => !isUnused(status) && !isGone(status)),
    waiting: rows.filter(({ status }) => isUnused(status)),
  };
}

/** The services that own certificates of the chain, each once. */
export function listOwners(chain: Chain, owners: ReadonlyMap<number, string>): string[] {
  return [...new Set(chain.ids.flatMap((id) => owners.get(id) ?? []))];
}

/** Whether the list alone tells that nothing happened to the chain that its owner does not know. */
export function isAsKnown({ live, waiting }: Chain, owners: ReadonlyMap<number, string>): boolean {
  const present = [...live, ...waiting];
  return present.length > 0 && present.every(({ certificateId }) => owners.has(certificateId));
}

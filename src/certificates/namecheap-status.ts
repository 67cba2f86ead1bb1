/**
 * What Namecheap's words for a certificate mean, in lower case; `revoked` is not documented. A word that is not here (inprogress,
 * processing…) is neither over nor in trouble: it is waited for, and a certificate is not overlooked for it.
 */
const MEANINGS: ReadonlyMap<string, 'unused' | 'rejected' | 'gone'> = new Map([
  ['newpurchase', 'unused'],
  ['newrenewal', 'unused'],
  ['purchaseerror', 'rejected'],
  ['cancelled', 'gone'],
  ['canceled', 'gone'],
  ['deactivated', 'gone'],
  ['expired', 'gone'],
  ['replaced', 'gone'],
  ['revoked', 'gone'],
]);

/** Bought, and waiting to be activated. */
export function isUnused(status: string): boolean {
  return MEANINGS.get(status) === 'unused';
}

/** Nothing can come of it any more. */
export function isGone(status: string): boolean {
  return MEANINGS.get(status) === 'gone';
}

/** It needs a person: it is gone, or the CA rejected it. */
export function isTrouble(status: string): boolean {
  return isGone(status) || MEANINGS.get(status) === 'rejected';
}

import type { CertificateInfo } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import type { Chain } from './import-chains.js';
import { joinIds } from './import-heads.js';
import type { ImportRun } from './import-run.js';
import { readLeaf } from './leaf.js';
import { computeTermEnd } from './term.js';

/** A renewal may carry over what was left of the term before (90 days at most); dates of purchases are days only, ms. */
const DOUBTFUL_MS = 100 * 86_400_000;

/** The end of a paid term, ms; null when it follows from the certificate alone. */
export interface ImportedTerm {
  termEnd: number | null;
  /** What a person should know of it. */
  notes: string[];
}

/**
 * The end of the paid term: what the map says; else the first certificate's begin plus the years, for reissues never move
 * the term. The first one is read where it is not the head; where it is not handed out any more, the day of the purchase
 * stands in for it.
 */
export async function findTerm(
  run: ImportRun,
  chain: Chain,
  head: CertificateInfo,
  paidTill: string | undefined,
): Promise<ImportedTerm> {
  const years = head.years ?? chain.rows.at(-1)?.years ?? 1;
  const bought = readPurchaseDate(chain);
  if (paidTill !== undefined) {
    const termEnd = Date.parse(paidTill);
    const isDoubtful = bought !== null && termEnd > computeTermEnd(bought, years) + DOUBTFUL_MS;
    const doubt = `paidTill ${paidTill} of the map is taken, but ${years} year(s) bought ${String(chain.rows[0]?.purchaseDate)} end long before: check it`;
    return { termEnd, notes: isDoubtful ? [doubt] : [] };
  }
  const notes = /renewal/i.test(head.statusDescription)
    ? [
        'It is a renewal: days that were carried over from the term before are not told, so its paid term may end later than computed. Give paidTill in the map',
      ]
    : [];
  const [first] = joinIds(chain, head.certificateId);
  if (first === undefined || first === head.certificateId) return { termEnd: null, notes };
  const begin = (await readBegin(run, first)) ?? bought;
  return { termEnd: begin === null ? null : computeTermEnd(begin, years), notes };
}

function readPurchaseDate({ rows }: Chain): number | null {
  const date = rows[0]?.purchaseDate ?? null;
  return date === null ? null : Date.parse(date);
}

/** When the first certificate of a chain began, ms; null when Namecheap does not hand it out any more. */
async function readBegin(run: ImportRun, first: number): Promise<number | null> {
  try {
    const { certificate, chain } = await run.readInfo(first);
    return certificate === null ? null : readLeaf({ certificate, chain }).notBefore;
  } catch (error) {
    if (error instanceof NamecheapError && error.verdict === 'fail') return null;
    throw error;
  }
}

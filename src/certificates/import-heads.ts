import { PmnamecheapError, WaitError } from '../errors.js';
import type { CertificateInfo, ListRow } from '../namecheap/api.js';
import { StaleRecordError } from './errors.js';
import type { Chain } from './import-chains.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { walkChain } from './reissue.js';

/** Somebody changes a service again and again: the import looks at it later, ms. */
const STALE_MS = 1000;

/**
 * The newest certificate of a chain. One live row alone is it, unless getInfo names a successor that the list does not have yet;
 * where several are live or none is, the successors are followed from `start`.
 */
export async function findHead(run: ImportRun, chain: Chain, start: number): Promise<CertificateInfo> {
  const [live, ...others] = chain.live;
  const first = live !== undefined && others.length === 0 ? live.certificateId : start;
  return await walkChain(run.readInfo, first);
}

/** The ids of a chain with its head, oldest first. */
export function joinIds(chain: Chain, ...others: number[]): number[] {
  return [...new Set([...chain.ids, ...others])].sort((a, b) => a - b);
}

/** For people, what is nobody's. */
export function describeUnowned(
  kind: 'stock' | 'foreign',
  { certificateId, hostName, type, status }: ListRow,
): Outcome {
  return { kind, certificateId, commonName: hostName, type, status };
}

export function tellProblem(
  serviceId: string | null,
  certificateId: number | null,
  problem: string,
): Outcome {
  return { kind: 'problem', serviceId, certificateId, problem };
}

/**
 * What fails for good for one certificate is told of it: the others are none the worse for it.
 * @throws WaitError when the service changed meanwhile; everything that is not final.
 */
export async function containFailure(
  serviceId: string | null,
  certificateId: number | null,
  look: () => Promise<Outcome[]>,
): Promise<Outcome[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof StaleRecordError)
      throw new WaitError('A service is being changed by others; the import goes on in a moment', STALE_MS);
    if (!(error instanceof PmnamecheapError) || error.verdict !== 'fail') throw error;
    return [tellProblem(serviceId, certificateId, error.message)];
  }
}

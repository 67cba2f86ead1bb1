import type { CertificateInfo, ListRow } from '../namecheap/api.js';
import type { Chain } from './import-chains.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { walkChain } from './reissue.js';

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

import { describeError, FailError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { findHead, joinIds, tellProblem } from './import-heads.js';
import type { Chain } from './import-chains.js';
import { findFailedOrder } from './import-failed.js';
import { describeService } from './import-owned.js';
import { composeArrival, type Arrival } from './import-record.js';
import type { CreateAnswer, Newcomer } from './import-ports.js';
import type { MapRow } from './import-request.js';
import type { Outcome } from './import-result.js';
import type { ImportRun } from './import-run.js';
import { findTerm } from './import-term.js';
import { composePlaceholderId } from './placeholder.js';
import { isTrouble } from './namecheap-status.js';
import { describeStatus } from './trouble.js';

/** An unowned chain becomes the service of its row in the map. */
export async function bringMapped(run: ImportRun, chain: Chain, target: MapRow): Promise<Outcome[]> {
  const { serviceId, certificateId } = target;
  if (chain.waiting.length > 0 && chain.live.length === 0)
    return [
      tellProblem(
        serviceId,
        certificateId,
        `Certificate ${certificateId} is bought and not activated: there is nothing to bring in yet`,
      ),
    ];
  const head = await findHead(run, chain, certificateId);
  return await bringIn(run, 'mapped', chain, head, serviceId, target.paidTill);
}

/** Unowned chains of a lost inventory are kept until somebody says whose they are. */
export async function bringPlaceholders(run: ImportRun, chain: Chain): Promise<Outcome[]> {
  const heads = new Map<number, CertificateInfo>();
  for (const { certificateId } of chain.live) {
    const head = await findHead(run, chain, certificateId);
    heads.set(head.certificateId, head);
  }
  const outcomes: Outcome[] = [];
  for (const head of heads.values()) {
    // Several heads under one order of the CA would be a surprise: each keeps to itself then.
    const own = heads.size === 1 ? chain : { ...chain, ids: [head.certificateId] };
    const serviceId = composePlaceholderId(joinIds(own, head.certificateId)[0] ?? head.certificateId);
    outcomes.push(...(await bringIn(run, 'created', own, head, serviceId, undefined)));
  }
  return outcomes;
}

async function bringIn(
  run: ImportRun,
  kind: 'created' | 'mapped',
  chain: Chain,
  head: CertificateInfo,
  serviceId: string,
  paidTill: string | undefined,
): Promise<Outcome[]> {
  const { work } = run;
  const { certificateId } = head;
  const owner = { module: work.account.module, serviceId };
  let newcomer: Newcomer;
  let notes: string[];
  try {
    demandUsable(head);
    const term = await findTerm(run, chain, head, paidTill);
    notes = term.notes;
    const cause =
      kind === 'mapped' ? `imported: certificate ${certificateId} of the map` : 'imported without a service';
    const arrival: Arrival = {
      ...{ owner, account: work.account.id, certificateIds: joinIds(chain, certificateId), head },
      ...{ row: chain.rows.at(-1) ?? { years: null }, termEnd: term.termEnd, requestId: run.id, cause },
    };
    newcomer = composeArrival(work, arrival);
  } catch (error) {
    if (!(error instanceof FailError)) throw error;
    return [tellProblem(kind === 'mapped' ? serviceId : null, certificateId, describeError(error))];
  }
  const { record } = newcomer;
  const refusal = explainAnswer(
    await work.inventory.create(newcomer, await findFailedOrder(run, serviceId)),
    serviceId,
  );
  if (refusal !== null) return [tellProblem(serviceId, certificateId, refusal)];
  const problems = [...notes, ...(kind === 'mapped' && record.problem !== null ? [record.problem] : [])];
  return [
    describeService(kind, record),
    ...problems.map((problem) => tellProblem(serviceId, certificateId, problem)),
  ];
}

/** Null when it was done. */
export function explainAnswer(answer: CreateAnswer, serviceId: string): string | null {
  switch (answer.kind) {
    case 'created':
      return null;
    case 'exists':
      return `Service ${serviceId} exists already with another certificate: nothing was changed. Compare them with certificate show ${serviceId}`;
    case 'claimed':
      return `It belongs to service ${answer.owner} in our books: nothing was changed`;
    case 'stale':
      return 'Its record is being worked on: nothing was changed. Run the import again later';
  }
}

/** @throws FailError with what to do. */
function demandUsable({ certificateId, status, certificate, csr }: CertificateInfo): void {
  const fail = (why: string) => new FailError(why, 'ERR_NOT_IMPORTED');
  if (isTrouble(status) && status !== 'expired') throw fail(describeStatus(certificateId, status));
  if (certificate !== null) return;
  if (status === 'expired')
    throw fail(`Certificate ${certificateId} has expired, and Namecheap does not hand it out any more`);
  if (csr === null)
    throw fail(
      `Certificate ${certificateId} is "${status}" and its CSR is not told, so nothing that is issued could be verified: import it once it is active`,
    );
}

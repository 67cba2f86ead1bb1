import { findProduct, spellType } from '../../config/products.js';
import { readStage, type CertificateRecord } from '../../src/certificates/record.js';
import { settle } from './crash.js';
import type { FragilePlay } from './fragile-play.js';
import { readLedger } from './outcome.js';
import type { Play } from './play.js';

/** How often a person looks, decides and lets the billing system send its request again. */
const ROUNDS = 8;

/** What the billing system sent for a service; it sends the same again when it hears of no end. */
export interface Requests {
  order: Record<string, unknown>;
  /** Null: nothing, or the scan does it. */
  followUp: { job: string; payload: Record<string, unknown> } | null;
}

/** The requests that `prepare` of a story has accepted. */
export async function readRequests(play: Play, serviceId: string): Promise<Requests> {
  const stored = await play.bench.store.certificates.load(serviceId);
  if (stored === null) throw new Error(`${serviceId} was not accepted`);
  const [errand] = stored.record.errands;
  const order = { ...stored.request };
  if (errand === undefined) return { order, followUp: null };
  return { order, followUp: { job: errand.job, payload: { ...errand.payload, requestId: errand.id } } };
}

/**
 * What people do after data was lost, as the software tells them: the requests are sent again, what is undecided or parked
 * is decided for the service that it was bought for, and the repeating jobs go on.
 * @returns what was decided, for the report of a failure.
 */
export async function recover(
  { play }: FragilePlay,
  serviceId: string,
  requests: Requests,
): Promise<string[]> {
  const decisions: string[] = [];
  let isSent = false;
  for (let round = 0; round < ROUNDS; round++) {
    isSent = (await sendAgain(play, serviceId, requests)) || isSent;
    await play.drain();
    await settle(play, serviceId);
    const decision = await decide(play, serviceId);
    if (decision !== null) decisions.push(decision);
    else if (isSent) break;
  }
  // docs/backup.md: at the end the account is compared as a whole.
  const end = await play.run('import', { module: 'default' });
  return [...decisions, `reconcile (${JSON.stringify(end).slice(0, 300)})`];
}

/** @returns whether everything was sent: a renewal of what is not ordered yet must wait. */
async function sendAgain(play: Play, serviceId: string, { order, followUp }: Requests): Promise<boolean> {
  const known = await play.bench.store.certificates.load(serviceId);
  if (known === null || known.record.issuedAt === null) await play.run('order', order);
  if (followUp === null) return true;
  if (known?.record.status !== 'issued') return false;
  await play.run(followUp.job, followUp.payload);
  return true;
}

/** @returns what was decided; null where nothing needs a person. */
async function decide(play: Play, serviceId: string): Promise<string | null> {
  const { store, work } = play.bench;
  const state = await store.gates.look(work.account.id, '', '');
  if (state.kind === 'undecided') {
    for (const id of state.certificateIds) await markOurs(play, id);
    return `ours: ${state.certificateIds.join(', ')}`;
  }
  if (state.kind === 'empty') {
    await play.run('import', { module: 'default' });
    return 'reconcile';
  }
  const record = (await store.certificates.load(serviceId))?.record;
  return record !== undefined && readStage(record) === 'parked' ? await adopt(play, record) : null;
}

/** As the sentence has it: what it names is adopted, or the order is given up and the certificate brought in. */
async function adopt(play: Play, record: CertificateRecord): Promise<string> {
  const { serviceId, problem } = record;
  const told = /--adopt (\d+)/.exec(problem ?? '')?.[1];
  const id = Number(told ?? (await findNewest(play, record)));
  const ends = [await play.run('resolve', { serviceId, decision: { adopt: id } })];
  await play.drain();
  if (ends[0]?.kind === 'fail') {
    ends.push(await play.run('resolve', { serviceId, decision: 'release' }));
    ends.push(await play.run('import', { module: 'default', map: [{ serviceId, certificateId: id }] }));
  }
  return `adopt ${id} for: ${problem ?? ''} ${JSON.stringify(ends)}`;
}

async function markOurs(play: Play, id: number): Promise<void> {
  const seen = (await readLedger(play)).certificates.find(({ certificateId }) => certificateId === id);
  if (seen === undefined) throw new Error(`certificate ${id} is not in the account`);
  const { store, work } = play.bench;
  await store.stock.markOurs(work.account.id, id, {
    product: findProduct(seen.type)?.canonical ?? '',
    ...{ type: spellType(seen.type), years: seen.years, sansToAdd: 0, purchaseId: 'lost' },
  });
}

/** The newest certificate at Namecheap for the name that no other service owns. */
async function findNewest(play: Play, record: CertificateRecord): Promise<number | null> {
  const { store, work } = play.bench;
  const claims = await store.redis.hgetall(store.keys.account(work.account.id, 'claims'));
  const { certificates } = await readLedger(play);
  const fitting = certificates.filter(({ certificateId, commonName, status }) => {
    const owner = claims[String(certificateId)] ?? record.serviceId;
    const isOfName = commonName === null || commonName === record.commonName;
    return isOfName && owner === record.serviceId && !GONE.includes(status);
  });
  return Math.max(...fitting.map(({ certificateId }) => certificateId));
}

/** What nobody can use any more is nobody's. */
const GONE = ['replaced', 'cancelled', 'revoked'];

/** Each certificate of the account is exactly one of owned, stock and foreign (I3). @returns those that are not. */
export async function findStrays(play: Play): Promise<string[]> {
  const { store, work } = play.bench;
  const read = (what: string) => store.redis.hkeys(store.keys.account(work.account.id, what));
  const books = await Promise.all(['claims', 'stock', 'foreign'].map(read));
  const { certificates } = await readLedger(play);
  return certificates
    .filter(({ status }) => !GONE.includes(status))
    .map(({ certificateId }) => String(certificateId))
    .filter((id) => books.filter((book) => book.includes(id)).length !== 1);
}

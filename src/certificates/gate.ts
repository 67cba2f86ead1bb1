import { WaitError } from '../errors.js';
import type { CertificateInfo } from '../namecheap/api.js';
import { NamecheapError } from '../namecheap/errors.js';
import type { GateState, Twin } from './gate-ports.js';
import { refreshListing } from './listing.js';
import { parkRecord } from './park.js';
import type { Work } from './ports.js';
import type { CertificateRecord } from './record.js';
import { describeSeen, surveyAccount } from './survey.js';
import { saveWait } from './wait.js';

/** What a person must decide costs no call to look at: look often, so that the order goes on soon after, ms. */
const UNDECIDED_LOOK_MS = 60_000;

/** A worker that died while it compared is forgotten after this long, ms. */
const COMPARING_MS = 60_000;

/** While another worker compares, look again after this long, ms. */
const AGAIN_MS = 1000;

type Open = Extract<GateState, { kind: 'open' }>;

/**
 * Lets a purchase pass only where our books are those that were last compared with the account at Namecheap. After a
 * restart or failover of Redis, after a restore, and at the first contact with an account, they are compared first: a purchase that
 * the books have lost must not be made again.
 * @throws WaitError while the account is being read, or a person must decide; NamecheapError.
 */
export async function passGate(work: Work, record: CertificateRecord): Promise<Open> {
  const since = Date.parse(record.operation?.since ?? record.acceptedAt);
  const state = await openGate(work, record, since);
  if (state.kind === 'open') return state;
  throw await saveWait(
    work,
    record,
    describeClosed(state, work.account.module),
    UNDECIDED_LOOK_MS,
    work.lease,
  );
}

/**
 * Compares the books where that is due. What only a person can decide is announced once.
 * @param waitingSince as in {@link refreshListing}, ms
 * @returns where the gate stands now.
 */
export async function openGate(
  work: Work,
  { commonName, serviceId }: Pick<CertificateRecord, 'commonName' | 'serviceId'>,
  waitingSince: number,
): Promise<GateState> {
  const { account, gates } = work;
  let state = await gates.look(account.id, commonName, serviceId);
  if (state.kind === 'unread') {
    await compareOnce(work, state, waitingSince);
    state = await gates.look(account.id, commonName, serviceId);
  }
  if (state.kind !== 'undecided' && state.kind !== 'empty') return state;
  const problem = describeClosed(state, account.module);
  const certificateIds = state.kind === 'undecided' ? state.certificateIds : [];
  // Not by the sentence, which names the module: several may lead to this account.
  if (await gates.noteTold(account.id, [state.kind, ...certificateIds].join(' '))) {
    await work.announce({
      ...{ type: 'account.audit-failed', serviceId: null, module: account.module },
      data: { problem, certificateIds },
    });
  }
  return state;
}

/** While one worker compares, the others wait. @throws WaitError while another one does. */
async function compareOnce(
  work: Work,
  state: Extract<GateState, { kind: 'unread' }>,
  waitingSince: number,
): Promise<void> {
  const { account, listings, lease } = work;
  if (!(await listings.lock(account.id, 'survey', lease, COMPARING_MS)))
    throw new WaitError(
      `Another worker compares the account of module ${account.module} with our books`,
      AGAIN_MS,
    );
  try {
    await compareBooks(work, state, waitingSince);
  } finally {
    await listings.unlock(account.id, 'survey', lease);
  }
}

async function compareBooks(
  work: Work,
  { since, isLoss }: Extract<GateState, { kind: 'unread' }>,
  waitingSince: number,
): Promise<void> {
  const { account, gates, log } = work;
  log.log(
    4,
    'gate',
    isLoss
      ? `Redis was restarted, failed over or restored: module ${account.module} is compared with Namecheap before anything is bought`
      : `first contact with the account of module ${account.module}: it is read before anything is bought`,
  );
  // Told before the first list: after a failover between two of them another Redis has other books, and begins anew.
  const server = await gates.readServer();
  // What was bought and not activated has no name: a list of its own tells whose it is.
  const { rows } = await refreshListing(work, 'order', waitingSince);
  if (isLoss) {
    await gates.rewriteLog();
    await noteUsedStock(work, new Set(rows.map(({ certificateId }) => certificateId)));
    await refreshListing(work, 'renew', waitingSince);
  }
  const survey = await surveyAccount(work, since, () => work.keepLease(), server);
  await gates.finish(account.id, { ...survey, isByPerson: false });
}

/**
 * What our books call stock and Namecheap lists no more was used after they were written, by an order of ours perhaps. It may
 * have been bought long before the last survey, so each is asked for; then it leaves the stock, and its name is remembered.
 */
async function noteUsedStock(work: Work, listed: ReadonlySet<number>): Promise<void> {
  const { account, gates } = work;
  const stock = await gates.listStock(account.id);
  for (const certificateId of stock.filter((id) => !listed.has(id))) {
    await work.keepLease();
    const seen = await lookAtStock(work, certificateId);
    if (seen !== null) await gates.noteRows(account.id, account.module, [describeSeen(seen)], null);
  }
}

/** Null where Namecheap does not know it: that is for the audit to tell, and nothing to stop every purchase for. */
async function lookAtStock(
  { account, signal }: Work,
  certificateId: number,
): Promise<CertificateInfo | null> {
  try {
    return await account.api.getInfo({ certificateId }, { signal });
  } catch (error) {
    if (error instanceof NamecheapError && error.verdict === 'fail') return null;
    throw error;
  }
}

/** For people: why nothing is bought, and what to do. */
export function describeClosed(state: Exclude<GateState, { kind: 'open' }>, module: string): string {
  switch (state.kind) {
    case 'unread':
      return `Purchases of module ${module} wait until our books are compared with the account at Namecheap: Redis was restarted, failed over or restored`;
    case 'undecided':
      return (
        `Redis was restarted, failed over or restored, and the account of module ${module} has bought certificates that our books do not know: ${state.certificateIds.join(', ')}. ` +
        'They may be ours, from before data was lost, so nothing is bought until it is said whose each of them is: pmnamecheap stock mark ID --ours (the next fitting order takes it) or --foreign (bought by others, or a renewal: the renew job of its service finds it)'
      );
    case 'empty':
      return (
        `The database is empty, and it should not be (PMNAMECHEAP_EXPECT_DATA, or this worker has seen its data before): nothing is bought for module ${module}. ` +
        `Bring back what was there with pmnamecheap certificate restore FILE; where there is no file, or this is a new installation, compare with Namecheap: pmnamecheap module reconcile ${module}`
      );
  }
}

/**
 * Parks an order or renewal of a name for which Namecheap has a live certificate that no service of ours owns: it may be the one
 * that was bought for it before data was lost. A person who wants another one all the same says so once.
 */
export async function demandNoTwin(
  work: Work,
  record: CertificateRecord,
  twin: Twin | null,
): Promise<CertificateRecord> {
  if (twin === null || record.announced.twin === String(twin.certificateId)) return record;
  const announced = { ...record.announced, twin: String(twin.certificateId) };
  throw await parkRecord(work, { ...record, announced }, describeTwin(record, twin, '--retry'));
}

/** For people. @param again the decision that buys another one all the same */
export function describeTwin(
  { serviceId, commonName, operation }: CertificateRecord,
  { certificateId: id, keptAs }: Twin,
  again: '--retry' | '--not-made',
): string {
  const kept = keptAs === null ? 'none of our services owns it' : `it is kept as ${keptAs}`;
  // A service that has a certificate takes no second one by a map.
  const where = operation?.job === 'renew' ? ' under a service id of its own' : '';
  const byMap = `certificate resolve ${serviceId} --release and certificate import --map${where}`;
  const way =
    keptAs === null
      ? `certificate resolve ${serviceId} --adopt ${id} (its CSR must be ours), or ${byMap}`
      : byMap;
  return (
    `Namecheap has a live certificate for ${commonName}, ${id}, and ${kept}: it may have been bought for this service before data was lost, or by hand. Nothing was bought. ` +
    `If it is this service's: ${way}. To buy another one all the same: certificate resolve ${serviceId} ${again}`
  );
}

import type { Books } from './decision-ports.js';
import type { OrderPayload } from './order-payload.js';
import { planNextReissue } from './plan-reissue.js';
import type { LifecycleSettings, Stored } from './ports.js';
import { isFollowUp, readFlightId, readStage, type CertificateRecord, type Status } from './record.js';
import { restoreShelved } from './shelf.js';
import { moveRecord } from './transitions.js';

/** A record as a decision leaves it, and the sentence for its history. */
export interface Move {
  after: CertificateRecord;
  cause: string;
  /** Only where it changes. */
  draft?: OrderPayload | null;
}

/** What waits is looked at at once, and has its whole patience again. */
function restart(record: CertificateRecord, now: number): Partial<CertificateRecord> {
  const at = new Date(now).toISOString();
  const fresh = { attempts: 0, lostTries: 0, problem: null, nextActionAt: now };
  return isFollowUp(record)
    ? { ...fresh, operation: record.operation && { ...record.operation, acceptedAt: at } }
    : { ...fresh, acceptedAt: at };
}

/** What is parked goes on from where it stood, looking first; an automation that was stopped begins again. */
export function moveRetry(
  { record, request, books }: Pick<Stored, 'record' | 'request'> & { books: Books },
  settings: LifecycleSettings,
  now: number,
): Move {
  if (readStage(record) !== 'parked') return resumeAutomation(record, request, settings);
  const { to, changes } = planRetry(record, books);
  const after = moveRecord(record, to, now, { ...restart(record, now), ...changes });
  return {
    after,
    cause: `decided by a person: try again, ${to === 'accepted' ? 'from the beginning' : `from ${to}`}`,
  };
}

function planRetry(
  record: CertificateRecord,
  books: Books,
): { to: Status; changes: Partial<CertificateRecord> } {
  const { activationBegunAt, activatedAt, operation, purchase } = record;
  if (readFlightId(record) !== null) {
    // Namecheap refuses a second reissue while one is pending, and the successor is known: it is looked at.
    if (operation?.job === 'reissue') return { to: 'pending-validation', changes: {} };
    // Support may have reset it meanwhile: looked up, it is pending again, or activated anew.
    return { to: 'purchased', changes: { activationBegunAt: activationBegunAt ?? activatedAt } };
  }
  if (books.kind === 'unsettled')
    return { to: 'purchase-unclear', changes: { purchase: { ...books.purchase, cleanLooks: 0 } } };
  const isBought = books.kind === 'made' && purchase?.kind === 'names';
  return { to: isBought ? 'purchased' : 'accepted', changes: {} };
}

/** What stops it still was judged before: see judgeDecision. */
function resumeAutomation(
  record: CertificateRecord,
  request: OrderPayload,
  settings: LifecycleSettings,
): Move {
  const plan = planNextReissue(record, request, settings);
  const after = { ...record, ...plan, problem: null, announced: forgetReissue(record.announced) };
  const next = plan.nextReissueAt ?? 'is not needed';
  return { after, cause: `decided by a person: reissues go on, the next one ${next}` };
}

/** The scan may begin the reissue of this End date again, and tell of a gap again. */
function forgetReissue(announced: CertificateRecord['announced']): CertificateRecord['announced'] {
  const rest = { ...announced };
  delete rest.reissue;
  delete rest.gap;
  return rest;
}

/** Nothing was bought: it is tried again. */
export function moveNotMade(record: CertificateRecord, now: number): Move {
  const after = moveRecord(record, 'accepted', now, { ...restart(record, now), purchase: null });
  return { after, cause: 'decided by a person: not made; it is tried again' };
}

const NOTHING_IN_FLIGHT = {
  ...{ purchase: null, activationBegunAt: null, activatedAt: null, validation: [] },
  ...{ problem: null, attempts: 0, lostTries: 0, nextActionAt: null },
} satisfies Partial<CertificateRecord>;

/** The renewal or reissue is dropped; the certificate in force and its reissues go on, and what was put aside comes back. */
export function dropFollowUp({ record, request }: Pick<Stored, 'record' | 'request'>, now: number): Move {
  const { operation } = record;
  const dropped = {
    ...{ ...record, ...NOTHING_IN_FLIGHT, operation: null },
    announced: { ...forgetReissue(record.announced) },
  };
  // Another renewal or reissue has to be looked at anew.
  delete dropped.announced.twin;
  const { after, draft } = restoreShelved(dropped, request, now);
  const id = readFlightId(record);
  const kept = id === null ? '' : `; certificate ${id} stays claimed by this service`;
  return {
    after,
    draft,
    cause: `decided by a person: the ${operation?.job ?? 'operation'} is given up${kept}`,
  };
}

/** The order failed and owns nothing: it may be ordered afresh. */
export function failOrder(record: CertificateRecord, now: number, why: string): Move {
  const cause = `decided by a person: given up${why}`;
  const after = moveRecord(record, 'failed', now, {
    ...{ ...NOTHING_IN_FLIGHT, certificateId: null, certificateIds: [], type: null, sansAdded: 0 },
    ...{ orderId: null, transactionId: null, charged: null },
    problem: `Given up by a person${why}. Order the same serviceId again to begin afresh.`,
  });
  return { after, cause };
}

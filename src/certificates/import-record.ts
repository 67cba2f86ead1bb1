import { spellType } from '../../config/products.js';
import type { CertificateInfo, ListRow } from '../namecheap/api.js';
import { blankRecord } from './accept.js';
import { collectDelay } from './due.js';
import { rebuildRequest, type Owner, type RebuiltRequest } from './import-compose.js';
import { nameErrand } from './inbox.js';
import type { Newcomer } from './import-ports.js';
import { composeIssued, describeLife } from './issuance.js';
import { readLeaf, type SeenLeaf } from './leaf.js';
import { fingerprintOrder } from './order-payload.js';
import { PLACEHOLDER_STOP } from './placeholder.js';
import { planNextReissue } from './plan-reissue.js';
import type { LifecycleSettings, Stored } from './ports.js';
import type { CertificateRecord } from './record.js';
import { composeOperation, moveStatus } from './transitions.js';

/** A certificate that comes in, and what is known of it. Times in ms. */
export interface Arrival {
  owner: Owner;
  account: string;
  /** The chain, oldest first, the head among them. */
  certificateIds: number[];
  head: CertificateInfo;
  row: Pick<ListRow, 'years'>;
  /** Null: it is the first issue of the head plus the years. */
  termEnd: number | null;
  /** The id of the import. */
  requestId: string;
  cause: string;
}

interface Setting {
  settings: LifecycleSettings;
  now(): number;
}

/** The record of a certificate that somebody bought without us, as if we had: pending, issued or expired. */
export function composeArrival(setting: Setting, arrival: Arrival): Newcomer {
  const { head, owner, row } = arrival;
  const leaf = head.certificate === null ? null : readLeaf({ ...head, certificate: head.certificate });
  const rebuilt = rebuildRequest(owner, head, leaf, head.years ?? row.years ?? 1);
  const { request } = rebuilt;
  const record = composePending(setting, arrival, rebuilt);
  if (leaf === null) return { record, request, change: { cause: arrival.cause } };
  return bringIntoForce(setting, arrival, { record, request, draft: null }, leaf);
}

function composePending(setting: Setting, arrival: Arrival, rebuilt: RebuiltRequest): CertificateRecord {
  const { head, owner, account, termEnd, certificateIds, requestId } = arrival;
  const { request, commonName, sans, sansAdded } = rebuilt;
  const now = setting.now();
  const at = new Date(now).toISOString();
  const { dcv } = request;
  return {
    ...blankRecord(owner.serviceId, now),
    ...{ module: owner.module, account, status: 'pending-validation' },
    operation: composeOperation('order', 'pending-validation', now),
    ...{ requestedType: request.type, type: spellType(head.type), years: request.years },
    ...{ commonName, sans, sansAdded, fingerprint: fingerprintOrder(request) },
    ...{ certificateId: head.certificateId, certificateIds, orderId: head.orderId },
    activatedAt: at,
    validation:
      dcv.method === 'email'
        ? [{ domain: commonName, method: 'email', approverEmail: dcv.approverEmail ?? '' }]
        : [],
    problem:
      dcv.method === 'email'
        ? null
        : 'What is to be published for its validation is not told: ask for it with a dcv job.',
    termEnd: termEnd === null ? null : new Date(termEnd).toISOString(),
    doneErrands: [nameErrand('import', requestId)],
    nextActionAt: now + collectDelay(0, setting.settings.collectEveryMs),
  };
}

function bringIntoForce(
  setting: Setting,
  { head, cause }: Arrival,
  stored: Omit<Stored, 'pem'>,
  leaf: SeenLeaf,
): Newcomer {
  const { after, change } = composeIssued(setting, stored, leaf, head.type);
  const { request } = stored;
  const issued = { ...after, activatedAt: null, validation: [] };
  const record = leaf.notAfter > setting.now() ? issued : moveStatus(issued, 'expired');
  // Nothing is announced: for the billing system nothing has happened to the certificate.
  return { record, request, change: { cause, pem: change.pem } };
}

/** A placeholder as it goes on under the id of its service. */
export function composeMoved(
  setting: Setting,
  { record, request, pem }: Stored,
  arrival: Pick<Arrival, 'owner' | 'termEnd' | 'requestId' | 'cause'>,
): Newcomer {
  const { owner, requestId, cause } = arrival;
  const termEnd = arrival.termEnd ?? (record.termEnd === null ? null : Date.parse(record.termEnd));
  const order = { ...request, ...owner };
  const named = {
    ...{ ...record, ...owner, fingerprint: fingerprintOrder(order) },
    termEnd: termEnd === null ? null : new Date(termEnd).toISOString(),
    acceptedAt: new Date(setting.now()).toISOString(),
    ...{ announced: {}, automationStopped: null, doneErrands: [nameErrand('import', requestId)] },
    // What was said of the certificate stays said, but not that it has no service.
    problem: record.problem?.includes(PLACEHOLDER_STOP) === true ? null : record.problem,
  };
  const change = { cause: `${cause}; before that ${record.serviceId}`, ...(pem === null ? {} : { pem }) };
  if (record.issuedAt === null || record.endDate === null || termEnd === null)
    return { record: named, request: order, change };
  const life = { notBefore: Date.parse(record.issuedAt), notAfter: Date.parse(record.endDate) };
  const placed = { ...named, ...describeLife(life, termEnd) };
  const plan = planNextReissue(placed, order, setting.settings);
  const problem = plan.automationStopped ?? named.problem;
  return { record: { ...placed, ...plan, problem }, request: order, change };
}

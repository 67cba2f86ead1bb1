import type { CertificateRecord } from './record.js';
import { computeTermEnd } from './term.js';

/** What proves a name: a click in a mail, or something published by the customer or the billing system. `unknown`: the record does not tell. */
export const ACTION_METHODS = ['email', 'http', 'dns', 'unknown'] as const;
export type ActionMethod = (typeof ACTION_METHODS)[number];

/** One issued certificate of the fleet, as a rehearsal plays it. Times in ms. */
export interface FleetItem {
  serviceId: string;
  account: string;
  product: string;
  years: number;
  /** One per name: each is validated again at every reissue and renewal. */
  methods: readonly ActionMethod[];
  issuedAt: number;
  endDate: number;
  termEnd: number;
}

/** A service that waits for a person already. */
export interface StuckService {
  serviceId: string;
  status: string;
  problem: string;
}

export interface Fleet {
  items: FleetItem[];
  /** How many services are not played, by status. */
  notInPlay: Record<string, number>;
  stuck: StuckService[];
}

/** A fleet without services. */
export function createFleet(): Fleet {
  return { items: [], notInPlay: {}, stuck: [] };
}

/** Adds one service: to those that are played when it has a certificate in force of a term that has not ended, else to the counts. */
export function addToFleet(fleet: Fleet, record: CertificateRecord, now: number): void {
  const isOver = record.status === 'closed' || record.status === 'revoked';
  if (record.status === 'parked' || (record.problem !== null && !isOver)) {
    const { serviceId, status, problem } = record;
    fleet.stuck.push({ serviceId, status, problem: problem ?? 'no reason is known' });
  }
  const isPlayed = ['issued', 'expired'].includes(record.status) && record.automationStopped === null;
  const item = isPlayed ? composeItem(record) : null;
  if (item !== null && item.termEnd > now) fleet.items.push(item);
  else countOut(fleet, isPlayed && record.status === 'issued' ? describeIssued(item) : describeIdle(record));
}

function describeIssued(item: FleetItem | null): string {
  return item === null ? 'issued, dates unknown' : 'issued, term over';
}

function describeIdle({ status, automationStopped }: CertificateRecord): string {
  return automationStopped === null ? status : `${status}, automation stopped`;
}

function countOut({ notInPlay }: Fleet, reason: string): void {
  notInPlay[reason] = (notInPlay[reason] ?? 0) + 1;
}

/** Null when the dates are not known. */
function composeItem(record: CertificateRecord): FleetItem | null {
  const { serviceId, account, years, validation } = record;
  if (record.issuedAt === null || record.endDate === null) return null;
  const issuedAt = Date.parse(record.issuedAt);
  return {
    ...{ serviceId, account, years, issuedAt },
    product: record.type ?? record.requestedType,
    methods: validation.length === 0 ? ['unknown'] : validation.map(({ method }) => method),
    endDate: Date.parse(record.endDate),
    termEnd: record.termEnd === null ? computeTermEnd(issuedAt, years) : Date.parse(record.termEnd),
  };
}

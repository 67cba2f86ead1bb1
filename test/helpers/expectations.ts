import { expect } from 'vitest';
import { computeNextScan } from '../../src/certificates/agenda.js';
import {
  STATUSES,
  type CertificateRecord,
  type Purchase,
  type Status,
} from '../../src/certificates/record.js';
import { nameMember } from '../../src/store/errand-index.js';
import { purchaseSchema } from '../../src/store/schemas.js';
import { readLedger } from './outcome.js';
import type { Play } from './play.js';
import { SERVICES, type Command } from './walk.js';

const COVERED_MS = 2 * 86_400_000;

/** States from which the system goes on by itself. */
const OPEN: readonly Status[] = [
  'accepted',
  'purchasing',
  'purchase-unclear',
  'purchased',
  'pending-validation',
];

/** The services as they were before a command. */
export type Before = Map<string, CertificateRecord>;

/** What a customer, an accountant and an operator may expect after any command, told without the code that sees to it. */
export class Expectations {
  readonly #play: Play;
  /** Everything that was ever tried to be bought, by key. */
  readonly #keys = new Set<string>();
  /** Decisions that may be wrong: a person said "not made", or gave up. */
  #judgements = 0;

  constructor(play: Play) {
    this.#play = play;
  }

  async #load(): Promise<Before> {
    const records: Before = new Map();
    for (const serviceId of SERVICES) {
      // Parses what is stored: a record that its own schema refuses throws here.
      const stored = await this.#play.bench.store.certificates.load(serviceId);
      if (stored !== null) records.set(serviceId, stored.record);
    }
    return records;
  }

  async #readAccount(what: string): Promise<Record<string, string>> {
    const { store, work } = this.#play.bench;
    return await store.redis.hgetall(store.keys.account(work.account.id, what));
  }

  async note(): Promise<Before> {
    return await this.#load();
  }

  /** @param step what happened in between; null for the calm at the end */
  async demand(before: Before, step: Command | null): Promise<void> {
    if (step?.kind === 'ask') {
      this.#judgements += step.asks.filter(
        ({ job, variant }) => job === 'resolve' && variant % 4 !== 0,
      ).length;
    }
    for (const [serviceId, record] of await this.#load()) {
      demandShape(record);
      demandClocks(record);
      const former = before.get(serviceId);
      if (former !== undefined) demandProgress(former, record, this.#judgements > 0);
      await this.#demandHistory(record);
      await this.#demandIndexes(record);
    }
    await this.#demandMoney();
  }

  /** Each entry goes on where the one before ended, and there is one for each change. */
  async #demandHistory(record: CertificateRecord): Promise<void> {
    const history = await this.#play.bench.store.certificates.readHistory(record.serviceId);
    expect(history.length).toBe(record.version);
    let last: Status | null = null;
    for (const { from, to, cause } of history) {
      expect(from).toBe(last);
      expect(cause).not.toBe('');
      last = to;
    }
    expect(last).toBe(record.status);
    const entered = (status: Status) =>
      history.filter(({ from, to }) => to === status && from !== status).length;
    const events = (await this.#play.readEvents()).filter(({ serviceId }) => serviceId === record.serviceId);
    const told = (type: string) => events.filter((event) => event.type === `certificate.${type}`).length;
    expect(told('closed')).toBe(entered('closed'));
    expect(told('expired')).toBe(entered('expired'));
    expect(told('accepted')).toBeGreaterThan(0);
    expect(told('parked')).toBeGreaterThanOrEqual(
      history.filter(({ from, to }) => to === 'parked' && from !== to && from !== 'closed').length,
    );
    const inForce = told('issued') + told('reissued') + told('renewed');
    expect(inForce > 0).toBe(record.endDate !== null);
    expect(inForce).toBeLessThanOrEqual(record.certificateIds.length);
  }

  /** Whoever looks into the indexes finds what the records say. */
  async #demandIndexes(record: CertificateRecord): Promise<void> {
    const { redis, keys } = this.#play.bench.store;
    const { serviceId, nextActionAt, errands } = record;
    expect((await redis.zscore(keys.open, serviceId)) !== null, 'stands in open').toBe(nextActionAt !== null);
    expect((await redis.zscore(keys.due, serviceId)) !== null, 'stands in due').toBe(
      computeNextScan(record) !== null,
    );
    const members = await redis.zrange(keys.errands, '0', '-1');
    const own = members.filter((member) => member.startsWith(`${serviceId}|`)).sort();
    expect(own).toEqual(errands.map(({ job, id }) => nameMember({ serviceId, job, id })).sort());
  }

  /** Bought at most once per key, each certificate in one place only, at most one purchase unsettled per lane. */
  async #demandMoney(): Promise<void> {
    const names = ['lanes', 'purchases', 'claims', 'stock', 'foreign', 'ledger'];
    const [lanes = {}, purchases = {}, claims = {}, stock = {}, foreign = {}, ledger = {}] =
      await Promise.all(names.map((name) => this.#readAccount(name)));
    const unsettled = Object.values(lanes).map((json): Purchase => purchaseSchema.parse(JSON.parse(json)));
    for (const key of [...Object.keys(purchases), ...unsettled.map((purchase) => purchase.key)])
      this.#keys.add(key);
    const { charges } = await readLedger(this.#play);
    const own = charges.filter(({ byHand }) => byHand !== true);
    expect(own.length, 'charges').toBeLessThanOrEqual(this.#keys.size + this.#judgements);
    expect(Object.keys(ledger).length, 'ledger').toBeLessThanOrEqual(charges.length + this.#judgements);
    const places = [...Object.keys(claims), ...Object.keys(stock), ...Object.keys(foreign)];
    expect(new Set(places).size, 'one place for each certificate').toBe(places.length);
    for (const record of (await this.#load()).values()) {
      for (const id of record.certificateIds) expect(claims[String(id)]).toBe(record.serviceId);
    }
  }

  /** Once nothing disturbs any more: nothing is left under way but what waits for a person. */
  async demandRest(): Promise<void> {
    for (const record of (await this.#load()).values()) {
      const { operation, status } = record;
      const stage = operation === null ? status : operation.state;
      expect(OPEN, `${record.serviceId} is still ${stage}: ${String(record.problem)}`).not.toContain(stage);
      if (stage === 'parked') expect(record.problem ?? '').toMatch(/\w{3,}.*(--|order|close|certificate)/s);
    }
    if (this.#judgements > 0) return;
    // I2: what Namecheap charged is what our books hold.
    const [ledger, lanes] = await Promise.all(['ledger', 'lanes'].map((name) => this.#readAccount(name)));
    const { charges } = await readLedger(this.#play);
    expect(lanes).toEqual({});
    expect(Object.keys(ledger ?? {}).length).toBe(charges.filter(({ byHand }) => byHand !== true).length);
  }
}

function demandShape(record: CertificateRecord): void {
  const { status, operation, nextActionAt, problem } = record;
  expect(STATUSES).toContain(status);
  if (operation?.job === 'order') expect(operation.state).toBe(status);
  if (operation !== null && operation.job !== 'order')
    expect(['issued', 'expired', 'revoked']).toContain(status);
  if (operation === null) expect(OPEN).not.toContain(status);
  // I5: what goes on by itself has a next look.
  if (operation !== null && OPEN.includes(operation.state)) expect(nextActionAt).not.toBeNull();
  if (status === 'parked' || status === 'failed') expect(problem).not.toBeNull();
}

function demandClocks(record: CertificateRecord): void {
  const { issuedAt, endDate, paidTill, termEnd, nextReissueAt, status } = record;
  expect(issuedAt === null).toBe(endDate === null);
  expect(termEnd === null).toBe(endDate === null);
  if (endDate === null || termEnd === null || issuedAt === null) {
    expect([paidTill, nextReissueAt]).toEqual([null, null]);
    return;
  }
  expect(Date.parse(issuedAt)).toBeLessThan(Date.parse(endDate));
  const isCovered = Date.parse(termEnd) - Date.parse(endDate) <= COVERED_MS;
  expect(paidTill).toBe(isCovered ? null : termEnd);
  if (nextReissueAt === null) return;
  expect(['issued', 'expired']).toContain(status);
  expect(Date.parse(nextReissueAt)).toBeLessThanOrEqual(Date.parse(endDate));
}

/** What was issued and paid does not go back; the chain of certificates only grows, unless a person gave one up. */
function demandProgress(former: CertificateRecord, record: CertificateRecord, wasDecided: boolean): void {
  expect(record.version).toBeGreaterThanOrEqual(former.version);
  if (record.version === former.version) expect(record).toEqual(former);
  if (former.endDate !== null) expect(record.endDate).not.toBeNull();
  if (former.termEnd !== null && record.termEnd !== null)
    expect(Date.parse(record.termEnd)).toBeGreaterThanOrEqual(Date.parse(former.termEnd));
  if (!wasDecided)
    expect(record.certificateIds.slice(0, former.certificateIds.length)).toEqual(former.certificateIds);
  expect(record.renewals.slice(0, former.renewals.length)).toEqual(former.renewals);
  for (const id of former.revokedIds) expect(record.revokedIds).toContain(id);
}

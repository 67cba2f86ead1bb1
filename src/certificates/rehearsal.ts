import { findMaxValidityDays } from '../../config/reissue.js';
import { computeReissueDue, isStandstill } from './due.js';
import type { FleetItem } from './rehearsal-fleet.js';
import {
  CALLS,
  computeRenewalDue,
  countListCalls,
  type RehearsalRules,
  type RehearsedAccount,
} from './rehearsal-rules.js';
import { Tally } from './rehearsal-tally.js';
import { computePaidTill, computeTermEnd } from './term.js';

const DAY_MS = 86_400_000;

/**
 * Plays a fleet forward, account by account and day by day, by the same rules of due times and terms as the real scan.
 * Work that does not fit a day's quota moves to the next day, earliest End date first; what passes its End date lapses
 * and is served all the same. Within a day nothing is timed.
 * @throws Error when an item's account is not among `accounts`
 */
export function playFleet(
  items: readonly FleetItem[],
  accounts: ReadonlyMap<string, RehearsedAccount>,
  rules: RehearsalRules,
): Tally {
  const tally = new Tally(rules.now, rules.prices ?? null);
  const start = Math.floor(rules.now / DAY_MS) * DAY_MS;
  for (let day = 0; day < rules.days; day++) tally.open(start + day * DAY_MS);
  const fleets = new Map<string, AccountPlay>();
  for (const item of [...items].sort((a, b) => (a.serviceId < b.serviceId ? -1 : 1))) {
    const known = accounts.get(item.account);
    if (known === undefined) throw new Error(`No limits were handed in for the account ${item.account}`);
    const play = fleets.get(item.account) ?? new AccountPlay(known, rules, start, tally);
    fleets.set(item.account, play);
    play.add(item);
  }
  for (const play of fleets.values()) play.run();
  return tally;
}

/** A service while it is played: its present certificate and when it is due. Times in ms. */
interface Service {
  item: FleetItem;
  issuedAt: number;
  endDate: number;
  termEnd: number;
  dueAt: number;
}

class AccountPlay {
  readonly #account: RehearsedAccount;
  readonly #rules: RehearsalRules;
  readonly #start: number;
  readonly #end: number;
  readonly #tally: Tally;
  /** What becomes due on each day. */
  readonly #calendar: Service[][];

  constructor(account: RehearsedAccount, rules: RehearsalRules, start: number, tally: Tally) {
    this.#account = account;
    this.#rules = rules;
    this.#start = start;
    this.#end = start + rules.days * DAY_MS;
    this.#tally = tally;
    this.#calendar = Array.from({ length: rules.days }, () => []);
  }

  add(item: FleetItem): void {
    const { issuedAt, endDate, termEnd } = item;
    this.#plan({ item, issuedAt, endDate, termEnd, dueAt: 0 }, this.#rules.now);
  }

  run(): void {
    let waiting: Service[] = [];
    for (let day = 0; day < this.#rules.days; day++) waiting = this.#playDay(day, waiting);
    for (const service of waiting) {
      this.#noteLapse(service, this.#end);
      if (this.#rules.renew === 'none') this.#noteTermEnd(service);
    }
  }

  /** @returns what did not fit. */
  #playDay(day: number, waiting: readonly Service[]): Service[] {
    const dayStart = Math.max(this.#start + day * DAY_MS, this.#rules.now);
    const { name, callsPerDay } = this.#account;
    const limit = callsPerDay ?? Number.POSITIVE_INFINITY;
    const queue = [...waiting, ...(this.#calendar[day] ?? [])].sort((a, b) => a.endDate - b.endDate);
    // What is planned for this same day while it is played joins the queue, and the loop below sees it.
    this.#calendar[day] = queue;
    let [own, served, next] = [0, 0, 0];
    for (const service of queue) {
      const at = Math.max(service.dueAt, dayStart);
      const kind = this.#chooseWork(service, at);
      if (kind !== null && own + CALLS[kind] + countListCalls(served + 1) > limit) break;
      next++;
      this.#noteLapse(service, at);
      if (kind === null) {
        this.#noteTermEnd(service);
        continue;
      }
      own += CALLS[kind];
      served++;
      this.#serve(service, kind, at);
    }
    this.#calendar[day] = [];
    this.#tally.countCalls(dayStart, name, own + countListCalls(served), callsPerDay);
    if (next < queue.length) this.#tally.countShortage(dayStart, name, queue.length - next);
    return queue.slice(next);
  }

  /** Null when the term ended while the work waited: nothing is left to reissue. */
  #chooseWork({ termEnd }: Service, at: number): 'reissue' | 'renewal' | null {
    if (this.#rules.renew === 'all' && at >= computeRenewalDue(termEnd)) return 'renewal';
    return at < termEnd ? 'reissue' : null;
  }

  #serve(service: Service, kind: 'reissue' | 'renewal', at: number): void {
    const { item, termEnd, endDate } = service;
    this.#tally.countWork(kind, item, at);
    // What is left of the old term carries over only to a renewal that comes before its end.
    if (kind === 'renewal') service.termEnd = computeTermEnd(Math.max(termEnd, at), item.years);
    const lifeMs = (this.#rules.leafDays ?? findMaxValidityDays(at)) * DAY_MS;
    service.issuedAt = at;
    service.endDate = Math.min(at + lifeMs, service.termEnd);
    const due = this.#findReissueDue(service);
    const isStuck = due !== null && isStandstill(endDate, { issuedAt: at, endDate: service.endDate, due });
    if (kind === 'reissue' && isStuck) this.#stop(service, at);
    else this.#plan(service, at);
  }

  /** A person must change the lead; until then nothing is reissued, and the certificate lapses at its end. */
  #stop(service: Service, at: number): void {
    this.#tally.stopped.push({ serviceId: service.item.serviceId, at });
    this.#noteLapse(service, this.#end);
  }

  #plan(service: Service, after: number): void {
    const due = this.#findDue(service);
    if (due === null) {
      this.#noteTermEnd(service);
      return;
    }
    service.dueAt = Math.max(due, after);
    this.#calendar[Math.floor((service.dueAt - this.#start) / DAY_MS)]?.push(service);
  }

  /** The next piece of work, a renewal of the term among it when terms are renewed. */
  #findDue(service: Service): number | null {
    const reissue = this.#findReissueDue(service);
    if (this.#rules.renew === 'none') return reissue;
    return Math.min(reissue ?? Number.POSITIVE_INFINITY, computeRenewalDue(service.termEnd));
  }

  #findReissueDue(service: Service): number | null {
    const { item, issuedAt, endDate } = service;
    const { reissueBeforeMs, reissueSpreadMs } = this.#rules;
    return computeReissueDue({
      ...{ issuedAt, endDate, reissueBeforeMs, reissueSpreadMs },
      serial: item.serviceId,
      paidTill: computePaidTill(service),
    });
  }

  #noteLapse({ item, endDate }: Service, at: number): void {
    if (endDate < at) this.#tally.countLapse(item.serviceId, endDate);
  }

  #noteTermEnd({ termEnd }: Service): void {
    if (termEnd < this.#end) this.#tally.countTermEnd(termEnd);
  }
}

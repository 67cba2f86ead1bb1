import { Big } from 'big.js';
import type { Money } from './record.js';
import { ACTION_METHODS, type ActionMethod, type FleetItem } from './rehearsal-fleet.js';

/** The calls of one account on one day. `limit` is null without a quota. */
export interface DayLoad {
  /** UTC. */
  day: string;
  account: string;
  calls: number;
  limit: number | null;
}

/** The first day on which work had to be put off to the next. */
export interface Shortage {
  day: string;
  account: string;
  /** Reissues and renewals put off. */
  waiting: number;
}

export interface Spend {
  /** One sum per currency. */
  total: Money[];
  /** Renewals without a known price, not in the sums. */
  unpriced: number;
}

/** What happens in a span of time. */
export interface Counts {
  reissues: number;
  renewals: number;
  spend: Spend;
  calls: number;
  /** How often a paid service is left without a valid certificate. */
  lapses: number;
  /** Paid terms that end without a renewal. */
  termsEnded: number;
  /** Validations of names, by method. */
  actions: Record<ActionMethod, number>;
  /** The account and day with the most calls; null when there are none. */
  peak: DayLoad | null;
}

export interface MonthCounts extends Counts {
  /** `2027-03`, UTC. */
  month: string;
}

/** A moment in a service's life, ms. */
export interface ServiceMoment {
  serviceId: string;
  at: number;
}

/** The price of one renewal, or null when it is not known. */
export type PriceLookup = (product: string, years: number) => Money | null;

/** Counts what a rehearsal does. The days are counted from 0. */
export class Tally {
  readonly #from: number;
  readonly #prices: PriceLookup | null;
  readonly #months = new Map<string, MonthCounts>();
  readonly #lapses = new Map<string, number>();
  readonly stopped: ServiceMoment[] = [];
  shortage: Shortage | null = null;

  /** @param from when the play begins, ms; what lapsed before counts on that day */
  constructor(from: number, prices: PriceLookup | null) {
    this.#from = from;
    this.#prices = prices;
  }

  /** Opens the month of this day, so that it is listed even if nothing happens in it. */
  open(at: number): MonthCounts {
    const month = new Date(Math.max(at, this.#from)).toISOString().slice(0, 7);
    const known = this.#months.get(month);
    if (known !== undefined) return known;
    const counts = { month, ...createCounts() };
    this.#months.set(month, counts);
    return counts;
  }

  countWork(kind: 'reissue' | 'renewal', item: FleetItem, at: number): void {
    const month = this.open(at);
    for (const method of item.methods) month.actions[method]++;
    if (kind === 'reissue') {
      month.reissues++;
      return;
    }
    month.renewals++;
    const price = this.#prices?.(item.product, item.years) ?? null;
    if (price === null) month.spend.unpriced++;
    else addMoney(month.spend.total, price);
  }

  countLapse(serviceId: string, at: number): void {
    this.open(at).lapses++;
    const known = this.#lapses.get(serviceId);
    if (known === undefined || at < known) this.#lapses.set(serviceId, at);
  }

  countTermEnd(at: number): void {
    this.open(at).termsEnded++;
  }

  countCalls(at: number, account: string, calls: number, limit: number | null): void {
    const month = this.open(at);
    month.calls += calls;
    if (calls > (month.peak?.calls ?? 0)) month.peak = { day: formatDate(at), account, calls, limit };
  }

  countShortage(at: number, account: string, waiting: number): void {
    const day = formatDate(at);
    if (this.shortage === null || day < this.shortage.day) this.shortage = { day, account, waiting };
  }

  listMonths(): MonthCounts[] {
    return [...this.#months.values()].sort((a, b) => (a.month < b.month ? -1 : 1));
  }

  /** Each service that lapses, with the first time it does; earliest first. */
  listLapses(): ServiceMoment[] {
    const moments = [...this.#lapses].map(([serviceId, at]) => ({ serviceId, at }));
    return moments.sort(compareMoments);
  }
}

const collator = new Intl.Collator('en', { numeric: true });

/** Services as people sort them: 9 before 10. */
export function compareServices(a: { serviceId: string }, b: { serviceId: string }): number {
  return collator.compare(a.serviceId, b.serviceId);
}

/** Earliest first, then by service. */
export function compareMoments(a: ServiceMoment, b: ServiceMoment): number {
  return a.at - b.at || compareServices(a, b);
}

/** All months in one. */
export function sumCounts(months: readonly Counts[]): Counts {
  const sum = createCounts();
  for (const month of months) {
    for (const key of ['reissues', 'renewals', 'calls', 'lapses', 'termsEnded'] as const) {
      sum[key] += month[key];
    }
    for (const method of ACTION_METHODS) sum.actions[method] += month.actions[method];
    for (const money of month.spend.total) addMoney(sum.spend.total, money);
    sum.spend.unpriced += month.spend.unpriced;
    if ((month.peak?.calls ?? 0) > (sum.peak?.calls ?? 0)) sum.peak = month.peak;
  }
  return sum;
}

function createCounts(): Counts {
  return {
    ...{ reissues: 0, renewals: 0, calls: 0, lapses: 0, termsEnded: 0, peak: null },
    spend: { total: [], unpriced: 0 },
    actions: { email: 0, http: 0, dns: 0, unknown: 0 },
  };
}

function addMoney(total: Money[], { amount, currency }: Money): void {
  const known = total.find((money) => money.currency === currency);
  if (known === undefined) total.push({ amount: Big(amount).toFixed(4), currency });
  else known.amount = Big(known.amount).plus(amount).toFixed(4);
}

/** The UTC day of a time, ms. */
export function formatDate(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

import { MAX_VALIDITY } from '../../config/reissue.js';
import type { Fleet, StuckService } from './rehearsal-fleet.js';
import { playFleet } from './rehearsal.js';
import {
  CALLS,
  LIST,
  RENEW_BEFORE_DAYS,
  type RehearsalRules,
  type RehearsedAccount,
} from './rehearsal-rules.js';
import {
  compareMoments,
  compareServices,
  formatDate,
  sumCounts,
  type Counts,
  type MonthCounts,
  type ServiceMoment,
  type Shortage,
} from './rehearsal-tally.js';

const DAY_MS = 86_400_000;

/** So many services are named; the rest is a number. */
const NAMED = 20;

/** The first few of many. */
export interface FirstFew<T> {
  count: number;
  first: T[];
}

export interface DatedService {
  serviceId: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** What `rehearse` tells. Days and months are UTC. */
export interface RehearsalReport {
  /** One sentence. */
  verdict: string;
  days: number;
  /** First and last day. */
  from: string;
  to: string;
  inPlay: number;
  notInPlay: Record<string, number>;
  months: MonthCounts[];
  total: Counts;
  /** The first day on which the quota does not suffice; null when it always does. */
  shortage: Shortage | null;
  /** Services that are left without a valid certificate although they are paid for, each at its first lapse. */
  lapsing: FirstFew<DatedService>;
  /** Services whose automation stops, because a reissue moves the End date by less than a day. */
  stopped: FirstFew<DatedService>;
  /** Services that wait for a person now. */
  peopleNow: FirstFew<StuckService>;
  assumptions: string[];
}

/** Plays the fleet and sums it up. @throws Error when an account is missing in `accounts` */
export function rehearseFleet(
  fleet: Fleet,
  accounts: ReadonlyMap<string, RehearsedAccount>,
  rules: RehearsalRules,
): RehearsalReport {
  const tally = playFleet(fleet.items, accounts, rules);
  const months = tally.listMonths();
  const report = {
    days: rules.days,
    from: formatDate(rules.now),
    to: formatDate(rules.now + (rules.days - 1) * DAY_MS),
    inPlay: fleet.items.length,
    notInPlay: fleet.notInPlay,
    months,
    total: sumCounts(months),
    shortage: tally.shortage,
    lapsing: takeMoments(tally.listLapses()),
    stopped: takeMoments(tally.stopped.sort(compareMoments)),
    peopleNow: takeFirst([...fleet.stuck].sort(compareServices)),
    assumptions: describeAssumptions(rules),
  };
  return { verdict: composeVerdict(report), ...report };
}

function takeFirst<T>(all: readonly T[]): FirstFew<T> {
  return { count: all.length, first: all.slice(0, NAMED) };
}

function takeMoments(moments: readonly ServiceMoment[]): FirstFew<DatedService> {
  const { count, first } = takeFirst(moments);
  return { count, first: first.map(({ serviceId, at }) => ({ serviceId, at: new Date(at).toISOString() })) };
}

const numbers = new Intl.NumberFormat('en-US');

/** A number with its noun, in one or many. */
export function countNoun(count: number, noun: string, plural = `${noun}s`): string {
  return `${numbers.format(count)} ${count === 1 ? noun : plural}`;
}

type Facts = Pick<RehearsalReport, 'days' | 'total' | 'shortage' | 'lapsing' | 'stopped'>;

function composeVerdict({ days, total, shortage, lapsing, stopped }: Facts): string {
  const { reissues, renewals, peak, actions } = total;
  const work =
    countNoun(reissues, 'reissue') + (renewals > 0 ? ` and ${countNoun(renewals, 'renewal')}` : '');
  const parts = [describeOutcome(work, lapsing)];
  if (shortage !== null) parts.push(`the quota does not suffice on ${shortage.day} for the first time`);
  if (stopped.count > 0) parts.push(`the automation of ${countNoun(stopped.count, 'service')} would stop`);
  if (peak !== null) {
    const limit = peak.limit === null ? 'calls' : `of ${countNoun(peak.limit, 'call')}`;
    parts.push(`peak ${peak.day} with ${numbers.format(peak.calls)} ${limit}`);
  }
  parts.push(`${countNoun(actions.email, 'action')} of people by mail`);
  return `${countNoun(days, 'day')}: ${parts.join('; ')}.`;
}

function describeOutcome(work: string, { count, first }: FirstFew<DatedService>): string {
  const [earliest] = first;
  if (earliest === undefined) return `${work}, all in time`;
  return `${work}, but ${countNoun(count, 'service')} would lapse, the first on ${earliest.at.slice(0, 10)}`;
}

function describeAssumptions({ leafDays, renew }: RehearsalRules): string[] {
  const [{ days }, ...later] = MAX_VALIDITY;
  const steps = later.map((rule) => `, ${rule.days} when issued from ${rule.from}`).join('');
  const life = leafDays === null ? `${days} days${steps}` : countNoun(leafDays, 'day');
  const terms =
    renew === 'all'
      ? `Each paid term is renewed ${RENEW_BEFORE_DAYS} days before its end, for as many years.`
      : 'No paid term is renewed.';
  return [
    `A new certificate lives ${life}, never beyond its paid term.`,
    terms,
    'A certificate is issued on the day it is asked for: whoever validates a name does it promptly.',
    `A reissue takes ${CALLS.reissue} calls and a renewal ${CALLS.renewal}. Besides, on a day with such work, all that was asked for on it is listed ${LIST.timesADay} times, ${LIST.pageSize} certificates a call.`,
    'The whole daily quota is there for this work: new orders, pauses and other work in the account are not in the play.',
  ];
}

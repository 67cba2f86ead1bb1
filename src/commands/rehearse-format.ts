import { ACTION_METHODS } from '../certificates/rehearsal-fleet.js';
import {
  countNoun,
  type DatedService,
  type FirstFew,
  type RehearsalReport,
} from '../certificates/rehearsal-report.js';
import type { Counts, DayLoad, Spend } from '../certificates/rehearsal-tally.js';
import { shorten } from './format.js';
import { formatDay, formatTable, paint, type Terminal } from './terminal.js';

const PROBLEM_LENGTH = 100;

/** The forecast for people: a lapse first, the verdict last. */
export function formatReport(terminal: Terminal, report: RehearsalReport): string {
  const { bold, red, green } = paint(terminal);
  const { lapsing, stopped, peopleNow, shortage, total } = report;
  const isFine = lapsing.count === 0 && shortage === null && stopped.count === 0;
  return [
    `Rehearsal of ${countNoun(report.days, 'day')}, ${report.from} to ${report.to}: ${countNoun(report.inPlay, 'certificate')}. Nothing was written, nothing was called.`,
    ...(lapsing.count === 0
      ? []
      : [
          red(`${countNoun(lapsing.count, 'service')} would lapse although paid for:`),
          ...listDated(lapsing),
        ]),
    ...(shortage === null ? [] : [red(describeShortage(shortage))]),
    ...(stopped.count === 0
      ? []
      : [
          red(
            `The reissues of ${countNoun(stopped.count, 'service')} would stop: one moves the End date by less than a day, because the lead (PMNAMECHEAP_REISSUE_BEFORE, else a third of the old life) is as long as the new life`,
          ),
          ...listDated(stopped),
        ]),
    '',
    formatMonths(report),
    ...(total.peak === null
      ? []
      : ['', `Peak day: ${describePeak(total.peak)}, account ${total.peak.account}`]),
    '',
    bold('People needed now'),
    ...(peopleNow.count === 0 ? ['  nobody'] : []),
    ...peopleNow.first.map(
      ({ serviceId, status, problem }) => `  ${serviceId} (${status}): ${shorten(problem, PROBLEM_LENGTH)}`,
    ),
    ...tellMore(peopleNow),
    '',
    bold('Not in the play'),
    ...describeRest(report.notInPlay),
    '',
    bold('Assumed'),
    ...report.assumptions.map((line) => `  ${line}`),
    '',
    isFine ? green(report.verdict) : red(report.verdict),
  ].join('\n');
}

function formatMonths({ months, total }: RehearsalReport): string {
  // A column that is empty from top to bottom says nothing.
  const methods = ACTION_METHODS.filter((method) => method !== 'unknown' || total.actions.unknown > 0);
  const head = ['month', 'reissues', 'renewals', 'money', 'calls', 'peak day', 'lapses', 'terms end'];
  const row = (name: string, counts: Counts) => [
    name,
    ...[counts.reissues, counts.renewals].map(String),
    formatSpend(counts.spend),
    String(counts.calls),
    counts.peak === null ? '–' : describePeak(counts.peak),
    ...[counts.lapses, counts.termsEnded].map(String),
    ...methods.map((method) => String(counts.actions[method])),
  ];
  const rows = months.map((counts) => row(counts.month, counts));
  return formatTable(
    [...head, ...methods.map((method) => METHOD_HEADS[method])],
    [...rows, row('all', total)],
  );
}

const METHOD_HEADS = { email: 'by mail', http: 'by file', dns: 'by DNS', unknown: 'by ?' } as const;

function formatSpend({ total, unpriced }: Spend): string {
  if (unpriced > 0 && total.length === 0) return 'unknown without prices';
  const sums = total.map(({ amount, currency }) => `${amount} ${currency}`);
  if (unpriced > 0) sums.push(`${unpriced} without a price`);
  return sums.length === 0 ? '–' : sums.join(' + ');
}

function describePeak({ day, calls, limit }: DayLoad): string {
  return `${day}: ${calls}${limit === null ? '' : ` of ${limit}`}`;
}

function describeShortage({ day, account, waiting }: NonNullable<RehearsalReport['shortage']>): string {
  return `The quota does not suffice on ${day} for the first time: account ${account} puts off ${waiting} to the next day`;
}

function listDated(few: FirstFew<DatedService>): string[] {
  return [...few.first.map(({ serviceId, at }) => `  ${serviceId} on ${formatDay(at)}`), ...tellMore(few)];
}

function tellMore({ count, first }: FirstFew<unknown>): string[] {
  return count > first.length ? [`  and ${count - first.length} more`] : [];
}

function describeRest(notInPlay: RehearsalReport['notInPlay']): string[] {
  const entries = Object.entries(notInPlay).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? ['  nothing'] : entries.map(([reason, count]) => `  ${count} ${reason}`);
}

import { z } from 'zod';
import { APPLIED, type Applied } from '../certificates/dcv.js';
import type { CertificateResult, CertificateView } from '../certificates/present.js';
import { STATUSES, type Operation, type Renewal } from '../certificates/record.js';
import { formatPairs } from './format.js';

const money = z.object({ amount: z.string(), currency: z.string() });

const resultSchema = z.object({
  serviceId: z.string(),
  module: z.string(),
  certificateId: z.number().nullable(),
  status: z.enum(STATUSES),
  type: z.string().nullable(),
  requestedType: z.string(),
  years: z.number(),
  commonName: z.string(),
  sans: z.array(z.string()),
  charged: money.nullable(),
  validation: z.array(
    z.discriminatedUnion('method', [
      z.object({ domain: z.string(), method: z.literal('dns'), host: z.string(), target: z.string() }),
      z.object({ domain: z.string(), method: z.literal('http'), url: z.string(), content: z.string() }),
      z.object({ domain: z.string(), method: z.literal('email'), approverEmail: z.string() }),
    ]),
  ),
  endDate: z.string().nullable(),
  paidTill: z.string().nullable(),
  operation: z.object({ state: z.enum(STATUSES) }).nullish(),
  applied: z.enum(APPLIED).optional(),
  missed: z.array(z.string()).optional(),
});

/** What is printed of a result. */
type ShownResult = Omit<CertificateResult, 'operation'> & {
  operation?: Pick<Operation, 'state'> | null | undefined;
  /** What a `dcv` job did. */
  applied?: Applied | undefined;
  missed?: string[] | undefined;
};

/** A job's return value as what `order` and its kin return, or null when it is something else. */
export function readResult(value: unknown): ShownResult | null {
  return resultSchema.safeParse(value).data ?? null;
}

/** The result of an order for people, with what is to be published. */
export function formatResult(result: ShownResult): string {
  return [formatPairs([...listFacts(result), ...listApplied(result)]), ...formatInstructions(result)].join(
    '\n',
  );
}

/** Everything of `certificate show` for people: a problem first, the PEM last. */
export function formatView(view: CertificateView): string {
  const { problem, certificate, chain, history } = view;
  const facts: [string, string][] = [
    ...listFacts(view),
    ['issued', view.issuedAt ?? '–'],
    ['next reissue', view.nextReissueAt ?? '–'],
    ['paid term ends', view.termEnd ?? '–'],
    ['coverage', view.coverage.sentence],
    ...view.renewals.map((one): [string, string] => ['renewal', describeRenewal(one)]),
    ['order', view.orderId?.toString() ?? '–'],
    ['transaction', view.transactionId?.toString() ?? '–'],
    ['certificate ids', view.certificateIds.join(' → ') || '–'],
  ];
  facts.splice(2, 0, ...listFlights(view));
  return [
    ...(problem === null ? [] : [`Problem: ${problem}\n`]),
    formatPairs(facts),
    ...formatInstructions(view),
    '\nHistory',
    ...history.map(
      ({ at, from, to, operation, cause }) =>
        `  ${at}  ${from === null || from === to ? to : `${from} → ${to}`}${operation === undefined ? '' : ` (${operation})`}: ${cause}`,
    ),
    ...(certificate === null ? [] : ['', certificate.trimEnd(), ...chain.map((pem) => pem.trimEnd())]),
  ].join('\n');
}

/** What is in flight, put aside or waiting, and what all of it waits for. */
function listFlights(view: CertificateView): [string, string][] {
  const { operation, shelved, errands, awaited, automationStopped } = view;
  const facts: [string, string][] = [];
  if (operation !== null) facts.push(['in flight', describeOperation(operation)]);
  if (shelved !== null) {
    const why = shelved.problem === null ? '' : `: ${shelved.problem}`;
    facts.push(['put aside', `${describeOperation(shelved.operation)}${why}`]);
  }
  for (const { job, id, at } of errands) facts.push(['waits its turn', `${job} (${id}) since ${at}`]);
  if (automationStopped !== null) facts.push(['automation', `stopped: ${automationStopped}`]);
  if (awaited === null) return facts;
  facts.push(['awaited', awaited.sentence]);
  if (awaited.nextLookAt !== null) facts.push(['next look', awaited.nextLookAt]);
  return facts;
}

function describeOperation({ job, state, since, certificateId }: Operation): string {
  const id = certificateId === null ? '' : `, new certificate ${certificateId}`;
  return `${job}: ${state} since ${since}${id}`;
}

function describeRenewal({ from, till, years, certificateId }: Renewal): string {
  return `${from} → ${till} (years: ${years}, certificate ${certificateId})`;
}

function listFacts(result: ShownResult): [string, string][] {
  const { type, requestedType, charged } = result;
  return [
    ['service', result.serviceId],
    ['status', result.status],
    ['module', result.module],
    ['certificate', result.certificateId?.toString() ?? '–'],
    [
      'type',
      type === null || type === requestedType ? requestedType : `${type} (ordered as ${requestedType})`,
    ],
    ['years', result.years.toString()],
    ['common name', result.commonName],
    ['further names', result.sans.join(', ') || '–'],
    ['charged', charged === null ? '–' : `${charged.amount} ${charged.currency}`],
    ['End date', result.endDate ?? '–'],
    ['Paid till', result.paidTill ?? '–'],
  ];
}

const APPLIED_WORDS: Record<Applied, string> = {
  changed: 'changed',
  retried: 'the same one was tried again',
  resent: 'the mails were sent again',
  'next-reissue': 'chosen for the next reissue: nothing is being validated now',
  'left-pending': 'not changed: Namecheap does not wait for it any more, so its state is looked at now',
  before: 'this request was done before: nothing was done again',
};

function listApplied({ applied, missed = [] }: ShownResult): [string, string][] {
  if (applied === undefined) return [];
  const facts: [string, string][] = [['validation', APPLIED_WORDS[applied]]];
  if (missed.length > 0) facts.push(['not set for', `${missed.join(', ')} (the former method stays)`]);
  return facts;
}

/** What a person must publish, each value on a line of its own to be copied whole. Only while it is waited for. */
function formatInstructions({ status, validation, operation }: ShownResult): string[] {
  if (status !== 'pending-validation' && operation?.state !== 'pending-validation') return [];
  return validation.flatMap((one) => {
    switch (one.method) {
      case 'dns':
        return [
          `\nTo validate ${one.domain}, publish this DNS record (host, type, target):`,
          `${one.host} CNAME ${one.target}`,
        ];
      case 'http':
        return [
          `\nTo validate ${one.domain}, serve this file:`,
          one.url,
          'with exactly this content:',
          one.content,
        ];
      case 'email':
        return [`\nTo validate ${one.domain}, follow the link in the mail to ${one.approverEmail}.`];
    }
  });
}

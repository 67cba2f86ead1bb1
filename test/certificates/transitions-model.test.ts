import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  OPERATION_JOBS,
  STATUSES,
  type CertificateRecord,
  type Operation,
  type OperationJob,
  type Status,
} from '../../src/certificates/record.js';
import { composeOperation, moveRecord, moveStatus } from '../../src/certificates/transitions.js';
import { countCases, SEED } from '../helpers/fuzz.js';
import { composeTestRecord } from '../helpers/records.js';

const BEGUN_AT = Date.parse('2027-01-01T00:00:00.000Z');
const NOW = BEGUN_AT + 60_000;

/**
 * What may happen to a certificate that is being got, told by what happens and not by the code's table: each line is an
 * event, from where it may come, and where it leads.
 */
const EVENTS: readonly (readonly [what: string, from: readonly Status[], to: Status])[] = [
  ['a purchase is begun', ['accepted'], 'purchasing'],
  ['an intent is found whose worker died', ['accepted', 'purchasing'], 'purchase-unclear'],
  ['it is not known whether it was bought', ['purchasing'], 'purchase-unclear'],
  ['a person has an unexplained purchase looked up again', ['parked'], 'purchase-unclear'],
  ['Namecheap sold it, or stock is used', ['accepted', 'purchasing'], 'purchased'],
  ['an unanswered purchase is found', ['purchase-unclear'], 'purchased'],
  ['a person adopts a certificate', ['parked', 'failed'], 'purchased'],
  ['a corrected order uses what was bought', ['failed'], 'purchased'],
  ['it was not sold, and is tried again', ['purchasing', 'purchase-unclear'], 'accepted'],
  ['it is ordered afresh, or tried again by a person', ['failed', 'parked'], 'accepted'],
  ['the CSR is accepted', ['purchased'], 'pending-validation'],
  ['a person lets a validation be awaited again', ['parked'], 'pending-validation'],
  [
    'it is refused for good',
    ['accepted', 'purchasing', 'purchased', 'pending-validation', 'parked'],
    'failed',
  ],
  [
    'a person is needed',
    ['accepted', 'purchasing', 'purchase-unclear', 'purchased', 'pending-validation'],
    'parked',
  ],
  ['it is issued', ['pending-validation'], 'issued'],
  ['its end passes', ['issued'], 'expired'],
  ['a new certificate brings it back', ['expired'], 'issued'],
  ['it is revoked', ['issued'], 'revoked'],
  [
    'the customer leaves, with no purchase under way',
    ['accepted', 'purchased', 'pending-validation', 'issued', 'expired', 'failed', 'parked', 'revoked'],
    'closed',
  ],
  ...(['pending-validation', 'issued', 'expired', 'failed', 'parked', 'revoked'] as const).map(
    (to) => ['the customer comes back', ['closed'], to] as const,
  ),
];

/** A reissue need not buy anything before its CSR is accepted. */
function isAllowed(from: Status, to: Status, isFollowUp: boolean): boolean {
  if (from === to) return true;
  if (isFollowUp && from === 'accepted' && to === 'pending-validation') return true;
  return EVENTS.some(([, origins, end]) => end === to && origins.includes(from));
}

const OPEN: readonly Status[] = [
  'accepted',
  'purchasing',
  'purchase-unclear',
  'purchased',
  'pending-validation',
];
const PROGRESS: readonly Status[] = ['purchased', 'pending-validation', 'issued'];

function compose(status: Status, operation: Operation | null): CertificateRecord {
  const { record } = composeTestRecord('model', { status, operation, attempts: 3, version: 7 });
  return Object.freeze(record);
}

/** Every record that the two fields can describe, also those that never come about: refusal must not depend on luck. */
const SITUATIONS = STATUSES.flatMap((status) => [
  { status, operation: null },
  ...OPERATION_JOBS.flatMap((job) =>
    STATUSES.map((state) => ({ status, operation: Object.freeze(composeOperation(job, state, BEGUN_AT)) })),
  ),
]);

/** Where the work stands: beside a certificate in force for a renewal or reissue, the status itself for the rest. */
function stageOf(status: Status, operation: Operation | null): Status {
  return operation === null || operation.job === 'order' ? status : operation.state;
}

/** What must be true of a record after a move, whatever the move was. */
function demandInvariants(before: CertificateRecord, after: CertificateRecord, to: Status): void {
  const isFollowUp = before.operation !== null && before.operation.job !== 'order';
  if (isFollowUp) {
    expect(after.status).toBe(to === 'issued' ? 'issued' : before.status);
    expect(after.operation === null).toBe(to === 'issued');
  } else {
    expect(after.status).toBe(to);
    expect(after.operation !== null).toBe(OPEN.includes(to));
  }
  const from = stageOf(before.status, before.operation);
  if (after.operation !== null) {
    expect(after.operation).toMatchObject({ job: before.operation?.job ?? 'order', state: to });
    const isKept = from === to && before.operation !== null;
    const since = isKept ? before.operation?.since : new Date(NOW).toISOString();
    expect(after.operation.since).toBe(since);
    if (before.operation !== null) expect(after.operation.acceptedAt).toBe(before.operation.acceptedAt);
  }
  expect(after.attempts).toBe(from !== to && PROGRESS.includes(to) ? 0 : before.attempts);
  const same = { status: null, operation: null, attempts: null };
  // The version is the store's; nothing else changes unless it is asked for.
  expect({ ...after, ...same }).toEqual({ ...before, ...same });
}

describe('every status, operation, stage and target', () => {
  it('moves what is in flight along the arrows, and refuses every other', () => {
    let [accepted, refused] = [0, 0];
    for (const { status, operation } of SITUATIONS) {
      const before = compose(status, operation);
      const from = stageOf(status, operation);
      const isFollowUp = operation !== null && operation.job !== 'order';
      for (const to of STATUSES) {
        if (isAllowed(from, to, isFollowUp)) {
          demandInvariants(before, moveRecord(before, to, NOW), to);
          accepted += 1;
        } else {
          expect(() => moveRecord(before, to, NOW), `${from} → ${to}`).toThrow(`${from} → ${to}`);
          refused += 1;
        }
      }
    }
    expect(accepted + refused).toBe(11 * (1 + 3 * 11) * 11);
    expect(refused).toBeGreaterThan(accepted);
  });

  it('moves the certificate in force along the arrows, and leaves what is in flight alone', () => {
    for (const { status, operation } of SITUATIONS) {
      const before = compose(status, operation);
      for (const to of STATUSES) {
        if (isAllowed(status, to, false)) expect(moveStatus(before, to)).toEqual({ ...before, status: to });
        else expect(() => moveStatus(before, to), `${status} → ${to}`).toThrow(`${status} → ${to}`);
      }
    }
  });
});

it('an operation begins with nothing but what is told', () => {
  for (const job of OPERATION_JOBS) {
    for (const state of STATUSES) {
      const at = new Date(NOW).toISOString();
      expect(composeOperation(job, state, NOW, { years: 2 })).toEqual({
        ...{
          job,
          state,
          since: at,
          acceptedAt: at,
          years: 2,
          certificateId: null,
          reason: null,
          names: null,
        },
        ...{ allowCharge: false, extends: null, requestId: null },
      });
    }
  }
});

interface Step {
  kind: 'move' | 'status' | 'begin';
  to: Status;
  job: OperationJob;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('move', 'move', 'move', 'status', 'begin'),
  to: fc.constantFrom(...STATUSES),
  job: fc.constantFrom(...OPERATION_JOBS),
});

/** What a customer sees of a service. */
interface Model {
  status: Status;
  flight: { job: OperationJob; state: Status } | null;
}

/** The step's effect on the model; null where the step is refused. */
function advance({ status, flight }: Model, { kind, to, job }: Step): Model | null {
  const besides = flight === null || flight.job === 'order' ? null : flight;
  if (kind === 'begin') return { status, flight: { job, state: 'accepted' } };
  if (kind === 'status') return isAllowed(status, to, false) ? { status: to, flight } : null;
  if (!isAllowed(besides?.state ?? status, to, besides !== null)) return null;
  if (besides === null)
    return { status: to, flight: OPEN.includes(to) ? { job: flight?.job ?? 'order', state: to } : null };
  return to === 'issued' ? { status: to, flight: null } : { status, flight: { ...besides, state: to } };
}

it('any walk of steps ends where the model ends, and a refused step changes nothing', () => {
  let refusals = 0;
  const walk = (steps: readonly Step[]) => {
    let model: Model = { status: 'accepted', flight: { job: 'order', state: 'accepted' } };
    let record = compose('accepted', composeOperation('order', 'accepted', BEGUN_AT));
    for (const one of steps) {
      const next = advance(model, one);
      const act = (): CertificateRecord => {
        if (one.kind === 'status') return moveStatus(record, one.to);
        if (one.kind === 'move') return moveRecord(record, one.to, NOW);
        return { ...record, operation: composeOperation(one.job, 'accepted', NOW) };
      };
      if (next === null) {
        expect(act).toThrow('Illegal transition');
        refusals += 1;
        continue;
      }
      record = Object.freeze(act());
      model = next;
      const { status, operation } = record;
      const flight = operation === null ? null : { job: operation.job, state: operation.state };
      expect({ status, flight }).toEqual(model);
    }
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), walk), { seed: SEED, numRuns: countCases(1000) });
  expect(refusals).toBeGreaterThan(0);
});

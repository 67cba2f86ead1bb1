import type { Verdict } from '../errors.js';
import type { CommandKind } from './exchange.js';
import { hasTraceOfNewCertificate, hasTraceOfPurchase } from './envelope.js';
import { findErrorRow, type ErrorRow } from './error-table.js';
import { NamecheapError, type ApiFault, type ErrorClass, type Outcome } from './errors.js';

/** How long an account rests after HTTP 405, 429 or error 500000, ms. Namecheap names no time itself. */
export const THROTTLE_DELAY_MS = 60_000;

/** The command that failed, and how far the exchange came. */
export interface FailedCall {
  command: string;
  kind: CommandKind;
  /** The certificate that the command named, as it was sent; null when it names none. */
  certificateId: string | null;
  httpStatus: number | null;
  /** The raw answer, or null when none came. */
  answer: string | null;
}

const LOOK_FIRST = 'Look at the account (list of certificates, balance) before the command is repeated.';

/** No answer came. Without an open connection nothing can have been executed; with one nobody knows. */
export function classifySilence(call: FailedCall, code: string, hasOpened: boolean): NamecheapError {
  const outcome = isHarmless(call) || !hasOpened ? 'not-made' : 'unclear';
  const [said, remedy] = describeSilence(code, hasOpened);
  return build(call, { errorClass: 'transient', outcome, said, remedy });
}

function describeSilence(code: string, hasOpened: boolean): [string, string] {
  const isCut = code === 'ABORTED';
  if (hasOpened)
    return [
      isCut ? 'the call was cut off' : `the answer did not arrive (${code})`,
      'It may be tried again later.',
    ];
  if (isCut) return ['the call was cut off before the connection was open', 'It may be tried again later.'];
  return [
    `the connection was not established (${code})`,
    'Check network, name resolution, clock and certificate authorities of this machine; it may be tried again later.',
  ];
}

/**
 * An answer that is not the documented one: another HTTP status than 200, no XML, another command's, a result
 * without its ids. Only HTTP 405 proves that the command was not looked at: it is Namecheap's sign of throttling.
 */
export function classifyBadAnswer(call: FailedCall, problem: string): NamecheapError {
  const isThrottled = call.httpStatus === 405 || call.httpStatus === 429;
  const isRefused = call.httpStatus === 405 && !hasTrace(call);
  const outcome = isHarmless(call) || isRefused ? 'not-made' : 'unclear';
  const said = isThrottled ? `too many requests (${problem})` : problem;
  const remedy = isThrottled
    ? 'The account rests for a while; nothing needs to be done.'
    : 'It may be tried again later.';
  return build(call, { errorClass: isThrottled ? 'throttle' : 'transient', outcome, said, remedy });
}

/**
 * Namecheap's own errors. `isOurs` false when the answer names another command. Not made only if every single error
 * is a listed refusal for this kind of command, and the answer has no trace of a purchase or a new certificate.
 */
export function classifyFaults(
  call: FailedCall,
  faults: readonly ApiFault[],
  isOurs: boolean,
): NamecheapError {
  const rows = faults.map(findErrorRow);
  const isRefused =
    faults.length > 0 && isOurs && !hasTrace(call) && rows.every((row) => isRefusal(row, call.kind));
  const outcome = isHarmless(call) || isRefused ? 'not-made' : 'unclear';
  const worst = pickRow(rows);
  const said =
    faults.length === 0
      ? 'Namecheap reports an error and does not say which'
      : `Namecheap says: ${describeFaults(faults)}`;
  const remedy = worst?.remedy ?? 'It may be tried again later.';
  const errorClass = worst?.errorClass ?? 'transient';
  const hasSucceededBefore = isOurs && rows.some(({ provesEarlier }) => provesEarlier === call.command);
  return build(call, { errorClass, outcome, said, remedy, faults, hasSucceededBefore });
}

/** What an answer shows of an execution, whatever else it says. */
function hasTrace({ answer, certificateId }: FailedCall): boolean {
  return answer !== null && (hasTraceOfPurchase(answer) || hasTraceOfNewCertificate(answer, certificateId));
}

/** All faults as `number text`, for messages and the exchange log. */
export function describeFaults(faults: readonly ApiFault[]): string {
  return faults
    .map((fault) => `${fault.number} ${fault.text === '' ? findErrorRow(fault).meaning : fault.text}`)
    .join('; ');
}

function isRefusal({ refusal }: ErrorRow, kind: CommandKind): boolean {
  return refusal === 'all' || (refusal === 'submit' && kind !== 'charge');
}

/** With several errors the first of these decides: what stops the account, then what may pass, then what is final. */
const PRECEDENCE: readonly ErrorClass[] = [
  'address',
  'config',
  'throttle',
  'funds',
  'unclear',
  'transient',
  'state',
  'manual',
  'input',
];

function pickRow(rows: readonly ErrorRow[]): ErrorRow | undefined {
  return rows.toSorted((a, b) => PRECEDENCE.indexOf(a.errorClass) - PRECEDENCE.indexOf(b.errorClass))[0];
}

/** A read changes nothing, however it ends. */
function isHarmless({ kind }: FailedCall): boolean {
  return kind === 'read';
}

interface Finding {
  errorClass: ErrorClass;
  outcome: Outcome;
  said: string;
  remedy: string;
  faults?: readonly ApiFault[];
  hasSucceededBefore?: boolean;
}

function build(
  call: FailedCall,
  { said, remedy, outcome, faults = [], hasSucceededBefore = false, ...finding }: Finding,
): NamecheapError {
  const { command, kind, httpStatus } = call;
  const errorClass = settleClass(finding.errorClass, outcome, kind);
  const verdict = decideVerdict(errorClass, kind);
  // A state tells more: the step may be done by an earlier call.
  const doubt = errorClass === 'state' ? remedy : 'It may have been executed all the same.';
  const next = outcome === 'unclear' ? `${doubt} ${LOOK_FIRST}` : remedy;
  return new NamecheapError(`${command}: ${said}. ${next}`, {
    command,
    kind,
    errorClass,
    outcome,
    faults,
    hasSucceededBefore,
    httpStatus,
    verdict,
    ...(errorClass === 'throttle' ? { delayMs: THROTTLE_DELAY_MS } : {}),
  });
}

/**
 * An unclear outcome outweighs what the number means, or a caller would act on "input" or "funds" and never look.
 * Two classes stay, because they must be known besides: a throttled account rests, and a state may prove that an
 * earlier try succeeded. For a read nothing is unclear: it is repeated.
 */
function settleClass(errorClass: ErrorClass, outcome: Outcome, kind: CommandKind): ErrorClass {
  if (kind === 'read') return errorClass === 'unclear' ? 'transient' : errorClass;
  if (outcome === 'not-made' || errorClass === 'throttle' || errorClass === 'state') return errorClass;
  return 'unclear';
}

/** A read in the wrong state will not get better by itself; after any other command the lifecycle looks again. */
function decideVerdict(errorClass: ErrorClass, kind: CommandKind): Verdict {
  switch (errorClass) {
    case 'config':
    case 'address':
    case 'funds':
      return 'pause';
    case 'throttle':
      return 'wait';
    case 'transient':
    case 'unclear':
      return 'retry';
    case 'state':
      return kind === 'read' ? 'fail' : 'retry';
    case 'input':
    case 'manual':
      return 'fail';
  }
}

import type { z } from 'zod';
import { AnswerError } from './answer-error.js';
import {
  classifyBadAnswer,
  classifyFaults,
  classifySilence,
  describeFaults,
  type FailedCall,
} from './classify.js';
import { readEnvelope, type Envelope } from './envelope.js';
import type { NamecheapError } from './errors.js';
import type { CommandKind } from './exchange.js';
import type { PostOutcome } from './transport.js';

/** One API command with the schema of its `CommandResponse`. */
export interface CommandRequest<Result> {
  /** As the API writes it, `namecheap.ssl.create`. */
  command: string;
  kind: CommandKind;
  /** Without Command and credentials. */
  parameters: Readonly<Record<string, string>>;
  result: z.ZodType<Result>;
}

/** The command's result, or the error that its answer is; `outcome` in a few words, for the log. */
type Read<Result> =
  { result: Result; error: null; outcome: 'OK' } | { error: NamecheapError; outcome: string };

/** What is known of a call so far, for an error about it. */
export function startCall(
  { command, kind, parameters }: Pick<CommandRequest<unknown>, 'command' | 'kind' | 'parameters'>,
  sent?: PostOutcome,
): FailedCall {
  const answer = sent?.kind === 'answered' ? sent.text : null;
  const certificateId = parameters['CertificateID'] ?? null;
  return { command, kind, certificateId, httpStatus: sent?.status ?? null, answer };
}

/**
 * What an exchange means. Everything that is not exactly the documented success is an error of some outcome. Never
 * throws, whatever was answered.
 */
export function readOutcome<Result>(request: CommandRequest<Result>, sent: PostOutcome): Read<Result> {
  const call = startCall(request, sent);
  if (sent.kind === 'failed') {
    return { error: classifySilence(call, sent.code, sent.hasOpened), outcome: sent.code };
  }
  if (sent.status !== 200) return refuseAnswer(call, `HTTP ${sent.status}`);
  try {
    return readAnswer(request, call, readEnvelope(sent.text));
  } catch (error) {
    if (error instanceof AnswerError) return refuseAnswer(call, error.message);
    // A fault of ours while reading must not turn a bought certificate into "failed, buy again".
    return refuseAnswer(call, 'the answer could not be read');
  }
}

function readAnswer<Result>(
  request: CommandRequest<Result>,
  call: FailedCall,
  envelope: Envelope,
): Read<Result> {
  const { isOk, faults } = envelope;
  if (!isOk || faults.length > 0) {
    const error = classifyFaults(call, faults, isAnswerTo(request, envelope, false));
    return { error, outcome: faults.length > 0 ? describeFaults(faults) : 'ERROR without a number' };
  }
  if (!isAnswerTo(request, envelope, request.kind !== 'read'))
    return refuseAnswer(call, 'the answer is for another command');
  const parsed = request.result.safeParse(envelope.response);
  if (parsed.success) return { result: parsed.data, error: null, outcome: 'OK' };
  // Paths and messages only: values could be anything.
  const gaps = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  return refuseAnswer(
    call,
    `the answer lacks what ${request.command} returns: ${gaps.slice(0, 5).join('; ')}`,
  );
}

function refuseAnswer(call: FailedCall, problem: string): { error: NamecheapError; outcome: string } {
  return { error: classifyBadAnswer(call, problem), outcome: problem };
}

/**
 * Namecheap varies the case of command names, and leaves them out where it failed early. A name that is there must be
 * ours; a charge or a submission is believed to have succeeded only when both are there.
 */
function isAnswerTo(
  { command }: { command: string },
  { requestedCommand, responseType }: Envelope,
  isStrict: boolean,
): boolean {
  const expected = command.toLowerCase();
  return [requestedCommand, responseType].every((name) => name === expected || (name === '' && !isStrict));
}

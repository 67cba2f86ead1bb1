import type { z } from 'zod';
import { keepSecret, redact } from '../redact.js';
import { AnswerError } from './answer-error.js';
import type { CallOptions } from './api.js';
import type { ClientHooks, CommandKind, Connection, Exchange } from './exchange.js';
import {
  classifyBadAnswer,
  classifyFaults,
  classifySilence,
  describeFaults,
  type FailedCall,
} from './classify.js';
import { readEnvelope, type Envelope } from './envelope.js';
import { NamecheapError } from './errors.js';
import { postForm, type PostOutcome } from './transport.js';

export interface ClientOptions {
  /** For one exchange, from the name lookup to the last byte, ms. */
  timeoutMs: number;
  hooks?: ClientHooks;
}

/** One API command with the schema of its `CommandResponse`. */
export interface CommandRequest<Result> {
  /** As the API writes it, `namecheap.ssl.create`. */
  command: string;
  kind: CommandKind;
  /** Without Command and credentials. */
  parameters: Readonly<Record<string, string>>;
  result: z.ZodType<Result>;
}

/** Sends one command and gives its parsed result. Throws NamecheapError, and whatever the `admit` hook throws. */
export type Call = <Result>(request: CommandRequest<Result>, options?: CallOptions) => Promise<Result>;

/** Binds connection and hooks. The API key stays in this closure: no object that could be printed holds it. */
export function createCall(connection: Connection, { timeoutMs, hooks = {} }: ClientOptions): Call {
  const { endpoint, apiUser, apiKey, userName, clientIp } = connection;
  keepSecret(apiKey);
  const credentials = { ApiUser: apiUser, ApiKey: apiKey, UserName: userName, ClientIp: clientIp };

  return async (request, { signal } = {}) => {
    // Before `admit`: a call that is not wanted any more takes nothing from the quota.
    if (signal?.aborted === true) throw classifySilence(startCall(request), 'ABORTED', false);
    await hooks.admit?.(request.command, request.kind);
    const startedAt = performance.now();
    const form = { ...credentials, Command: request.command, ...request.parameters };
    const sent = await postForm({ endpoint, form, timeoutMs, signal });
    const call = startCall(request, sent);
    const read = readOutcome(request, call, sent);
    const { command } = request;
    const parameters = describeParameters(form);
    const { httpStatus, answer } = call;
    const durationMs = Math.round(performance.now() - startedAt);
    const base = { command, userName, endpoint, parameters, httpStatus, durationMs };
    await report(
      hooks,
      { ...base, answer: answer === null ? null : redact(answer), outcome: read.outcome },
      read.error,
    );
    if (read.error !== null) throw read.error;
    return read.result;
  };
}

type Read<Result> =
  { result: Result; error: null; outcome: 'OK' } | { error: NamecheapError; outcome: string };

function startCall(
  { command, kind, parameters }: Pick<CommandRequest<unknown>, 'command' | 'kind' | 'parameters'>,
  sent?: PostOutcome,
): FailedCall {
  const answer = sent?.kind === 'answered' ? sent.text : null;
  const certificateId = parameters['CertificateID'] ?? null;
  return { command, kind, certificateId, httpStatus: sent?.status ?? null, answer };
}

/** What an exchange means. Everything that is not exactly the documented success is an error of some outcome. */
function readOutcome<Result>(
  request: CommandRequest<Result>,
  call: FailedCall,
  sent: PostOutcome,
): Read<Result> {
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

/** For the log: everything that is sent, the key masked. */
function describeParameters(form: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(form).map(([name, value]): [string, string] => [name, redact(value)]);
  return { ...Object.fromEntries(entries), ApiKey: MASKED };
}

const MASKED = '*****';

/** Hooks look on: what they throw must not change what the answer means. */
async function report(hooks: ClientHooks, exchange: Exchange, error: NamecheapError | null): Promise<void> {
  try {
    hooks.onExchange?.(exchange);
  } catch {
    // A log that is full loses a line, not a certificate.
  }
  try {
    await (error === null ? hooks.onSuccess?.() : hooks.onFailure?.(error));
  } catch {
    // The caller learns the outcome of its command in any case.
  }
}

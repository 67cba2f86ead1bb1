import { keepSecret, redact } from '../redact.js';
import type { CallOptions } from './api.js';
import { classifySilence } from './classify.js';
import type { NamecheapError } from './errors.js';
import type { ClientHooks, Connection, Exchange } from './exchange.js';
import { readOutcome, startCall, type CommandRequest } from './read-outcome.js';
import { postForm } from './transport.js';

export interface ClientOptions {
  /** For one exchange, from the name lookup to the last byte, ms. */
  timeoutMs: number;
  hooks?: ClientHooks;
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
    const read = readOutcome(request, sent);
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

import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import got from 'got';
import { readErrorCode } from '../errors.js';

/** No answer of the API comes near this; the longest is the price list. Bytes after decompression. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export interface PostRequest {
  endpoint: string;
  form: Readonly<Record<string, string>>;
  /** For the whole exchange, from the name lookup to the last byte, ms. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/**
 * What became of one POST. `hasOpened` false means that no byte of the request can have left this machine: the
 * connection, with its TLS handshake, was never established. A failure carries a code and nothing else: got's
 * errors hold the form and the URL.
 */
export type PostOutcome =
  | { kind: 'answered'; status: number; text: string }
  | { kind: 'failed'; code: string; status: number | null; hasOpened: boolean };

interface Wire {
  hasOpened: boolean;
  status: number | null;
  /** Monotonic, ms: nothing may leave any more after this. */
  sendBy: number;
}

class AnswerTooLongError extends Error {
  readonly code = 'ERR_ANSWER_TOO_LONG';
}

class SentTooLateError extends Error {
  readonly code = 'ETIMEDOUT';
}

/**
 * Sends one form, exactly once: no retry, no redirect, a connection of its own. Never throws for what the network
 * or the server does.
 */
export async function postForm(request: PostRequest): Promise<PostOutcome> {
  const { signal } = request;
  if (isAborted(signal)) return { kind: 'failed', code: 'ABORTED', status: null, hasOpened: false };
  const wire: Wire = { hasOpened: false, status: null, sendBy: performance.now() + request.timeoutMs };
  try {
    const text = await exchange(request, wire);
    return { kind: 'answered', status: wire.status ?? 0, text };
  } catch (error) {
    const code = isAborted(signal) ? 'ABORTED' : readErrorCode(error);
    return { kind: 'failed', code, status: wire.status, hasOpened: wire.hasOpened };
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function exchange({ endpoint, form, timeoutMs, signal }: PostRequest, wire: Wire): Promise<string> {
  const stream = got.stream.post(endpoint, {
    form: { ...form },
    headers: { 'user-agent': 'pmnamecheap', accept: 'application/xml, text/xml' },
    // A charged call that is sent twice is paid twice; a redirect would send the key to somebody else.
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    timeout: { request: timeoutMs },
    // A fresh socket per call: on a kept one nobody can tell whether a lost request had arrived.
    agent: { http: new http.Agent({ keepAlive: false }), https: new https.Agent({ keepAlive: false }) },
    // One of its own per call: got leaves its listener on a signal, and a run that makes many calls has one signal.
    ...(signal === undefined ? {} : { signal: AbortSignal.any([signal]) }),
  });
  stream.once('request', (sent: ClientRequest) =>
    sent.once('socket', (socket) => watchOpening(socket, wire)),
  );
  stream.once('response', ({ statusCode }: { statusCode: number }) => {
    wire.status = statusCode;
  });
  // The first error ends the loop below; a later one (a reset of the destroyed socket) tells nothing new.
  stream.on('error', () => undefined);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream, and with it the socket.
    if (size > MAX_ANSWER_BYTES) throw new AnswerTooLongError();
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/**
 * Node sends no byte of a request before these events: a plain socket queues it until `connect`, a TLS socket until
 * the handshake is done and the certificate accepted (`secureConnect`).
 */
function watchOpening(socket: Socket, wire: Wire): void {
  const open = (): void => {
    wire.hasOpened = !socket.destroyed;
  };
  // A process that slept (SIGSTOP, a frozen machine) finds its connection open before its timers run: by then others may
  // have concluded that this call was never made. Node writes the request after these listeners.
  const destroyLate = (): void => {
    if (performance.now() > wire.sendBy) socket.destroy(new SentTooLateError());
  };
  if (socket.connecting) socket.once('connect', destroyLate);
  const isSecure = socket instanceof TLSSocket;
  const isPending = isSecure ? socket.getFinished() === undefined : socket.connecting;
  if (isPending) socket.once(isSecure ? 'secureConnect' : 'connect', open);
  else open();
}

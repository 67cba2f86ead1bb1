import http from 'node:http';
import https from 'node:https';
import got from 'got';
import type { WebhookTarget } from '../../config/webhook.js';
import { readErrorCode } from '../errors.js';
import { signWebhook, WEBHOOK_HEADERS } from './sign.js';

/** What is sent: the event's JSON as it stands in the stream, and what the headers say of it. */
export interface OutgoingEvent {
  id: string;
  type: string;
  json: string;
}

/** The receiver's status, or the code of what kept an answer from coming. */
export type DeliveryOutcome = { kind: 'answered'; status: number } | { kind: 'failed'; code: string };

/** Where events go. */
export interface Webhook {
  /** Scheme, host and port: what people may see of the URL. */
  origin: string;
  /** Sends one event, once. Never throws for what the network or the receiver does. */
  send(event: OutgoingEvent, signal: AbortSignal): Promise<DeliveryOutcome>;
}

export interface SenderOptions extends WebhookTarget {
  /** The wall clock, ms. */
  now: () => number;
  /** For the whole exchange; default 10 s. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;

/** The status is all we need; a receiver that talks on is cut off after this many bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** The sender for one receiver. */
export function createWebhook(options: SenderOptions): Webhook {
  return {
    origin: new URL(options.url).origin,
    send: (event, signal) => post(options, event, signal),
  };
}

async function post(
  options: SenderOptions,
  event: OutgoingEvent,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const answer: { status: number | null } = { status: null };
  try {
    await exchange(options, event, signal, (status) => (answer.status = status));
  } catch (error) {
    // The status stands even if the rest of the answer was lost: the receiver has decided.
    if (answer.status === null)
      return { kind: 'failed', code: signal.aborted ? 'ABORTED' : readErrorCode(error) };
  }
  return answer.status === null
    ? { kind: 'failed', code: 'ERR_EXCHANGE' }
    : { kind: 'answered', status: answer.status };
}

async function exchange(
  { url, secret, now, timeoutMs = TIMEOUT_MS }: SenderOptions,
  { id, type, json }: OutgoingEvent,
  signal: AbortSignal,
  onStatus: (status: number) => void,
): Promise<void> {
  // Signed anew at each try: a delivery that comes hours late is still a fresh request.
  const timestamp = Math.floor(now() / 1000);
  const stream = got.stream.post(url, {
    body: json,
    headers: {
      'user-agent': 'pmnamecheap',
      'content-type': 'application/json',
      [WEBHOOK_HEADERS.timestamp]: String(timestamp),
      [WEBHOOK_HEADERS.signature]: signWebhook(secret, timestamp, json),
      [WEBHOOK_HEADERS.eventId]: id,
      [WEBHOOK_HEADERS.eventType]: type,
    },
    // When and whether to try again is decided by the outbox, which knows the order of events.
    retry: { limit: 0 },
    // A redirect would send the event to an address that nobody configured.
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    timeout: { request: timeoutMs },
    agent: { http: new http.Agent({ keepAlive: false }), https: new https.Agent({ keepAlive: false }) },
    // One of its own per call: got leaves its listener on a signal, and one run sends many events.
    signal: AbortSignal.any([signal]),
  });
  stream.once('response', ({ statusCode }: { statusCode: number }) => onStatus(statusCode));
  // The first error ends the loop below; a later one (a reset of the destroyed socket) tells nothing new.
  stream.on('error', () => undefined);
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream, and with it the socket.
    if (size > MAX_ANSWER_BYTES) return;
  }
}

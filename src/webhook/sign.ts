import { createHmac, timingSafeEqual } from 'node:crypto';

/** Header names of a delivery, in lower case as Node hands them to a receiver. */
export const WEBHOOK_HEADERS = {
  timestamp: 'x-pmnamecheap-timestamp',
  signature: 'x-pmnamecheap-signature',
  eventId: 'x-pmnamecheap-event-id',
  eventType: 'x-pmnamecheap-event',
} as const;

/** A request older than this may be one that somebody recorded and sends again, seconds. */
const OLDEST_S = 300;

/** The value of the signature header. `timestamp` in Unix seconds; the body byte for byte as it is sent. */
export function signWebhook(secret: string, timestamp: number | string, body: string | Buffer): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;
}

export interface ReceivedWebhook {
  secret: string;
  /** As Node's `request.headers` has them: names in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Exactly the bytes received: JSON parsed and written again is another text. */
  body: string | Buffer;
  /** The receiver's clock, ms; default: now. */
  now?: number;
  /** How far the timestamp may be off in either direction, seconds; default 300. */
  toleranceSeconds?: number;
}

/** Whether a delivery was signed with the secret, lately. For receivers, before they believe a word of the body. */
export function verifyWebhook(received: ReceivedWebhook): boolean {
  const { secret, headers, body, now = Date.now(), toleranceSeconds = OLDEST_S } = received;
  const timestamp = headers[WEBHOOK_HEADERS.timestamp];
  const signature = headers[WEBHOOK_HEADERS.signature];
  if (typeof timestamp !== 'string' || typeof signature !== 'string') return false;
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const expected = Buffer.from(signWebhook(secret, timestamp, body));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

import { z } from 'zod';

/** What must be known of an event to send it. The headers of a delivery hold id and type: nothing but visible ASCII. */
const envelopeSchema = z.object({
  id: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  type: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  serviceId: z.string().nullable(),
});

/** An event on its way to the receiver. */
export interface OutboxEvent {
  id: string;
  type: string;
  serviceId: string | null;
  /** In the stream. */
  position: string;
  json: string;
}

const DIGITS = 20;

/** Null when the JSON is not that of an event. */
export function readEvent(position: string, json: string): OutboxEvent | null {
  try {
    return { ...envelopeSchema.parse(JSON.parse(json)), position, json };
  } catch {
    return null;
  }
}

/** The outbox that an event goes through: one per service, one for all events without. */
export function nameOutbox(serviceId: string | null): string {
  return serviceId === null ? 'account' : `service:${serviceId}`;
}

/** A stream position in which the order of the text is the order of the stream. */
export function padPosition(position: string): string {
  const [ms = '', sequence = ''] = position.split('-');
  return `${ms.padStart(DIGITS, '0')}-${sequence.padStart(DIGITS, '0')}`;
}

/** When the event was written, ms: the first half of its position. */
export function readTime(position: string): number {
  return Number(position.split('-')[0]);
}

/** An event as a member of its outbox: a sorted set with equal scores, so that Redis orders by this text. */
export function composeMember({ position, json }: OutboxEvent): string {
  return `${padPosition(position)} ${json}`;
}

/** Null when the member was written by something else. */
export function parseMember(member: string): OutboxEvent | null {
  const [, ms, sequence, json] = /^(\d{20})-(\d{20}) (.*)$/s.exec(member) ?? [];
  if (ms === undefined || sequence === undefined || json === undefined) return null;
  return readEvent(`${BigInt(ms)}-${BigInt(sequence)}`, json);
}

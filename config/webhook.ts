import { isIPv4 } from 'node:net';
import { z } from 'zod';

/** Where events are POSTed, and the secret that signs them. */
export interface WebhookTarget {
  url: string;
  secret: string;
}

/** A guess must not be worth trying: HMAC-SHA256 is as strong as its key. */
const SHORTEST_SECRET = 16;

/** Events name customers and their services: in the clear they go to this machine only. */
export const webhookUrl = z
  .string()
  .refine(
    isUsableUrl,
    'give a URL such as https://billing.example/hooks/certificates (http on 127.0.0.1, ::1 and localhost only), without user, password and fragment',
  );

export const webhookSecret = z
  .string()
  .refine(
    (text) => text.length >= SHORTEST_SECRET,
    `give at least ${SHORTEST_SECRET} characters, such as "openssl rand -hex 32" makes`,
  );

function isUsableUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isPrivate = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
  return isPrivate && url.username === '' && url.password === '' && url.hash === '';
}

function isLoopback({ hostname }: URL): boolean {
  return (
    hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
  );
}

interface WebhookFields {
  PMNAMECHEAP_WEBHOOK_URL?: string | undefined;
  PMNAMECHEAP_WEBHOOK_SECRET?: string | undefined;
}

/** Both or none: an unsigned webhook would let anybody tell the billing system that a certificate was issued. */
export function checkWebhook(
  fields: object,
  report: (name: keyof WebhookFields, message: string) => void,
): void {
  const hasUrl = 'PMNAMECHEAP_WEBHOOK_URL' in fields;
  const hasSecret = 'PMNAMECHEAP_WEBHOOK_SECRET' in fields;
  if (hasUrl && !hasSecret) {
    report('PMNAMECHEAP_WEBHOOK_SECRET', `give the receiver's secret, or remove PMNAMECHEAP_WEBHOOK_URL`);
  }
  if (hasSecret && !hasUrl) {
    report('PMNAMECHEAP_WEBHOOK_URL', "give the receiver's URL, or remove PMNAMECHEAP_WEBHOOK_SECRET");
  }
}

/** The target of fields that were checked; null when none is configured. */
export function chooseWebhook(fields: WebhookFields): WebhookTarget | null {
  const { PMNAMECHEAP_WEBHOOK_URL: url, PMNAMECHEAP_WEBHOOK_SECRET: secret } = fields;
  return url === undefined || secret === undefined ? null : { url, secret };
}

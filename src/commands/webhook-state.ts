import type { App } from '../app.js';
import type { WebhookSummary } from '../store/webhook-summary.js';
import type { Finding } from './doctor-checks.js';
import { formatSpan } from './format.js';

/** A receiver that is late by more than this needs somebody to look, ms. */
const LATE_MS = 900_000;

/** The configured webhook and how it stands. */
export interface WebhookState extends WebhookSummary {
  /** Scheme, host and port: the rest of the URL may hold a token. */
  origin: string;
}

/** Null when no webhook is configured. */
export async function readWebhook({ environment, store }: App): Promise<WebhookState | null> {
  if (environment.webhook === null) return null;
  return { origin: new URL(environment.webhook.url).origin, ...(await store.webhooks.readSummary()) };
}

/** One line for people. */
export function formatWebhook(state: WebhookState, now: number): string {
  const { origin, waiting, oldestAt, dead, deliveredAt } = state;
  const age = oldestAt === null ? '' : `, the oldest for ${formatSpan(now - oldestAt)}`;
  const last =
    deliveredAt === null ? 'none delivered yet' : `last delivered ${formatSpan(now - deliveredAt)} ago`;
  return `${origin}: ${waiting} events wait${age}; ${last}; dead letters: ${dead}`;
}

/** What somebody has to do about the webhook; one sentence each. */
export function listWebhookTroubles(state: WebhookState | null, now: number): string[] {
  if (state === null) return [];
  const { waiting, oldestAt, dead, dropped, lastFailure } = state;
  const why =
    lastFailure === null
      ? ''
      : ` (last failure ${formatSpan(now - lastFailure.at)} ago: ${lastFailure.reason})`;
  const troubles: string[] = [];
  if (oldestAt !== null && now - oldestAt > LATE_MS) {
    troubles.push(
      `${waiting} events wait, the oldest for ${formatSpan(now - oldestAt)}${why}: repair the receiver at ${state.origin}; they are sent by themselves, by workers that have PMNAMECHEAP_WEBHOOK_URL`,
    );
  }
  if (dead > 0) {
    const loss = dropped === 0 ? '' : `, and ${dropped} older ones had to be dropped`;
    troubles.push(
      `${dead} events were given up${loss}${why}: see pmnamecheap events --dead, repair the receiver, then run pmnamecheap events --replay all`,
    );
  }
  return troubles;
}

/** The check of `doctor`; none when no webhook is configured. */
export function checkWebhook(state: WebhookState | null, now: number): Finding[] {
  if (state === null) return [];
  const troubles = listWebhookTroubles(state, now);
  const check = 'webhook';
  if (troubles.length > 0) return [{ check, state: 'fail', detail: troubles.join('; ') }];
  return [{ check, state: 'ok', detail: formatWebhook(state, now) }];
}

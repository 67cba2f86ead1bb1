import { retryDelay } from '../certificates/backoff.js';
import type { Failures } from './failures.js';
import type { DeliveryOutcome } from './send.js';

const HOUR_MS = 3_600_000;

/** A receiver that is down over a long weekend loses nothing. */
const GIVE_UP_AFTER_MS = 72 * HOUR_MS;

/** A refusal is about the request: an hour is enough for a receiver that was being deployed. */
const REFUSED_FOR_MS = HOUR_MS;

/** These 4xx mean "later": timeout, too early, too many requests. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

export type Judgement =
  { isDead: false; failures: Failures; retryAt: number } | { isDead: true; failures: Failures };

/** Whether the receiver has the event: any 2xx. */
export function isAccepted(outcome: DeliveryOutcome): boolean {
  return outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;
}

/**
 * What becomes of an event whose delivery has just failed: tried again after 5 s to 15 min with jitter, or given up
 * after 72 hours of failure or an hour of nothing but refusals. Times in ms; `random` from 0 to 1.
 */
export function judgeFailure(
  known: Failures | null,
  failed: { position: string; outcome: DeliveryOutcome },
  now: number,
  random: number,
): Judgement {
  const { position, outcome } = failed;
  const before = known?.position === position ? known : null;
  const refusedSince = isRefusal(outcome) ? (before?.refusedSince ?? now) : null;
  const failures: Failures = {
    position,
    count: (before?.count ?? 0) + 1,
    firstAt: before?.firstAt ?? now,
    refusedSince,
    reason: describeOutcome(outcome),
  };
  const isDead =
    now - failures.firstAt >= GIVE_UP_AFTER_MS ||
    (refusedSince !== null && now - refusedSince >= REFUSED_FOR_MS);
  return isDead
    ? { isDead, failures }
    : { isDead, failures, retryAt: now + retryDelay(failures.count - 1, random) };
}

function isRefusal(outcome: DeliveryOutcome): boolean {
  return (
    outcome.kind === 'answered' && outcome.status >= 400 && outcome.status < 500 && !LATER.has(outcome.status)
  );
}

function describeOutcome(outcome: DeliveryOutcome): string {
  return outcome.kind === 'answered'
    ? `the receiver answered HTTP ${outcome.status}`
    : `no answer (${outcome.code})`;
}

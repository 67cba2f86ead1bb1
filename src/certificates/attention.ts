import { findGap } from './coverage.js';
import { readStage, type CertificateRecord } from './record.js';

/** Why a service needs a person. */
export type AttentionKind = 'parked' | 'failed' | 'gap' | 'pending-long';

/**
 * Whether only a person can help this service on, and with what; null when it goes on by itself. What is wrong with the
 * certificate in force comes before what is wrong with an operation beside it.
 */
export function findAttention(record: CertificateRecord): { kind: AttentionKind; text: string } | null {
  const { status, operation, shelved, problem } = record;
  const why = problem ?? 'no reason is known';
  if (status === 'parked' || status === 'failed') return { kind: status, text: `is ${status}: ${why}` };
  if (status === 'closed' || status === 'revoked') return null;
  const gap = findGap(record);
  if (gap !== null)
    return {
      kind: 'gap',
      text: `is paid from ${gap.from} to ${gap.till} without a certificate: ${gap.reason}`,
    };
  for (const flight of [operation, shelved?.operation ?? null]) {
    if (flight?.state !== 'parked' && flight?.state !== 'failed') continue;
    const said = flight === operation ? why : (shelved?.problem ?? why);
    return { kind: flight.state, text: `has a ${flight.job} that is ${flight.state}: ${said}` };
  }
  const isPending = readStage(record) === 'pending-validation' && record.activatedAt !== null;
  const isLong = isPending && record.announced['pending-long'] === record.activatedAt;
  return isLong && problem !== null ? { kind: 'pending-long', text: problem } : null;
}

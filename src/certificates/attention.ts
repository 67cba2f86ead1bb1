import { findGap } from './coverage.js';
import { readStage, type CertificateRecord } from './record.js';

/** Why a service needs a person. */
export type AttentionKind = 'parked' | 'failed' | 'gap' | 'pending-long';

const NO_REASON = 'no reason is known';

export interface Attention {
  kind: AttentionKind;
  text: string;
}

/**
 * Whether only a person can help this service on, and with what; null when it goes on by itself. What is wrong with the
 * certificate in force comes before what is wrong with an operation beside it.
 */
export function findAttention(record: CertificateRecord): Attention | null {
  const { status, problem } = record;
  if (status === 'parked' || status === 'failed')
    return { kind: status, text: `is ${status}: ${problem ?? NO_REASON}` };
  if (status === 'closed' || status === 'revoked') return null;
  return findUncovered(record) ?? findStuckOperation(record) ?? findLongWait(record);
}

function findUncovered(record: CertificateRecord): Attention | null {
  const gap = findGap(record);
  if (gap === null) return null;
  return {
    kind: 'gap',
    text: `is paid from ${gap.from} to ${gap.till} without a certificate: ${gap.reason}`,
  };
}

function findStuckOperation({ operation, problem, shelved }: CertificateRecord): Attention | null {
  const flights = [
    { operation, problem },
    { operation: shelved?.operation ?? null, problem: shelved?.problem ?? null },
  ];
  for (const { operation: one, problem: said } of flights) {
    if (one?.state !== 'parked' && one?.state !== 'failed') continue;
    return { kind: one.state, text: `has a ${one.job} that is ${one.state}: ${said ?? NO_REASON}` };
  }
  return null;
}

function findLongWait(record: CertificateRecord): Attention | null {
  const { activatedAt, announced, problem } = record;
  const isPending = readStage(record) === 'pending-validation' && activatedAt !== null;
  if (!isPending || announced['pending-long'] !== activatedAt || problem === null) return null;
  return { kind: 'pending-long', text: problem };
}

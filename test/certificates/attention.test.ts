import { describe, expect, it } from 'vitest';
import { findAttention } from '../../src/certificates/attention.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOperation } from '../../src/certificates/transitions.js';
import { composeTestRecord } from '../helpers/records.js';

const NOW = 1_800_000_000_000;
const iso = (days: number) => new Date(NOW + days * 86_400_000).toISOString();

const covered: Partial<CertificateRecord> = {
  ...{ status: 'issued', operation: null, issuedAt: iso(-10), endDate: iso(188) },
  ...{ paidTill: iso(700), termEnd: iso(700), nextReissueAt: iso(120) },
};
const look = (changes: Partial<CertificateRecord>) => findAttention(composeTestRecord('s', changes).record);
const parkedRenewal = composeOperation('renew', 'parked', NOW);

describe('what needs a person', () => {
  it.each<[string, Partial<CertificateRecord>, string | null]>([
    ['a parked order', { status: 'parked', operation: null, problem: 'compare' }, 'parked'],
    ['a failed order', { status: 'failed', operation: null }, 'failed'],
    ['a certificate whose reissue is planned', covered, null],
    [
      'a re-key that failed, the reissue by the calendar still to come',
      { ...covered, operation: composeOperation('reissue', 'failed', NOW) },
      'failed',
    ],
    [
      'the reissue for this End date that failed',
      {
        ...covered,
        operation: composeOperation('reissue', 'failed', NOW),
        announced: { reissue: iso(188) },
      },
      'gap',
    ],
    ['an automation that stopped', { ...covered, automationStopped: 'the lead is too long' }, 'gap'],
    ['a reissue for this End date that is over', { ...covered, announced: { reissue: iso(188) } }, 'gap'],
    [
      'a renewal that is parked beside a covered term',
      { ...covered, ...{ paidTill: null, termEnd: iso(189) }, operation: parkedRenewal },
      'parked',
    ],
    ['a closed service, whatever it holds', { ...covered, status: 'closed', problem: 'x' }, null],
    [
      'a pending order that is young',
      { ...{ status: 'pending-validation' }, activatedAt: iso(0), problem: 'x' },
      null,
    ],
    [
      'a pending order that was reported as long',
      {
        ...{ status: 'pending-validation', activatedAt: iso(-2), problem: 'publish it' },
        announced: { 'pending-long': iso(-2) },
      },
      'pending-long',
    ],
  ])('%s', (_what, changes, kind) => {
    expect(look(changes)?.kind ?? null).toBe(kind);
  });

  it('names the shelved renewal while a reissue is under way', () => {
    const { record } = composeTestRecord('s', covered);
    const shelved = {
      ...{
        operation: parkedRenewal,
        asked: {},
        purchase: null,
        activationBegunAt: null,
        activatedAt: null,
      },
      ...{ validation: [], attempts: 0, lostTries: 0, problem: 'which one is ours?' },
    };
    const found = findAttention({
      ...record,
      shelved,
      operation: composeOperation('reissue', 'accepted', NOW),
    });
    expect(found).toEqual({ kind: 'parked', text: 'has a renew that is parked: which one is ours?' });
  });
});

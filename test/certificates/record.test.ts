import { describe, expect, it } from 'vitest';
import { isUnfinished, STATUSES, type Status } from '../../src/certificates/record.js';
import { moveRecord } from '../../src/certificates/transitions.js';
import { composeTestRecord } from '../helpers/records.js';

const NOW = 1_800_000_000_000;

describe('the state machine of a certificate', () => {
  // Written out here a second time on purpose: an arrow that is added or lost must be meant.
  const arrows: Record<Status, Status[]> = {
    accepted: ['purchasing', 'purchase-unclear', 'purchased', 'failed', 'parked', 'closed'],
    purchasing: ['purchased', 'purchase-unclear', 'accepted', 'failed', 'parked'],
    'purchase-unclear': ['purchased', 'accepted', 'parked'],
    purchased: ['pending-validation', 'failed', 'parked', 'closed'],
    'pending-validation': ['issued', 'failed', 'parked', 'closed'],
    issued: ['expired', 'revoked', 'closed'],
    expired: ['issued', 'closed'],
    failed: ['accepted', 'purchased', 'closed'],
    parked: ['accepted', 'purchase-unclear', 'purchased', 'pending-validation', 'failed', 'closed'],
    revoked: ['closed'],
    closed: ['pending-validation', 'issued', 'expired', 'failed', 'parked', 'revoked'],
  };

  it.each(STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const)))('%s → %s', (from, to) => {
    const { record } = composeTestRecord('s', { status: from });
    if (from === to || arrows[from].includes(to)) expect(moveRecord(record, to, NOW).status).toBe(to);
    else expect(() => moveRecord(record, to, NOW)).toThrow(/Illegal transition/);
  });

  it('tells what is in flight only while something is', () => {
    for (const status of STATUSES) {
      const { operation } = moveRecord(composeTestRecord('s', { status }).record, status, NOW);
      expect(operation !== null).toBe(isUnfinished(status));
    }
  });

  it('forgets failures when a step succeeds, not when it is only begun again', () => {
    const { record } = composeTestRecord('s', { attempts: 4 });
    const begun = moveRecord(record, 'purchasing', NOW);
    expect(begun.attempts).toBe(4);
    expect(moveRecord(begun, 'purchased', NOW).attempts).toBe(0);
  });
});

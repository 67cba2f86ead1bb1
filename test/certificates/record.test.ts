import { describe, expect, it } from 'vitest';
import { canMove, isUnfinished, moveRecord, STATUSES } from '../../src/certificates/record.js';
import { composeTestRecord } from '../helpers/records.js';

const NOW = 1_800_000_000_000;

describe('the state machine of a certificate', () => {
  it.each(STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const)))(
    '%s → %s is allowed or refused as the table says',
    (from, to) => {
      const { record } = composeTestRecord('s', { status: from });
      if (from === to || canMove(from, to)) expect(moveRecord(record, to, NOW).status).toBe(to);
      else expect(() => moveRecord(record, to, NOW)).toThrow(/Illegal transition/);
    },
  );

  it('never leads from an issued certificate back to buying', () => {
    for (const to of ['accepted', 'purchasing', 'purchased'] as const)
      expect(canMove('issued', to)).toBe(false);
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

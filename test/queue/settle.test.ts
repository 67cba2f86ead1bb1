import { describe, expect, it } from 'vitest';
import { FailError, InputError, PmnamecheapError, WaitError } from '../../src/errors.js';
import { done, snooze } from '../../src/job.js';
import { settleEnd, settleError } from '../../src/queue/settle.js';
import { keepSecret } from '../../src/redact.js';

describe('the queue is told', () => {
  it('to complete a job that is done, and to delay one that snoozes', () => {
    expect(settleEnd(done({ a: 1 }))).toEqual({ kind: 'complete', result: { a: 1 } });
    expect(settleEnd(snooze(5000, 'later'))).toEqual({ kind: 'delay', delayMs: 5000, reason: 'later' });
  });

  it.each([
    [new WaitError('not yet', 1234), { kind: 'delay', delayMs: 1234, reason: 'ERR_WAIT: not yet' }],
    [
      new PmnamecheapError('paused', { code: 'ERR_X', verdict: 'pause' }),
      { kind: 'delay', delayMs: 30_000, reason: 'ERR_X: paused' },
    ],
    [
      new PmnamecheapError('again', { code: 'ERR_X', verdict: 'retry' }),
      { kind: 'retry', reason: 'ERR_X: again' },
    ],
    [new FailError('never', 'ERR_NEVER'), { kind: 'fail', reason: 'ERR_NEVER: never' }],
    [
      new InputError(['years: too many']),
      { kind: 'fail', reason: 'ERR_INPUT: The input is not valid: years: too many' },
    ],
    [new TypeError('a bug'), { kind: 'retry', reason: 'a bug' }],
    ['a thrown string', { kind: 'retry', reason: 'a thrown string' }],
  ])('what the verdict of %s says', (error, settlement) => {
    expect(settleError(error)).toEqual(settlement);
  });

  it('no secret, not even one in the message of a foreign error', () => {
    keepSecret('secret-of-settle-test');
    expect(JSON.stringify(settleError(new Error('key=secret-of-settle-test')))).not.toContain(
      'secret-of-settle-test',
    );
  });
});

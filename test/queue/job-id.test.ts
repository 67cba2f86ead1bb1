import { describe, expect, it } from 'vitest';
import { requestIdSchema } from '../../src/certificates/reissue-request.js';
import { nameJob } from '../../src/queue/job-id.js';

describe('nameJob', () => {
  it('leaves an id alone that a requestId may be', () => {
    for (const id of ['reissue-1001-1a2b3c4d', 'a:b.c_d-9', 'x'.repeat(128)]) expect(nameJob(id)).toBe(id);
  });

  it('makes a requestId of any other, always the same', () => {
    for (const id of ['bill #7/é', 'x'.repeat(129), '', '\n', '令'.repeat(300)]) {
      expect(requestIdSchema.parse(nameJob(id))).toBe(nameJob(id));
    }
    expect(nameJob('bill #7')).toMatch(/^bill--7-[0-9a-f]{16}$/);
  });

  it('keeps apart what differs in such characters or beyond the length only', () => {
    const ids = ['bill#7', 'bill/7', 'bill-7', 'x'.repeat(129), 'x'.repeat(130)];
    expect(new Set(ids.map(nameJob)).size).toBe(ids.length);
  });
});

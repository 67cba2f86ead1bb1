import { X509Certificate } from 'node:crypto';
import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { acceptErrand } from '../../src/certificates/inbox.js';
import { createProducer } from '../../src/producer.js';
import { makeCsr } from '../csr-fixtures.js';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';

const DAY_MS = 86_400_000;

/** A system with one issued certificate. */
async function startIssued(name: string, changes: Readonly<Record<string, unknown>> = {}, options = {}) {
  const system = await System.start({ sandbox: { limits: [0, 0, 0] }, ...options });
  const payload = await composeOrder(name, changes);
  await system.run('order', payload);
  const record = await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
  return {
    system,
    record,
    serviceId: payload.serviceId,
    [Symbol.asyncDispose]: () => system[Symbol.asyncDispose](),
  };
}

describe('a reissue', () => {
  it('with another key replaces the certificate once the new one is issued, in two calls', async () => {
    await using started = await startIssued('rekey.example.com', { years: 2 });
    const { system, record, serviceId } = started;
    const before = await system.countCalls();
    const { csr } = await makeCsr({ commonName: 'rekey.example.com' });
    const ends = await Promise.all([1, 2, 3].map(() => system.run('reissue', { serviceId, csr })));
    for (const end of ends) expect(end).toMatchObject({ kind: 'completed' });
    const done = await system.untilRecord(serviceId, ({ operation }) => operation === null);
    expect(done.certificateIds).toHaveLength(2);
    expect(done.certificateId).not.toBe(record.certificateId);
    expect(done.termEnd).toBe(record.termEnd);
    const after = await system.countCalls();
    expect([after['ssl.reissue'], after['ssl.getinfo']]).toEqual([1, (before['ssl.getinfo'] ?? 0) + 1]);
    const stored = await system.app.store.certificates.load(serviceId);
    expect(new X509Certificate(stored?.pem?.certificate ?? '').subject).toContain('rekey.example.com');
    const types = (await system.readEvents()).map(({ type }) => type);
    expect(types.filter((type) => type === 'certificate.reissued')).toHaveLength(1);
  });

  it('added by plain BullMQ works the same, and one that does not fit fails at once', async () => {
    await using started = await startIssued('plain.example.com', { years: 2 });
    const { system, serviceId } = started;
    const queue = new Queue('reissue', { connection: { url: system.redis.url }, prefix: '{pmnamecheap}' });
    try {
      const good = await queue.add('reissue', { serviceId, reason: 'rekey' }, { jobId: 'bill #7/1' });
      expect(await system.app.queues.waitFor('reissue', good.id ?? '', 15_000)).toMatchObject({
        kind: 'completed',
        result: { operation: { job: 'reissue' } },
      });
      const { doneErrands } = await system.untilRecord(serviceId, ({ operation }) => operation === null);
      // Under an id that a requestId may be, so that it could have been rung again.
      expect(doneErrands.at(-1)).toMatch(/^reissue\/bill--7-1-[0-9a-f]{16}$/);
      const bad = await queue.add('reissue', { serviceId, sans: ['other.example.org'] }, { attempts: 5 });
      const end = await system.app.queues.waitFor('reissue', bad.id ?? '', 15_000);
      expect(end).toMatchObject({ kind: 'failed', reason: expect.stringContaining('sans[0]') as string });
      expect((await queue.getJob(bad.id ?? ''))?.attemptsMade).toBe(1);
      const lost = await queue.add('reissue', { serviceId: 'nobody' });
      expect(await system.app.queues.waitFor('reissue', lost.id ?? '', 15_000)).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining('ERR_NO_SERVICE') as string,
      });
    } finally {
      await queue.close();
    }
  });

  it('that was accepted is done although every BullMQ key is deleted', async () => {
    await using started = await startIssued('lost.example.com', { years: 2 });
    const { system, serviceId } = started;
    // Accepted as a producer does it, and its job lost at once.
    const at = new Date(Date.now() - 120_000).toISOString();
    const errand = { id: 'lost-1', job: 'reissue', payload: { serviceId, reason: 'rekey' }, at };
    const { certificates, redis } = system.app.store;
    await acceptErrand(certificates, serviceId, errand, () => false);
    const own = new Set(Object.values(system.app.store.keys).filter((key) => typeof key === 'string'));
    for (const key of await redis.keys('{pmnamecheap}:*')) {
      const isBullMq = /^\{pmnamecheap\}:(order|renew|reissue|collect|scan|test|notify)(:|$)/.test(key);
      if (isBullMq && !own.has(key)) await redis.del(key);
    }
    await system.startWorker();
    const done = await system.untilRecord(serviceId, ({ certificateIds }) => certificateIds.length === 2);
    expect(done.doneErrands).toContain('reissue/lost-1');
  });
});

describe('a renewal', () => {
  it('is bought once by several workers, activated and issued', async () => {
    // Namecheap's clock begins in the past: the certificate that is ordered now ends soon.
    const options = { sandbox: { limits: [0, 0, 0], leafDays: 398, now: () => Date.now() - 300 * DAY_MS } };
    await using started = await startIssued('renew.example.com', {}, options);
    const { system, record, serviceId } = started;
    await system.control('_clock', { advance: '300d' });
    await system.startWorker();
    const producer = await createProducer({ redisUrl: system.redis.url });
    try {
      const payload = { serviceId, years: 1, paidTill: record.termEnd ?? '', requestId: 'op-77' };
      const ids = await Promise.all([
        producer.renew(payload),
        producer.renew(payload),
        producer.renew(payload),
      ]);
      const ends = await Promise.all(ids.map((id) => producer.waitFor('renew', id, 20_000)));
      for (const end of ends) expect(end).toMatchObject({ kind: 'completed' });
      const renewed = await system.untilRecord(serviceId, ({ renewals }) => renewals.length === 1);
      expect(renewed).toMatchObject({ status: 'issued', operation: null });
      expect((await system.readLedger()).charges.map(({ command }) => command)).toEqual([
        'namecheap.ssl.create',
        'namecheap.ssl.renew',
      ]);
      expect(await system.countCalls()).toMatchObject({
        'ssl.renew': 1,
        'ssl.activate': 2,
        'ssl.getinfo': 2,
      });
    } finally {
      await producer.close();
    }
  });
});

import { X509Certificate } from 'node:crypto';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateResult } from '../../src/certificates/present.js';
import { readCertificate } from '../../src/certificates/view.js';
import { makeCsr } from '../csr-fixtures.js';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';

let system: System;

beforeAll(async () => {
  system = await System.start({ sandbox: { limits: [0, 0, 0], balance: '100000' } });
});

afterAll(async () => {
  await system[Symbol.asyncDispose]();
});

function expectResult(end: { kind: string; result?: unknown; reason?: string }): CertificateResult {
  expect(end).toMatchObject({ kind: 'completed' });
  return end.result as CertificateResult;
}

describe('an order', () => {
  it.each([
    { method: 'dns', dcv: { method: 'dns' } },
    { method: 'http', dcv: { method: 'http' } },
    { method: 'email', dcv: { method: 'email', approverEmail: 'admin@example.com' } },
  ])('is bought, activated and issued with $method validation, in three calls', async ({ method, dcv }) => {
    await using own = await System.start({ sandbox: { limits: [0, 0, 0] } });
    const payload = await composeOrder('example.com', { dcv });
    const result = expectResult(await own.run('order', payload));
    expect(result).toMatchObject({
      serviceId: payload.serviceId,
      module: 'default',
      status: 'pending-validation',
      type: 'Standard SSL',
      requestedType: 'PositiveSSL',
      commonName: 'example.com',
      charged: { currency: 'USD' },
      endDate: null,
      paidTill: null,
    });
    expect(result.validation).toMatchObject([{ domain: 'example.com', method }]);

    await own.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    const view = await readCertificate(own.app.store.certificates, payload.serviceId);
    const leaf = new X509Certificate(view?.certificate ?? '');
    expect(leaf.subject).toContain('example.com');
    expect(view?.chain.length).toBeGreaterThan(0);
    expect(view?.endDate).toBe(new Date(leaf.validTo).toISOString());
    expect(view?.history.map(({ to }) => to)).toEqual([
      'accepted',
      'purchasing',
      'purchased',
      'purchased',
      'pending-validation',
      'issued',
    ]);

    expect(await own.countCalls()).toEqual({ 'ssl.create': 1, 'ssl.activate': 1, 'ssl.getinfo': 1 });
    const { charges } = await own.readLedger();
    expect(charges.map(({ amount }) => Number(amount))).toEqual([Number(result.charged?.amount)]);
    const types = (await own.readEvents()).map(({ type }) => type);
    expect(types).toEqual([
      'certificate.accepted',
      'certificate.purchased',
      'certificate.activated',
      'certificate.issued',
    ]);
  });

  it('covers several names with a multi-domain product, mixed validation', async () => {
    const payload = await composeOrder('multi.example.com', {
      type: 'PositiveSSL Multi Domain',
      sans: ['a.example.org', 'b.example.net', 'c.example.net'],
      dcvs: [
        { domain: 'a.example.org', method: 'http' },
        { domain: 'b.example.net', method: 'email', approverEmail: 'admin@example.net' },
      ],
    });
    const result = expectResult(await system.run('order', payload));
    expect(result.validation.map(({ domain, method }) => [domain, method])).toEqual(
      expect.arrayContaining([
        ['multi.example.com', 'dns'],
        ['a.example.org', 'http'],
        ['b.example.net', 'email'],
        ['c.example.net', 'dns'],
      ]),
    );
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    const view = await readCertificate(system.app.store.certificates, payload.serviceId);
    expect(new X509Certificate(view?.certificate ?? '').subjectAltName).toContain('c.example.net');
  });

  it('covers a wildcard', async () => {
    const payload = await composeOrder('*.example.com', { type: 'PositiveSSL Wildcard' });
    expectResult(await system.run('order', payload));
    const record = await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    expect(record.commonName).toBe('*.example.com');
  });

  it('keeps End date and Paid till apart: a one-year order on 198-day certificates', async () => {
    const payload = await composeOrder('term.example.com', { years: 5 });
    await system.run('order', payload);
    const record = await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    const years = (iso: string | null) => new Date(iso ?? 0).getUTCFullYear();
    expect(years(record.paidTill) - years(record.issuedAt)).toBe(5);
    expect(Date.parse(record.endDate ?? '')).toBeLessThan(Date.parse(record.paidTill ?? ''));
    expect(Date.parse(record.nextReissueAt ?? '')).toBeLessThan(Date.parse(record.endDate ?? ''));
  });

  it('has no Paid till when one certificate covers the term', async () => {
    await using own = await System.start({ sandbox: { limits: [0, 0, 0], leafDays: 398 } });
    const payload = await composeOrder('covered.example.com');
    await own.run('order', payload);
    const record = await own.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    expect(record).toMatchObject({ paidTill: null, nextReissueAt: null });
  });

  it('added by plain BullMQ works the same', async () => {
    const payload = await composeOrder('by-hand.example.com');
    const queue = new Queue('order', { connection: { url: system.redis.url }, prefix: '{pmnamecheap}' });
    try {
      await queue.add('order', payload);
      await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    } finally {
      await queue.close();
    }
  });
});

describe('an order that is not valid', () => {
  it('is refused by the producer with every fault, and changes nothing', async () => {
    const payload = {
      serviceId: 'bad id',
      type: 'NoSuchSSL',
      years: 9,
      csr: 'x',
      dcv: { method: 'fax' },
      typo: 1,
    };
    const failure = await system.app.enqueue('order', payload).catch((error: unknown) => error);
    const { faults } = failure as { faults: string[] };
    for (const field of ['serviceId', 'years', 'csr', 'dcv', 'typo'])
      expect(faults.join('\n')).toContain(field);
    expect(await system.readRecord('bad id')).toBeNull();
  });

  it('is refused by the worker at once, without retries, when it came another way', async () => {
    const queue = new Queue('order', { connection: { url: system.redis.url }, prefix: '{pmnamecheap}' });
    try {
      const job = await queue.add('order', { serviceId: 'x1', years: 0 }, { attempts: 5 });
      const end = await system.app.queues.waitFor('order', job.id ?? '', 15_000);
      expect(end.kind).toBe('failed');
      const reason = end.kind === 'failed' ? end.reason : '';
      for (const field of ['type', 'years', 'csr', 'dcv']) expect(reason).toContain(field);
      expect((await queue.getJob(job.id ?? ''))?.attemptsMade).toBe(1);
    } finally {
      await queue.close();
    }
  });

  it('with a weak key or names that do not fit costs nothing', async () => {
    const { csr } = await makeCsr({ commonName: 'weak.example.com', key: 'rsa-1024' });
    const before = (await system.readLedger()).charges.length;
    await expect(
      system.app.enqueue('order', { ...(await composeOrder('x.example.com')), csr }),
    ).rejects.toThrow(/2048/);
    await expect(system.app.enqueue('order', await composeOrder('*.example.com'))).rejects.toThrow(
      /[Ww]ildcard/,
    );
    expect((await system.readLedger()).charges.length).toBe(before);
  });
});

describe('the same service again', () => {
  it('never buys again and answers with what is known', async () => {
    const payload = await composeOrder('again.example.com');
    const before = (await system.readLedger()).charges.length;
    const ends = await Promise.all([1, 2, 3, 4].map(() => system.run('order', payload)));
    const ids = new Set(ends.map((end) => expectResult(end).certificateId));
    expect(ids.size).toBe(1);
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    expect(expectResult(await system.run('order', payload)).status).toBe('issued');
    expect((await system.readLedger()).charges.length).toBe(before + 1);
  });

  it('with other values fails with ERR_ORDER_DIFFERS and names them', async () => {
    const payload = await composeOrder('differs.example.com');
    await system.run('order', payload);
    await expect(system.app.enqueue('order', { ...payload, years: 3 })).rejects.toThrow(/years/);
    const queue = new Queue('order', { connection: { url: system.redis.url }, prefix: '{pmnamecheap}' });
    try {
      const job = await queue.add('order', { ...payload, years: 3 });
      const end = await system.app.queues.waitFor('order', job.id ?? '', 15_000);
      expect(end).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining('ERR_ORDER_DIFFERS') as string,
      });
    } finally {
      await queue.close();
    }
  });
});

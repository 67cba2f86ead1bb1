import { describe, expect, it } from 'vitest';
import { createProducer } from '../src/producer.js';
import { composeOrder } from './helpers/orders.js';
import { System } from './helpers/system.js';

describe('the producer', () => {
  it('orders, waits for the result and reads what is known', async () => {
    await using system = await System.start({ sandbox: { limits: [0, 0, 0] } });
    const producer = await createProducer({ redisUrl: system.redis.url });
    try {
      const order = await composeOrder('producer.example.com');
      const { serviceId } = order;
      const id = await producer.order({ ...order, dcv: { method: 'dns' } });
      expect(await producer.waitFor('order', id, 20_000)).toMatchObject({
        kind: 'completed',
        result: { serviceId, status: 'pending-validation' },
      });
      expect(await producer.readCertificate(serviceId)).toMatchObject({
        serviceId,
        requestedType: 'PositiveSSL',
      });
      expect(await producer.readCertificate('unknown')).toBeNull();
    } finally {
      await producer.close();
    }
  });

  it('has made the order durable before it answers: it is done although its job is gone', async () => {
    await using system = await System.start({ sandbox: { limits: [0, 0, 0] }, worker: false });
    const producer = await createProducer({ redisUrl: system.redis.url });
    const order = await composeOrder('durable.example.com');
    const { serviceId } = order;
    await producer.enqueue('order', order);
    await producer.close();
    expect(await system.readRecord(serviceId)).toMatchObject({ status: 'accepted' });
    // Within a grace time it is rung again, should its job be lost.
    const due = await system.app.store.certificates.listOpen(Date.now() + 120_000, 10);
    expect(due.map((one) => one.serviceId)).toContain(serviceId);
  });

  it('fails at once, with a remedy, when Redis is away', async () => {
    await expect(createProducer({ redisUrl: 'redis://127.0.0.1:1' })).rejects.toThrow(/REDIS_URL/);
    await expect(createProducer({ redisUrl: 'http://x' })).rejects.toThrow(/REDIS_URL/);
  });

  it('does not go on in another database than the one it was given', async () => {
    await using system = await System.start({ worker: false });
    const redisUrl = `${system.redis.url.replace(/\/0?$/, '')}/999`;
    await expect(createProducer({ redisUrl })).rejects.toThrow(/database that exists/);
  });
});

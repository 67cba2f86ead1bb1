import { describe, expect, it } from 'vitest';
import { composeOrder } from '../helpers/orders.js';
import { System } from '../helpers/system.js';

describe('with a real worker', () => {
  it('a pending order gets another validation, is issued, synced, closed, reopened, and reissued', async () => {
    await using system = await System.start();
    await system.control('_validation', { mode: 'never' });
    const payload = await composeOrder('life.example.com', { years: 2 });
    const { serviceId } = payload;
    expect(await system.run('order', payload)).toMatchObject({ kind: 'completed' });

    const approver = { method: 'email', approverEmail: 'admin@example.com' };
    expect(await system.run('dcv', { serviceId, dcv: approver })).toMatchObject({
      kind: 'completed',
      result: { applied: 'changed', validation: [{ domain: 'life.example.com', ...approver }] },
    });
    const certificateId = (await system.readRecord(serviceId))?.certificateId;
    await system.control('_validation', { mode: 'now', certificateId });
    await system.untilRecord(serviceId, ({ status }) => status === 'issued');

    expect(await system.run('sync', { serviceId })).toMatchObject({
      result: { status: 'issued', seen: [{ certificateId, status: 'active' }] },
    });
    expect(await system.run('close', { serviceId })).toMatchObject({ result: { status: 'closed' } });
    expect(await system.run('order', payload)).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/ERR_CLOSED/) as string,
    });
    await expect(system.app.enqueue('reissue', { serviceId })).rejects.toThrow(/"open": true/);

    expect(await system.run('close', { serviceId, open: true })).toMatchObject({
      result: { status: 'issued' },
    });
    await system.control('_validation', { mode: 'auto' });
    expect(await system.run('reissue', { serviceId })).toMatchObject({ kind: 'completed' });
    const record = await system.untilRecord(serviceId, (one) => one.certificateId !== certificateId);
    expect(await system.run('revoke', { serviceId, certificateId })).toMatchObject({
      result: { revokedIds: [certificateId], certificateId: record.certificateId },
    });
    const types = (await system.readEvents()).map(({ type }) => type.replace('certificate.', ''));
    expect(types.filter((type) => ['closed', 'revoked', 'reissued'].includes(type))).toEqual([
      'closed',
      'reissued',
      'revoked',
    ]);
  });

  it('what was accepted while no worker ran is done by the first one', async () => {
    await using system = await System.start({ worker: false });
    const worker = await system.startWorker();
    const payload = await composeOrder('waiting.example.com');
    const { serviceId } = payload;
    await system.run('order', payload);
    await system.untilRecord(serviceId, ({ status }) => status === 'issued');
    await worker.close();
    await system.app.enqueue('close', { serviceId, requestId: 'leave' });
    expect((await system.readRecord(serviceId))?.errands).toMatchObject([{ id: 'leave', job: 'close' }]);
    await system.startWorker();
    await system.untilRecord(serviceId, ({ status, errands }) => status === 'closed' && errands.length === 0);
  });
});

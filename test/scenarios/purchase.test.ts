import { describe, expect, it } from 'vitest';
import { accountId } from '../../src/modules/settings.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';

const unlimited = { sandbox: { limits: [0, 0, 0] as [number, number, number] } };

describe('a purchase without a clear answer', () => {
  it.each([
    'drop-after',
    'hang',
    'http-500-after',
    'html-after',
    'truncated',
    'order-error-after-charge',
    'other-command',
  ])('that was made (%s) is adopted: one charge, one certificate', async (fault) => {
    await using system = await System.start(unlimited);
    await system.control('_fault', { command: 'ssl.create', fault, count: 1 });
    const payload = await composeOrder('adopted.example.com');
    const end = await system.run('order', payload);
    expect(end.kind).toBe('completed');
    const record = await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    const ledger = await system.readLedger();
    expect(ledger.charges).toHaveLength(1);
    expect(record.certificateId).toBe(ledger.charges[0]?.certificateId);
    expect((await system.countCalls())['ssl.create']).toBe(1);
    expect((await system.readEvents()).map(({ type }) => type)).toContain('certificate.purchased');
  });

  it.each(['drop-before', 'http-500'])(
    'that was not made (%s) is bought after the settle time, once',
    async (fault) => {
      await using system = await System.start(unlimited);
      await system.control('_fault', { command: 'ssl.create', fault, count: 1 });
      const payload = await composeOrder('not-made.example.com');
      await system.app.enqueue('order', payload);
      const unclear = await system.untilRecord(
        payload.serviceId,
        ({ status }) => status === 'purchase-unclear',
      );
      expect(unclear.problem).toMatch(/looked up/);
      await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
      expect((await system.readLedger()).charges).toHaveLength(1);
      expect((await system.countCalls())['ssl.create']).toBe(2);
    },
  );

  it('leaves a certificate that somebody bought by hand alone', async () => {
    await using system = await System.start(unlimited);
    await system.control('_purchase', { type: 'PositiveSSL', years: 1 });
    const payload = await composeOrder('foreign.example.com');
    await system.run('order', payload);
    const record = await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    const byHand = (await system.readLedger()).charges.find((charge) => charge.byHand === true);
    expect(record.certificateId).not.toBe(byHand?.certificateId);
    expect(
      (await system.readEvents()).find(({ type }) => type === 'account.foreign')?.data['certificateId'],
    ).toBe(byHand?.certificateId);
  });

  it('with another one bought by hand meanwhile: the lowest id is adopted, the rest is stock that the next order uses', async () => {
    await using system = await System.start({ ...unlimited, worker: false });
    await system.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
    const first = await composeOrder('first.example.com');
    await system.app.enqueue('order', first);
    const stopping = await system.startWorker({ jobs: ['order'] });
    await system.untilRecord(first.serviceId, ({ status }) => status === 'purchase-unclear');
    await stopping.close();
    await system.control('_purchase', { type: 'PositiveSSL', years: 1 });
    await system.startWorker();
    const adopted = await system.untilRecord(first.serviceId, ({ status }) => status === 'issued');
    const second = await composeOrder('second.example.com');
    await system.run('order', second);
    const fromStock = await system.untilRecord(second.serviceId, ({ status }) => status === 'issued');
    const { charges } = await system.readLedger();
    expect(charges.map(({ certificateId }) => certificateId)).toEqual([
      adopted.certificateId,
      fromStock.certificateId,
    ]);
    expect((await system.countCalls())['ssl.create']).toBe(1);
  });
});

describe('an order that Namecheap cannot take now', () => {
  it('waits while funds are missing, says so, and goes on after a top-up', async () => {
    await using system = await System.start({ sandbox: { ...unlimited.sandbox, balance: '1' } });
    const payload = await composeOrder('funds.example.com');
    await system.app.enqueue('order', payload);
    const waiting = await system.untilRecord(payload.serviceId, ({ problem }) => problem !== null);
    expect(waiting).toMatchObject({ status: 'accepted', certificateId: null });
    expect(waiting.problem).toMatch(/INSUFFICIENTFUNDS|funds/i);
    expect((await system.readEvents()).map(({ type }) => type)).toContain('module.low-balance');
    await system.control('_balance', { balance: '500' });
    await system.app.store.accounts.resume(waiting.account);
    expect((await system.run('order', payload)).kind).toBe('completed');
    expect((await system.readLedger()).charges).toHaveLength(1);
  });

  it('waits while the key is wrong, tries no further, and goes on once it is right', async () => {
    await using system = await System.start(unlimited);
    await system.addModule('default', { limits: [0, 0, 0] }, { apiKey: 'a-wrong-key-that-nobody-has' });
    const payload = await composeOrder('key.example.com');
    await system.app.enqueue('order', payload);
    const waiting = await system.untilRecord(payload.serviceId, ({ problem }) => problem !== null);
    expect(waiting.problem).toContain('1011102');
    // The account is paused, and that announced, after the problem was saved.
    await system.untilEvent('module.unreachable');
    expect((await system.readLedger()).calls.length).toBeLessThanOrEqual(2);
    await system.addModule('default');
    await system.app.store.accounts.resume(waiting.account);
    expect((await system.run('order', payload)).kind).toBe('completed');
    expect((await system.readLedger()).charges).toHaveLength(1);
  });

  it('goes on soon after a person resumes the account', async () => {
    await using system = await System.start(unlimited);
    const payload = await composeOrder('resumed.example.com');
    const account = accountId(
      (await system.app.store.modules.load('default')) ?? { username: '', sandbox: true, endpoint: null },
    );
    await system.app.store.accounts.pause(account, { scope: 'all', reason: 'counting', until: null });
    await system.app.enqueue('order', payload);
    await system.untilRecord(payload.serviceId, ({ problem }) => problem?.includes('counting') === true);
    await system.app.store.accounts.resume(account);
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
  });

  it('waits while the address is not allow-listed', async () => {
    await using system = await System.start({ sandbox: { ...unlimited.sandbox, clientIp: '192.0.2.7' } });
    await system.addModule('default', { limits: [0, 0, 0] }, { clientIp: '127.0.0.1' });
    const payload = await composeOrder('address.example.com');
    await system.app.enqueue('order', payload);
    const waiting = await system.untilRecord(payload.serviceId, ({ problem }) => problem !== null);
    expect(waiting.problem).toContain('1011150');
    expect(await system.app.store.accounts.listPauses(waiting.account, Date.now())).toEqual([]);
    expect((await system.readLedger()).charges).toHaveLength(0);
  });

  it('waits for the quota and is never throttled by Namecheap', async () => {
    await using system = await System.start({ ...unlimited, parameters: { limits: [0, 3, 0] } });
    const payload = await composeOrder('quota.example.com');
    const id = await system.app.enqueue('order', payload);
    // Two list pages (what was bought, and the first look at the account) and one purchase: the activation has to wait.
    const waiting = await system.untilRecord(
      payload.serviceId,
      ({ problem }) => problem?.includes('quota') === true,
    );
    expect(waiting).toMatchObject({ status: 'purchased' });
    expect(await system.app.queues.waitFor('order', id, 100)).toMatchObject({ kind: 'waiting' });
    expect((await system.readLedger()).calls.map(({ outcome }) => outcome)).toEqual(['OK', 'OK', 'OK']);
  });

  it('comes back after Namecheap throttled it', async () => {
    await using system = await System.start({
      ...unlimited,
      environment: { PMNAMECHEAP_THROTTLE_PAUSE: '1s' },
    });
    await system.control('_fault', { command: 'ssl.create', fault: 'throttle', count: 1 });
    const payload = await composeOrder('throttled.example.com');
    expect((await system.run('order', payload)).kind).toBe('completed');
    expect((await system.readLedger()).charges).toHaveLength(1);
  });

  it('holds to the spending guard', async () => {
    await using system = await System.start({ ...unlimited, parameters: { maxPurchasesPerHour: 1 } });
    await system.run('order', await composeOrder('guard-1.example.com'));
    const second = await composeOrder('guard-2.example.com');
    await system.app.enqueue('order', second);
    const waiting = await system.untilRecord(second.serviceId, ({ problem }) => problem !== null);
    expect(waiting.problem).toMatch(/purchases per hour/);
    expect((await system.readLedger()).charges).toHaveLength(1);
  });
});

describe('an order that Namecheap refuses', () => {
  it('before the purchase fails, and starts afresh when ordered again', async () => {
    await using system = await System.start(unlimited);
    await system.control('_fault', {
      command: 'ssl.create',
      fault: 'error',
      count: 1,
      error: { number: 2011301, text: 'Type is not valid' },
    });
    const payload = await composeOrder('refused.example.com');
    expect(await system.run('order', payload)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('2011301') as string,
    });
    expect(await system.readRecord(payload.serviceId)).toMatchObject({
      status: 'failed',
      certificateId: null,
    });
    expect((await system.run('order', { ...payload, years: 2 })).kind).toBe('completed');
    expect((await system.readLedger()).charges).toHaveLength(1);
  });

  it('at activation keeps what was bought, and activates it when ordered again with a corrected approver', async () => {
    await using system = await System.start(unlimited);
    await system.control('_fault', {
      command: 'ssl.activate',
      fault: 'error',
      count: 1,
      error: { number: 2011295, text: 'ApproverEmail is not valid' },
    });
    const payload = await composeOrder('approver.example.com', {
      dcv: { method: 'email', approverEmail: 'hostmaster@example.com' },
    });
    expect((await system.run('order', payload)).kind).toBe('failed');
    const failed = await system.readRecord(payload.serviceId);
    expect(failed).toMatchObject({ status: 'failed', certificateId: expect.any(Number) as number });
    expect(failed?.problem).toMatch(/stays with this service/);
    const corrected = { ...payload, dcv: { method: 'dns' } };
    expect((await system.run('order', corrected)).kind).toBe('completed');
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    expect((await system.readLedger()).charges).toHaveLength(1);
  });
});

describe('activation and issuance', () => {
  it.each(['drop-after', 'drop-before', 'hang'])('survive an unanswered ssl.activate (%s)', async (fault) => {
    await using system = await System.start({ sandbox: { ...unlimited.sandbox, validationDelayMs: 8000 } });
    await system.control('_fault', { command: 'ssl.activate', fault, count: 1 });
    const payload = await composeOrder('activate.example.com');
    const end = await system.run('order', payload);
    expect(end.kind).toBe('completed');
    const record = await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    expect(record.validation).toMatchObject([{ method: 'dns', domain: 'activate.example.com' }]);
    expect((await system.readLedger()).charges).toHaveLength(1);
  });

  it('wait for a certificate that the CA delays, without a call of its own', async () => {
    await using system = await System.start(unlimited);
    await system.control('_validation', { mode: 'never' });
    const payload = await composeOrder('delayed.example.com');
    await system.run('order', payload);
    const listed = (await system.readLedger()).calls.length;
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'pending-validation');
    const { certificateId } = (await system.readRecord(payload.serviceId)) ?? {};
    await until(
      async () => ((await system.readLedger()).calls.length >= listed + 2 ? true : null),
      () => Promise.resolve('the certificate was not looked at again'),
    );
    expect((await system.countCalls())['ssl.getinfo'] ?? 0).toBe(0);
    await system.control('_validation', { mode: 'now', certificateId });
    await system.untilRecord(payload.serviceId, ({ status }) => status === 'issued');
    expect(await system.countCalls()).toEqual({ 'ssl.create': 1, 'ssl.activate': 1, 'ssl.getinfo': 1 });
  });

  it('park what the CA rejects, with a sentence for a person', async () => {
    await using system = await System.start(unlimited);
    await system.control('_fault', { command: 'ssl.activate', fault: 'purchaseerror', count: 1 });
    const payload = await composeOrder('rejected.example.com');
    await system.run('order', payload);
    const record = await system.untilRecord(payload.serviceId, ({ status }) => status === 'parked');
    expect(record.problem).toMatch(/support/);
    expect((await system.readEvents()).map(({ type }) => type)).toContain('certificate.parked');
  });
});

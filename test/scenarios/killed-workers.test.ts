import { describe, expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';
import { kill, spawnWorker } from '../helpers/worker-processes.js';

const isSubmitting = ({ operation, activationBegunAt }: CertificateRecord) =>
  operation?.job === 'reissue' && activationBegunAt !== null;

describe('two workers killed with kill -9 while they reissue what the scanner found due', () => {
  it.each([
    { when: 'Namecheap has made it and not answered', fault: { fault: 'hang' }, calls: 1 },
    { when: 'Namecheap has not made it', fault: { fault: 'hang', before: true }, calls: 2 },
  ])('when $when: one certificate, one event, one claim', { timeout: 90_000 }, async ({ fault, calls }) => {
    await using system = await System.start({
      sandbox: { limits: [0, 0, 0] },
      worker: false,
      environment: {
        PMNAMECHEAP_HTTP_TIMEOUT: '5s',
        PMNAMECHEAP_SETTLE_TIME: '10s',
        PMNAMECHEAP_SCAN_CRON: '* * * * * *',
        PMNAMECHEAP_REISSUE_BEFORE: '30d',
      },
    });
    await system.control('_first-leaf', { days: 20 });
    await system.control('_fault', { command: 'ssl.reissue', count: 1, ...fault });
    const victims = await Promise.all([spawnWorker(system), spawnWorker(system)]);
    const payload = await composeOrder('killed-reissue.example.com', { years: 2 });
    const { serviceId } = payload;
    await system.app.enqueue('order', payload);
    // Nobody knows which of them made the call.
    await until(
      async () => {
        const isHeard = (await system.readLedger()).calls.some(({ outcome }) => outcome === 'hang');
        const record = await system.readRecord(serviceId);
        return isHeard && record !== null && isSubmitting(record) ? true : null;
      },
      async () => `nothing was submitted: ${JSON.stringify(await system.readRecord(serviceId))}`,
    );
    await Promise.all(victims.map((victim) => kill(victim, 'SIGKILL')));
    expect(await system.readRecord(serviceId)).toSatisfy(isSubmitting);
    const heirs = await Promise.all([spawnWorker(system), spawnWorker(system)]);
    try {
      const record = await system.untilRecord(
        serviceId,
        ({ certificateIds, operation }) => certificateIds.length === 2 && operation === null,
        80_000,
      );
      const { charges, certificates } = await system.readLedger();
      expect(charges).toHaveLength(1);
      expect(certificates.map(({ certificateId }) => certificateId)).toEqual(record.certificateIds);
      expect((await system.countCalls())['ssl.reissue']).toBe(calls);
      const types = (await system.readEvents()).map(({ type }) => type);
      for (const type of ['certificate.reissue-due', 'certificate.reissued'])
        expect(types.filter((one) => one === type)).toHaveLength(1);
      const { redis, keys } = system.app.store;
      const claims = await redis.hgetall(keys.account(record.account, 'claims'));
      expect(claims).toEqual(Object.fromEntries(record.certificateIds.map((id) => [id, serviceId])));
    } finally {
      await Promise.all(heirs.map((heir) => kill(heir, 'SIGTERM')));
    }
  });
});

import { expect, it } from 'vitest';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';

const DAY = 86_400_000;
const SERVICES = 6;

/** Waits until so many scans were completed from now on. */
async function untilScanned(system: System, times: number): Promise<void> {
  const queue = system.app.queues.open('scan');
  const count = async () => (await queue.getJobCounts('completed'))['completed'] ?? 0;
  const before = await count();
  await until(
    async () => ((await count()) >= before + times ? true : null),
    async () => `${(await count()) - before} scans`,
  );
}

it(
  'three workers that scan every second reissue each certificate once for its End date, and tell each thing once',
  { timeout: 90_000 },
  async () => {
    await using system = await System.start({
      worker: false,
      sandbox: { limits: [0, 0, 0], balance: '100000' },
      environment: { PMNAMECHEAP_SCAN_CRON: '* * * * * *', PMNAMECHEAP_REISSUE_BEFORE: '100d' },
    });
    const orders = await Promise.all(
      Array.from({ length: SERVICES }, (_, index) => composeOrder(`scan-${index}.example.com`, { years: 3 })),
    );
    // Certificates that end in three days are due from the beginning; nobody scans yet.
    await system.startWorker({ jobs: ['order', 'collect'] });
    for (const order of orders) {
      await system.control('_first-leaf', { days: 3 });
      await system.app.enqueue('order', order);
      await system.untilRecord(order.serviceId, ({ issuedAt }) => issuedAt !== null);
    }
    for (let worker = 0; worker < 3; worker++) await system.startWorker();
    const isReissued = ({ certificateIds, operation, endDate }: CertificateRecord) =>
      certificateIds.length === 2 && operation === null && Date.parse(endDate ?? '') > Date.now() + 100 * DAY;
    for (const { serviceId } of orders) await system.untilRecord(serviceId, isReissued, 60_000);
    await untilScanned(system, 4);

    const calls = await system.countCalls();
    expect(calls).toMatchObject({ 'ssl.create': SERVICES, 'ssl.reissue': SERVICES });
    const events = await system.readEvents();
    for (const { serviceId } of orders) {
      const types = events.filter((event) => event.serviceId === serviceId).map(({ type }) => type);
      const own = types.filter((type) => /reissue|emergency|gap/.test(type));
      expect(own).toEqual(['certificate.reissue-due', 'certificate.reissued']);
      const record = await system.readRecord(serviceId);
      expect(record).toMatchObject({ status: 'issued', problem: null });
      expect(record?.termEnd).toBe(record?.paidTill);
    }
    expect(await system.app.queues.open('scan').getJobSchedulersCount()).toBe(1);
  },
);

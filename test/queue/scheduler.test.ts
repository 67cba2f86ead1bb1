import { describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { scan } from '../../jobs/scan.js';
import { collect } from '../../jobs/collect.js';
import { ensureSchedulers, watchSchedulers, type Schedule } from '../../src/queue/scheduler.js';
import { run } from '../commands/command-line.js';
import { System, until } from '../helpers/system.js';

function compose(env: Readonly<Record<string, string>> = {}): Schedule[] {
  const environment = parseEnvironment(env);
  return [scan, collect].map((one) => ({
    definition: one,
    rhythm: one.schedule?.(environment) ?? null,
  }));
}

describe('the schedulers', () => {
  it('of scan follows the pattern in UTC, that of collect its rhythm; any number of workers make one each', async () => {
    await using system = await System.start({ worker: false });
    const { queues } = system.app;
    const schedules = compose({ PMNAMECHEAP_SCAN_CRON: '30 4 * * *' });
    await Promise.all([1, 2, 3].map(() => ensureSchedulers(queues, schedules)));
    const [scanner, ...others] = await queues.open('scan').getJobSchedulers();
    expect(others).toEqual([]);
    expect(scanner).toMatchObject({ key: 'scan', pattern: '30 4 * * *', tz: 'UTC' });
    expect(new Date(scanner?.next ?? 0).toISOString()).toMatch(/T04:30:00\.000Z$/);
    expect(await queues.open('scan').getJobCounts('delayed')).toEqual({ delayed: 1 });
    expect(await queues.open('collect').getJobSchedulers()).toMatchObject([{ every: 60_000 }]);
  });

  it('take over another pattern, and leave one run planned', async () => {
    await using system = await System.start({ worker: false });
    const { queues } = system.app;
    await ensureSchedulers(queues, compose({ PMNAMECHEAP_SCAN_CRON: '30 4 * * *' }));
    await ensureSchedulers(queues, compose({ PMNAMECHEAP_SCAN_CRON: '0 5 * * *' }));
    expect(await queues.open('scan').getJobSchedulers()).toMatchObject([{ pattern: '0 5 * * *' }]);
    const planned = await queues.open('scan').getDelayed();
    expect(
      planned.map(({ timestamp, delay }) => new Date(timestamp + delay).toISOString().slice(11)),
    ).toEqual(['05:00:00.000Z']);
  });

  it('come back when somebody deletes them, or every key of the queues', async () => {
    await using system = await System.start({ worker: false });
    const { queues, store, environment } = system.app;
    const schedules = compose();
    await ensureSchedulers(queues, schedules);
    const stop = watchSchedulers(queues, schedules, system.logger, 50);
    const untilBack = () =>
      until(
        async () => ((await queues.open('scan').getJobSchedulersCount()) === 1 ? true : null),
        () => Promise.resolve('there is no scheduler'),
      );
    try {
      await queues.open('scan').removeJobScheduler('scan');
      await untilBack();
      const keys = await store.redis.keys(`${environment.prefix}:scan:*`);
      expect(keys.length).toBeGreaterThan(0);
      await store.redis.del(...keys);
      await untilBack();
    } finally {
      stop();
    }
  });

  it('show their next runs in status and doctor', async () => {
    await using system = await System.start({ environment: { PMNAMECHEAP_SCAN_CRON: '0 0 1 1 *' } });
    const status = await run(['status'], { env: system.environment });
    expect(status.stdout).toMatch(/^ {2}collect: every 0\.5 s, next .+$/m);
    expect(status.stdout).toMatch(/^ {2}scan: 0 0 1 1 \*, next in \d+ (s|min|h|d)$/m);
    const doctor = await run(['doctor'], { env: system.environment });
    expect(doctor.stdout).toMatch(/scheduler:scan +0 0 1 1 \*, next run in \d+ (s|min|h|d)$/m);
    expect(doctor.stdout).toMatch(/scheduler:collect +every 0\.5 s, next run /m);
  });
});

// A worker in a process of its own, for tests that kill it: the compiled code, with short leases and locks so that the
// next worker need not wait for a minute.
import { parseEnvironment } from '../../dist/config/environment.js';
import { App } from '../../dist/src/app.js';
import { startWorker } from '../../dist/src/run-worker.js';

const app = await App.open(parseEnvironment(process.env), { log: () => undefined, isEnabled: () => false });
const worker = await startWorker(app, {
  leaseMarginMs: 500,
  lockTimes: {
    lockMs: Number(process.env.TEST_LOCK_MS ?? 2000),
    stalledCheckMs: Number(process.env.TEST_STALLED_CHECK_MS ?? 1000),
  },
});
process.on('SIGTERM', () => {
  void worker
    .close()
    .then(() => app.close())
    .then(() => process.exit());
});
process.stdout.write('ready\n');

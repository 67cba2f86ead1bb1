import { Big } from 'big.js';
import type { App } from '../app.js';
import { accountId, type ModuleRecord } from '../modules/settings.js';
import type { QueueState } from '../queue/inspect.js';
import type { TestResult } from '../modules/test-result.js';
import { runConnectionTest } from './connection-test.js';
import type { Finding } from './doctor-checks.js';
import { countCalls } from './status-report.js';

const WINDOWS = ['minute', 'hour', 'day'] as const;

/** Tests every module's connection through a worker, all at once; without a worker each is a warning. */
export async function checkConnections(
  app: App,
  modules: readonly ModuleRecord[],
  queues: readonly QueueState[],
  stop: AbortSignal,
): Promise<Finding[]> {
  const hasWorker = queues.some(({ name, workers }) => name === 'test' && workers.length > 0);
  return await Promise.all(
    modules.map(async (module): Promise<Finding> => {
      const check = `module:${module.name}`;
      if (!hasWorker)
        return {
          check,
          state: 'warn',
          detail: 'not tested: no worker takes tests; start one with pmnamecheap worker',
        };
      const outcome = await runConnectionTest(app, { module: module.name }, stop);
      if (outcome.kind === 'not-tested') return { check, state: 'fail', detail: outcome.reason };
      return { check, ...judgeResult(module, outcome.result, await describeQuota(app, module)) };
    }),
  );
}

function judgeResult(module: ModuleRecord, result: TestResult, quota: string): Omit<Finding, 'check'> {
  if (!result.ok) {
    const faults = result.checks.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`);
    return { state: 'fail', detail: [result.message, ...faults].join('; ') };
  }
  const { lowBalance } = module.parameters;
  const money = `balance ${result.balance.amount} ${result.balance.currency}`;
  if (lowBalance !== null && new Big(result.balance.amount).lt(lowBalance)) {
    return { state: 'warn', detail: `${money} is below ${lowBalance}: add funds at Namecheap; ${quota}` };
  }
  return { state: 'ok', detail: `connected in ${result.latencyMs} ms, ${money}, ${quota}` };
}

async function describeQuota(app: App, module: ModuleRecord): Promise<string> {
  const used = await countCalls(app, accountId(module));
  const left = WINDOWS.map((window, index) => {
    const limit = module.parameters.limits[index] ?? 0;
    return limit === 0
      ? `no limit per ${window}`
      : `${Math.max(0, limit - (used[index] ?? 0))} per ${window}`;
  });
  return `calls left: ${left.join(', ')}`;
}

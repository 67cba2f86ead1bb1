import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { App } from './app.js';
import { jobs } from '../jobs/index.js';
import { PurchaseWatch } from './certificates/watch.js';
import { InputError } from './errors.js';
import type { JobContext, JobDefinition } from './job.js';
import { logExchange } from './log/exchange.js';
import { Accounts } from './modules/accounts.js';
import { AccountLimiter } from './quota/limiter.js';
import { ensureSchedulers, watchSchedulers } from './queue/scheduler.js';
import { WorkerGroup, type LockTimes } from './queue/worker.js';
import { inspectDurability, readVolatility } from './store/durability.js';
import { createWebhook, type Webhook } from './webhook/send.js';

/** The lease on a record outlives the longest API call by this much, ms. */
const LEASE_MARGIN_MS = 30_000;

export interface WorkerChoice {
  /** Only these jobs; all when absent. */
  jobs?: readonly string[];
  concurrency?: number;
  /** Shorter ones for tests that kill workers: how much a lease outlives the longest call, ms, and BullMQ's locks. */
  leaseMarginMs?: number;
  lockTimes?: LockTimes;
  /** Ends a start that waits for Redis; what has begun by then is still to be closed. */
  stop?: AbortSignal;
}

export interface RunningWorker {
  definitions: readonly JobDefinition[];
  /** Finishes what runs, within the shutdown grace; begins no purchase any more, and hands over what does not end in time. */
  close(): Promise<void>;
}

/**
 * Starts a worker for the chosen jobs, and the schedulers.
 * @throws InputError when a job is unknown or PMNAMECHEAP_SECRET_KEY is missing.
 */
export async function startWorker(app: App, choice: WorkerChoice = {}): Promise<RunningWorker> {
  const definitions = chooseJobs(choice.jobs);
  const stopping = new AbortController();
  const accounts = await createAccounts(app, () => stopping.signal.aborted);
  const webhook = await openWebhook(app);
  const watch = new PurchaseWatch();
  const group = new WorkerGroup({
    target: app.environment.redis,
    prefix: app.environment.prefix,
    definitions,
    ...(choice.concurrency === undefined ? {} : { concurrency: choice.concurrency }),
    ...(choice.lockTimes === undefined ? {} : { lockTimes: choice.lockTimes }),
    name: `${hostname()}-${process.pid}`,
    log: app.log,
    random: Math.random,
    createContext: (run) => ({
      ...composeContext(app, accounts, choice.leaseMarginMs ?? LEASE_MARGIN_MS),
      ...{ webhook, watch },
      ...run,
    }),
  });
  const { stop } = choice;
  try {
    // Without Redis the workers would wait for it, deaf to the signal.
    await Promise.race([group.ready(), ...(stop === undefined ? [] : [untilFired(stop)])]);
    const wanted = stop?.aborted === true ? [] : definitions;
    const schedules = wanted.flatMap((definition) =>
      definition.schedule === undefined ? [] : [{ definition, rhythm: definition.schedule(app.environment) }],
    );
    await ensureSchedulers(app.queues, schedules);
    const stopWatching = watchSchedulers(app.queues, schedules, app.log);
    return {
      definitions,
      close: async () => {
        stopWatching();
        stopping.abort();
        await group.close(app.environment.shutdownGraceMs);
      },
    };
  } catch (error) {
    await group.close(0);
    throw error;
  }
}

async function untilFired(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

function chooseJobs(names: readonly string[] | undefined): JobDefinition[] {
  if (names === undefined) return [...jobs.values()];
  const unknown = names.filter((name) => !jobs.has(name));
  if (unknown.length > 0) {
    throw new InputError(
      [`--jobs: unknown ${unknown.join(', ')}; known are ${[...jobs.keys()].join(', ')}`],
      'The command line',
    );
  }
  return [...jobs.values()].filter(({ name }) => names.includes(name));
}

async function createAccounts(app: App, isStopping: () => boolean): Promise<Accounts> {
  const { environment, store, log } = app;
  const { secretKey, previousSecretKey } = environment;
  if (secretKey === null) {
    const remedy =
      'PMNAMECHEAP_SECRET_KEY is missing: a worker opens the API keys with it; make one with: openssl rand -base64 32';
    throw new InputError([remedy], 'The environment');
  }
  await logDurability(app);
  return new Accounts({
    store,
    secretKeys: previousSecretKey === null ? [secretKey] : [secretKey, previousSecretKey],
    httpTimeoutMs: environment.httpTimeoutMs,
    throttlePauseMs: environment.throttlePauseMs,
    readVolatility: async () =>
      environment.isVolatileAllowed ? null : await readVolatility(store.redis, store.keys.barrier),
    isStopping,
    createLimiter: (account) =>
      new AccountLimiter(store.redis, (what) => store.keys.account(account, what), randomUUID),
    onExchange: (exchange, subject) => logExchange(log, exchange, subject),
    now: Date.now,
    random: Math.random,
  });
}

/** A worker runs on any Redis, for it does more than buy; the log says what is wrong with this one. */
async function logDurability({ store, log }: App): Promise<void> {
  const { faults, advice } = await inspectDurability(store.redis, store.keys.barrier);
  for (const one of [...faults, ...advice]) log.log(4, 'redis', one);
}

/** Marks the place in the stream from which events are sent, before this worker can add any. */
async function openWebhook({ environment, store }: App): Promise<Webhook | null> {
  if (environment.webhook === null) return null;
  await store.webhooks.enable();
  return createWebhook({ ...environment.webhook, now: Date.now });
}

function composeContext(
  app: App,
  accounts: Accounts,
  leaseMarginMs: number,
): Omit<JobContext, 'jobId' | 'signal' | 'report' | 'webhook' | 'watch'> {
  const { environment, store, log } = app;
  const { settleTimeMs, collectEveryMs, reissueBeforeMs, reissueSpreadMs } = environment;
  const leaseMs = environment.httpTimeoutMs + leaseMarginMs;
  return {
    store,
    certificates: store.certificates,
    purchases: store.purchases,
    listings: store.listings,
    gates: store.gates,
    settings: { leaseMs, settleTimeMs, collectEveryMs, reissueBeforeMs, reissueSpreadMs },
    lease: randomUUID(),
    now: Date.now,
    monotonic: () => performance.now(),
    createId: randomUUID,
    random: Math.random,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    log,
    announce: (event) => store.events.announce(event, Date.now()),
    openAccount: (module, subject) => accounts.open(module, subject),
    openForTest: (settings, parameters, module) =>
      accounts.openSettings(settings, parameters, module, { isTest: true }),
    ring: (name, payload, priority) => app.ring(name, payload, priority),
  };
}

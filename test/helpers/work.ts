import { randomUUID } from 'node:crypto';
import { order as orderJob } from '../../jobs/order.js';
import { advanceOperation } from '../../src/certificates/advance.js';
import type { Account, AccountWork } from '../../src/certificates/ports.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { PurchaseWatch } from '../../src/certificates/watch.js';
import { FailError, WaitError } from '../../src/errors.js';
import { sealModule } from '../../src/modules/add.js';
import { accountId } from '../../src/modules/settings.js';
import { createNamecheap } from '../../src/namecheap/client.js';
import type { Namecheap } from '../../src/namecheap/api.js';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/server.js';
import { createStore, type Store } from '../../src/store/store.js';
import { override } from './override.js';
import { withShiftedClock } from './redis-clock.js';
import type { TestRedis } from './redis.js';

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');

/** The lifecycle without queue and processes: a real Redis, a real sandbox, and clocks that the test holds. */
export interface Bench extends AsyncDisposable {
  store: Store;
  sandbox: Sandbox;
  /** Change what a test wants to be different before it advances. */
  work: AccountWork;
  api: Namecheap;
  /** Accepts an order. */
  accept(payload: unknown): Promise<void>;
  /** Advances until it ends, asking again after each wait without waiting. @returns the end. */
  advance(serviceId: string, runs?: number): Promise<CertificateRecord | FailError | WaitError>;
  read(serviceId: string): Promise<CertificateRecord>;
  /** Lets both clocks, that of Redis and the worker's, seem this much later to everything but keys that expire by themselves. */
  shiftClocks(ms: number): void;
  control(what: string, body: unknown): Promise<void>;
  /** Calls that the sandbox saw, by command. */
  countCalls(command: string): Promise<number>;
}

export async function startBench(redis: TestRedis, options: SandboxOptions = {}): Promise<Bench> {
  let shiftMs = 0;
  const now = () => Date.now() + shiftMs;
  const client = withShiftedClock(redis.client, () => shiftMs);
  const store = createStore(client, redis.createPrefix(), now);
  const sandbox = await startSandbox({ port: 0, limits: [0, 0, 0], ...options });
  const { user, apiKey, clientIp } = sandbox.account;
  const draft = {
    name: 'default',
    username: user,
    apiUser: user,
    apiKey,
    clientIp,
    sandbox: true,
    endpoint: sandbox.url,
  };
  const module = sealModule(draft, SECRET_KEY, new Date().toISOString());
  await store.modules.save(module);
  const api = createNamecheap(
    { endpoint: sandbox.url, apiUser: user, userName: user, apiKey, clientIp },
    { timeoutMs: 2000 },
  );
  const account: Account = {
    id: accountId(module),
    module: 'default',
    api,
    guard: { maxPurchasesPerHour: null, maxSpendPerDay: null },
    readRefusal: () => Promise.resolve(null),
    lookPurchase: () => Promise.resolve(),
    admitPurchase: () => Promise.resolve(),
    readCallsLeft: () => Promise.resolve(Infinity),
    pause: (scope, reason, durationMs) =>
      scope === 'worker'
        ? Promise.resolve()
        : store.accounts.pause(accountId(module), {
            scope,
            reason,
            until: durationMs === null ? null : now() + durationMs,
          }),
  };
  const work: AccountWork = {
    account,
    ...{
      certificates: store.certificates,
      purchases: store.purchases,
      listings: store.listings,
      gates: store.gates,
    },
    settings: {
      leaseMs: 10_000,
      settleTimeMs: 60_000,
      collectEveryMs: 1000,
      reissueBeforeMs: null,
      reissueSpreadMs: null,
    },
    signal: new AbortController().signal,
    lease: randomUUID(),
    now,
    monotonic: () => performance.now() + shiftMs,
    watch: new PurchaseWatch(),
    createId: randomUUID,
    random: () => 0,
    sleep: () => Promise.resolve(),
    log: { log: () => undefined, isEnabled: () => false },
    report: () => Promise.resolve(),
    announce: (event) => store.events.announce(event, now()),
  };
  const admin = `http://127.0.0.1:${sandbox.port}`;
  return {
    ...{ store, sandbox, work, api },
    accept: async (payload) => {
      await orderJob.accept?.(orderJob.schema.parse(payload), store, now(), 'job');
    },
    advance: (serviceId, runs = 1) => advanceRepeatedly(work, serviceId, runs),
    read: async (serviceId) => {
      const stored = await store.certificates.load(serviceId);
      if (stored === null) throw new Error(`${serviceId} is not stored`);
      return stored.record;
    },
    shiftClocks: (ms) => {
      shiftMs = ms;
    },
    control: async (what, body) => {
      const answer = await fetch(`${admin}/${what}`, { method: 'POST', body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    countCalls: async (command) => {
      const ledger = (await (await fetch(`${admin}/_ledger`)).json()) as { calls: { command: string }[] };
      return ledger.calls.filter((call) => call.command.toLowerCase().endsWith(command.toLowerCase())).length;
    },
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

/** Replaces some methods of the API that the lifecycle sees. */
export function withApi(bench: Bench, changes: Partial<Namecheap>): void {
  bench.work.account = { ...bench.work.account, api: override(bench.api, changes) };
}

async function advanceRepeatedly(
  work: AccountWork,
  serviceId: string,
  runs: number,
): Promise<CertificateRecord | FailError | WaitError> {
  let end: CertificateRecord | FailError | WaitError = new WaitError('never advanced', 0);
  for (let run = 0; run < runs && end instanceof WaitError; run++) {
    end = await advanceOperation(work, serviceId).catch((error: unknown) => {
      if (error instanceof FailError || error instanceof WaitError) return error;
      throw error;
    });
  }
  return end;
}

import { randomUUID } from 'node:crypto';
import type { PurchaseWatch } from '../../src/certificates/watch.js';
import type { Account } from '../../src/certificates/ports.js';
import type { JobContext } from '../../src/job.js';
import { Admission } from '../../src/modules/admission.js';
import { requireModule } from '../../src/modules/require-module.js';
import { accountId } from '../../src/modules/settings.js';
import type { Namecheap } from '../../src/namecheap/api.js';
import { createNamecheap } from '../../src/namecheap/client.js';
import { AccountLimiter } from '../../src/quota/limiter.js';
import { createStore, type Store } from '../../src/store/store.js';
import { override } from '../helpers/override.js';
import type { Actor } from './stage.js';
import type { World } from './world.js';

/** One worker process: its own clock, its own network. */
export interface WorkerProcess {
  id: number;
  /** By how much its clock is wrong, ms. */
  skewMs: number;
  /** So many of its calls to Namecheap, to Redis, find nobody. */
  refusedLeft: number;
  redisDownLeft: number;
  refused: Map<string, { until: number; reason: string }>;
  watch: PurchaseWatch;
}

const HTTP_TIMEOUT_MS = 30_000;
/** Of real time, for an answer that never comes. */
const IMPATIENT_MS = 60;

/** What one run of a job is handed in this process. */
export function composeContext(
  world: World,
  process: WorkerProcess,
  actor: Actor,
  jobId: string,
): JobContext {
  const now = () => world.time + process.skewMs;
  const redis = world.redis.open((command, call) => world.callRedis(actor, process, command, call));
  const opened = createStore(redis, world.prefix, now);
  // A process has one store for all its jobs, which remembers that it saw data; here each job has its own.
  const promised = createStore(redis, world.prefix, now, true);
  const gates = override(opened.gates, {
    look: (...args) => (world.hasData ? promised : opened).gates.look(...args),
  });
  const store = labelStore({ ...opened, gates }, actor);
  const lease = world.createId();
  return world.control.wrap({
    store,
    ...{ certificates: store.certificates, purchases: store.purchases },
    ...{ listings: store.listings, gates: store.gates },
    ...{ jobId, lease, now },
    webhook: null,
    settings: world.settings,
    signal: new AbortController().signal,
    // It does not step with the clock.
    monotonic: () => world.time,
    watch: process.watch,
    createId: () => world.createId(),
    random: () => world.random(),
    sleep: (ms) => world.sleep(actor, ms),
    log: { log: () => undefined, isEnabled: () => false },
    report: () => Promise.resolve(),
    announce: (event) => store.events.announce(event, now()),
    openAccount: async (module) => {
      await requireModule(store.modules, module);
      return openAccount(world, process, actor, store);
    },
    openForTest: () => openAccount(world, process, actor, store),
    ring: (job, payload) => world.ring(actor, process, job, payload),
  });
}

/** As {@link Accounts} of the worker opens it, but that its network is the world's. */
function openAccount(world: World, process: WorkerProcess, actor: Actor, store: Store): Account {
  const id = accountId(world.module);
  const { parameters } = world.module;
  const deps = {
    ...{ store, secretKeys: [], httpTimeoutMs: HTTP_TIMEOUT_MS, throttlePauseMs: 60_000 },
    readVolatility: () => Promise.resolve(null),
    isStopping: () => false,
    createLimiter: (account: string) =>
      new AccountLimiter(store.redis, (what) => store.keys.account(account, what), randomUUID),
    onExchange: () => undefined,
    now: () => world.time + process.skewMs,
    random: () => world.random(),
  };
  const admission = new Admission(deps, id, parameters, process.refused);
  return {
    ...{ id, module: world.module.name },
    readRefusal: () => Promise.resolve(null),
    api: createApi(world, process, actor, admission),
    guard: {
      maxPurchasesPerHour: parameters.maxPurchasesPerHour,
      maxSpendPerDay: parameters.maxSpendPerDay,
    },
    lookPurchase: () => admission.look(),
    admitPurchase: () => admission.admit(),
    readCallsLeft: () => admission.readCallsLeft(),
    pause: async (scope, reason, durationMs) => {
      const until = durationMs === null ? null : world.time + process.skewMs + durationMs;
      if (scope === 'worker') process.refused.set(id, { until: until ?? Infinity, reason });
      else await store.accounts.pause(id, { scope, reason, until });
    },
  };
}

/** Three ways to the same account: one that works, one that does not wait long, one on which nobody listens. */
type Way = 'open' | 'impatient' | 'refused';

function createApi(world: World, process: WorkerProcess, actor: Actor, admission: Admission): Namecheap {
  const { user, apiKey, clientIp } = world.sandbox.account;
  const connect = (way: Way) =>
    createNamecheap(
      {
        endpoint: way === 'refused' ? 'http://127.0.0.1:1/xml.response' : world.sandbox.url,
        ...{ apiUser: user, userName: user, apiKey, clientIp },
      },
      {
        timeoutMs: way === 'impatient' ? IMPATIENT_MS : HTTP_TIMEOUT_MS,
        hooks: {
          admit: async (_command, kind) => {
            if (kind !== 'charge') await admission.admit();
            await world.armHttp(actor);
          },
          onFailure: (error) => admission.noteFailure(error),
          onSuccess: () => admission.noteSuccess(),
        },
      },
    );
  const clients = new Map<Way, Namecheap>();
  const choose = (way: Way): Namecheap => {
    const client = clients.get(way) ?? connect(way);
    clients.set(way, client);
    return client;
  };
  return new Proxy(choose('open'), {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || typeof key !== 'string') return value;
      return (...args: unknown[]) =>
        world.callApi(actor, process, `api.${key}`, (way) => {
          const client = choose(way);
          return Reflect.apply(
            Reflect.get(client, key) as () => Promise<unknown>,
            client,
            args,
          ) as Promise<unknown>;
        });
    },
  });
}

const LABELLED = ['certificates', 'purchases', 'listings', 'gates', 'accounts', 'modules', 'events'] as const;

/** So that a command of Redis is known by what it is for. */
function labelStore(store: Store, actor: Actor): Store {
  const labelled = Object.fromEntries(
    LABELLED.map((name) => [
      name,
      new Proxy(store[name], {
        get: (target, key) => {
          const value: unknown = Reflect.get(target, key);
          if (typeof value !== 'function') return value;
          return async (...args: unknown[]) => {
            actor.labels.push(`${name}.${String(key)}`);
            try {
              return (await Reflect.apply(value, target, args)) as unknown;
            } finally {
              actor.labels.pop();
            }
          };
        },
      }),
    ]),
  );
  return { ...store, ...labelled };
}

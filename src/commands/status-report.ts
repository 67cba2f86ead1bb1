import { randomUUID } from 'node:crypto';
import { jobs } from '../../jobs/index.js';
import type { App } from '../app.js';
import { findAttention, type AttentionKind } from '../certificates/attention.js';
import { describeClosed } from '../certificates/gate.js';
import type { CertificateRecord } from '../certificates/record.js';
import { accountId, type ModuleRecord } from '../modules/settings.js';
import { inspectQueues, type QueueState } from '../queue/inspect.js';
import { AccountLimiter, type Limits } from '../quota/limiter.js';
import type { Pause } from '../store/accounts.js';
import { loadRecords, UNREADABLE } from './stored-records.js';
import { listWebhookTroubles, readWebhook, type WebhookState } from './webhook-state.js';

/** A Namecheap account and the modules that use it. */
export interface AccountState {
  modules: string[];
  username: string;
  sandbox: boolean;
  pauses: Pause[];
  unsettled: number;
  stock: number;
  foreign: number;
  /** Null, or why nothing is bought until a person decides: data may have been lost. */
  gate: string | null;
  /** Calls counted in the last minute, hour and day, of the limits (0: no limit). */
  quota: { used: [minute: number, hour: number, day: number]; limits: Limits };
}

/** Something that only a person can settle; `text` says what and how. */
export interface Attention {
  kind: AttentionKind | 'paused' | 'data-loss' | 'foreign' | 'no-worker' | 'webhook' | 'unreadable';
  serviceId: string | null;
  module: string | null;
  text: string;
}

export interface StatusReport {
  at: string;
  queues: QueueState[];
  /** Each worker once, with the jobs it takes. */
  workers: { name: string; jobs: string[] }[];
  accounts: AccountState[];
  /** Null when none is configured. */
  webhook: WebhookState | null;
  attention: Attention[];
}

/** Everything that `status` shows. */
export async function collectStatus(app: App): Promise<StatusReport> {
  const now = Date.now();
  const unreadable: string[] = [];
  const [queues, { modules, unreadable: damaged }, webhook, stuck] = await Promise.all([
    inspectQueues(app.queues, [...jobs.keys()]),
    app.store.modules.listReadable(),
    readWebhook(app),
    loadRecords(
      app.store.certificates,
      (record) => findAttention(record) !== null,
      (id) => unreadable.push(id),
    ),
  ]);
  const accounts = await readAccounts(app, modules, now);
  const workers = listWorkers(queues);
  const attention = [
    ...(workers.length === 0 ? [describeNoWorker()] : []),
    ...accounts.flatMap((account) => listAccountTroubles(account)),
    ...listWebhookTroubles(webhook, now).map(describeWebhook),
    ...stuck.flatMap(describeStuck),
    ...unreadable.map(describeUnreadable),
    ...damaged.map((text): Attention => ({ kind: 'unreadable', serviceId: null, module: null, text })),
  ];
  return { at: new Date(now).toISOString(), queues, workers, accounts, webhook, attention };
}

/** Each worker once, with the jobs it takes. */
export function listWorkers(queues: readonly QueueState[]): StatusReport['workers'] {
  const names = [...new Set(queues.flatMap(({ workers }) => workers))].sort();
  return names.map((name) => ({
    name,
    jobs: queues.filter(({ workers }) => workers.includes(name)).map((queue) => queue.name),
  }));
}

/** The accounts of all modules; modules on one account share it. */
export async function readAccounts(
  app: App,
  modules: readonly ModuleRecord[],
  now: number,
): Promise<AccountState[]> {
  const ids = [...new Set(modules.map(accountId))];
  return await Promise.all(
    ids.map(async (id) => {
      const own = modules.filter((module) => accountId(module) === id);
      const [first] = own;
      if (first === undefined)
        throw new Error(`No module has the account ${id}, which was listed from the modules`);
      const [pauses, counts, gate, used] = await Promise.all([
        app.store.accounts.listPauses(id, now),
        app.store.accounts.countCertificates(id),
        readGate(app, id, first.name),
        countCalls(app, id),
      ]);
      const { username, sandbox, parameters } = first;
      const quota = { used, limits: parameters.limits };
      return { modules: own.map(({ name }) => name), username, sandbox, pauses, ...counts, gate, quota };
    }),
  );
}

async function readGate(app: App, account: string, module: string): Promise<string | null> {
  const state = await app.store.gates.peek(account);
  return state === null ? null : describeClosed(state, module);
}

/** Calls counted in the last minute, hour and day. */
export async function countCalls(app: App, account: string): Promise<[number, number, number]> {
  const { store } = app;
  const limiter = new AccountLimiter(store.redis, (what) => store.keys.account(account, what), randomUUID);
  return await limiter.count(await store.listings.readClock());
}

function listAccountTroubles({ modules, username, pauses, foreign, gate }: AccountState): Attention[] {
  const module = modules[0] ?? '';
  const common = { serviceId: null, module };
  const troubles: Attention[] = pauses.map(({ scope, reason, until }) => {
    const what = scope === 'all' ? 'all calls' : 'purchases';
    const end = until === null ? 'until it is resumed' : `until ${new Date(until).toISOString()}`;
    const text = `account ${username}: ${what} are paused ${end}: ${reason.replace(/\.$/, '')}. End it with: pmnamecheap module resume ${module}`;
    return { kind: 'paused', ...common, text };
  });
  if (gate !== null) troubles.push({ kind: 'data-loss', ...common, text: `account ${username}: ${gate}` });
  if (foreign > 0) {
    const whose = foreign === 1 ? '1 certificate there was' : `${foreign} certificates there were`;
    const text = `account ${username}: ${whose} bought by somebody else and left alone (pmnamecheap stock list). Tell whoever buys by hand in this account`;
    troubles.push({ kind: 'foreign', ...common, text });
  }
  return troubles;
}

function describeStuck(record: CertificateRecord): Attention[] {
  const found = findAttention(record);
  if (found === null) return [];
  const { serviceId, module } = record;
  const text = `service ${serviceId} ${found.text} (pmnamecheap certificate show ${serviceId})`;
  return [{ kind: found.kind, serviceId, module, text }];
}

function describeUnreadable(serviceId: string): Attention {
  return { kind: 'unreadable', serviceId, module: null, text: `service ${serviceId}: ${UNREADABLE}` };
}

function describeWebhook(text: string): Attention {
  return { kind: 'webhook', serviceId: null, module: null, text: `webhook: ${text}` };
}

function describeNoWorker(): Attention {
  const text = 'no worker runs, so no job is taken: start one with pmnamecheap worker';
  return { kind: 'no-worker', serviceId: null, module: null, text };
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnvironment } from '../../config/environment.js';
import { App } from '../../src/app.js';
import { startWorker, type RunningWorker, type WorkerChoice } from '../../src/run-worker.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { startEmbeddedRedis, type EmbeddedRedis } from '../../src/embedded/redis.js';
import { createLogger, type ClosableLogger } from '../../src/log/create-logger.js';
import { sealKey } from '../../src/modules/seal.js';
import { moduleParametersSchema, moduleSchema } from '../../src/modules/settings.js';
import type { JobEnd } from '../../src/queue/job-end.js';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/server.js';

export interface SystemOptions {
  sandbox?: SandboxOptions;
  environment?: Readonly<Record<string, string>>;
  parameters?: Readonly<Record<string, unknown>>;
  /** A Redis that the test runs itself; default: a private one of the system's own. */
  redisUrl?: string;
  /** Also start a worker; default true. */
  worker?: WorkerChoice | false;
}

export interface LedgerCall {
  command: string;
  outcome: string;
  numbers: number[];
  certificateId?: number;
}

export interface Ledger {
  balance: string;
  charges: { certificateId: number; amount: string; command: string; byHand?: boolean }[];
  certificates: {
    certificateId: number;
    status: string;
    type: string;
    years: number;
    commonName: string | null;
  }[];
  calls: LedgerCall[];
}

/** A whole system for one test: a private Redis, a sandbox Namecheap, an app with a module, workers. Disposing stops all of it. */
export class System implements AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
  readonly redis: Pick<EmbeddedRedis, 'url' | 'isDurable' | 'stop'>;
  readonly sandbox: Sandbox;
  readonly app: App;
  readonly folder: string;
  readonly logger: ClosableLogger;
  readonly #workers: RunningWorker[] = [];

  private constructor(
    parts: Pick<System, 'environment' | 'redis' | 'sandbox' | 'app' | 'folder' | 'logger'>,
  ) {
    this.environment = parts.environment;
    this.redis = parts.redis;
    this.sandbox = parts.sandbox;
    this.app = parts.app;
    this.folder = parts.folder;
    this.logger = parts.logger;
  }

  static async start(options: SystemOptions = {}): Promise<System> {
    const folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-test-'));
    const { redisUrl } = options;
    const redis =
      redisUrl === undefined
        ? await startEmbeddedRedis({ dir: path.join(folder, 'redis'), path: process.env['PATH'] ?? '' })
        : { url: redisUrl, isDurable: true, stop: () => Promise.resolve() };
    const sandbox = await startSandbox({ port: 0, validationDelayMs: 0, ...options.sandbox });
    const environment = {
      REDIS_URL: redis.url,
      PMNAMECHEAP_SECRET_KEY: randomBytes(32).toString('base64'),
      PMNAMECHEAP_LOG_FILE: path.join(folder, 'pmnamecheap.log'),
      PMNAMECHEAP_DEBUG_CONF: path.join(folder, 'debug.conf'),
      PMNAMECHEAP_COLLECT_EVERY: '500ms',
      PMNAMECHEAP_HTTP_TIMEOUT: '2s',
      PMNAMECHEAP_SETTLE_TIME: '4s',
      PMNAMECHEAP_SHUTDOWN_GRACE: '5s',
      ...options.environment,
    };
    const parsed = parseEnvironment(environment);
    const logger = createLogger({ file: parsed.logFile, debugConf: parsed.debugConf });
    const app = await App.open(parsed, logger);
    const system = new System({ environment, redis, sandbox, app, folder, logger });
    await system.addModule('default', { limits: [0, 0, 0], ...options.parameters });
    if (options.worker !== false) await system.startWorker(options.worker);
    return system;
  }

  async startWorker(choice: WorkerChoice = {}): Promise<RunningWorker> {
    const worker = await startWorker(this.app, choice);
    this.#workers.push(worker);
    return worker;
  }

  /** Stores a module for the sandbox's account without a connection test. */
  async addModule(
    name: string,
    parameters: Readonly<Record<string, unknown>> = { limits: [0, 0, 0] },
    changes: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    const { user, apiKey, clientIp } = this.sandbox.account;
    const { apiKey: otherKey, ...rest } = changes;
    const now = new Date().toISOString();
    const module = moduleSchema.parse({
      ...{ name, username: user, apiUser: user, sealedKey: 'sealed below', clientIp },
      ...{ sandbox: true, endpoint: this.sandbox.url },
      ...{ createdAt: now, updatedAt: now, parameters: moduleParametersSchema.parse(parameters) },
      ...rest,
    });
    const secretKey = this.environment['PMNAMECHEAP_SECRET_KEY'] ?? '';
    const sealedKey = sealKey(typeof otherKey === 'string' ? otherKey : apiKey, secretKey, module);
    await this.app.store.modules.save('sealedKey' in rest ? module : { ...module, sealedKey });
  }

  /** Adds a job and waits for its end. */
  async run(job: string, payload: unknown, timeoutMs = 20_000): Promise<JobEnd> {
    await this.app.queues.listen(job);
    return await this.app.queues.waitFor(job, await this.app.enqueue(job, payload), timeoutMs);
  }

  async readRecord(serviceId: string): Promise<CertificateRecord | null> {
    return (await this.app.store.certificates.load(serviceId))?.record ?? null;
  }

  /** Waits until the record satisfies the condition. */
  async untilRecord(
    serviceId: string,
    holds: (record: CertificateRecord) => boolean,
    timeoutMs = 25_000,
  ): Promise<CertificateRecord> {
    return await until(
      async () => {
        const record = await this.readRecord(serviceId);
        return record !== null && holds(record) ? record : null;
      },
      async () => `the record of ${serviceId} stayed ${JSON.stringify(await this.readRecord(serviceId))}`,
      timeoutMs,
    );
  }

  /** The events written so far, oldest first. */
  async readEvents(): Promise<{ type: string; serviceId: string | null; data: Record<string, unknown> }[]> {
    const entries = await this.app.store.events.readAfter('0', 1000);
    return entries.map(
      ({ json }) =>
        JSON.parse(json) as { type: string; serviceId: string | null; data: Record<string, unknown> },
    );
  }

  /** Waits until an event of this type was written. */
  async untilEvent(type: string): Promise<void> {
    await until(
      async () => ((await this.readEvents()).some((event) => event.type === type) ? true : null),
      async () => `only ${(await this.readEvents()).map((event) => event.type).join(', ')} came`,
    );
  }

  async readLedger(): Promise<Ledger> {
    const answer = await fetch(`http://127.0.0.1:${this.sandbox.port}/_ledger`);
    return (await answer.json()) as Ledger;
  }

  /** Calls by short command name, without the shared list pages. */
  async countCalls(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { command } of (await this.readLedger()).calls) {
      const name = command.replace(/^namecheap\./i, '').toLowerCase();
      if (name !== 'ssl.getlist') counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  /** One of the sandbox's admin endpoints: `_fault`, `_validation`, `_balance`, `_clock`, `_first-leaf`, `_purchase`. */
  async control(what: string, body: unknown): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${this.sandbox.port}/${what}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${what}: ${answer.status} ${await answer.text()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await this.app.close();
    await this.logger.close();
    await this.sandbox.close();
    await this.redis.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Waits for a condition by asking again; fails with what was seen instead. */
export async function until<T>(
  ask: () => Promise<T | null>,
  describe: () => Promise<string>,
  timeoutMs = 25_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${await describe()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

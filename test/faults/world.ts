import { z } from 'zod';
import { jobs } from '../../jobs/index.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import type { LifecycleSettings } from '../../src/certificates/ports.js';
import { describeError, PmnamecheapError } from '../../src/errors.js';
import type { JobContext } from '../../src/job.js';
import { sealModule } from '../../src/modules/add.js';
import { accountId, type ModuleRecord } from '../../src/modules/settings.js';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/server.js';
import type { RedisClient } from '../../src/store/connection.js';
import { createStore, type Store } from '../../src/store/store.js';
import { PurchaseWatch } from '../../src/certificates/watch.js';
import { FaultPlan, isDyingAfter, nameCommand, type Fault } from './fault.js';
import { Actor, Stage } from './stage.js';
import { ScriptTexts, VirtualRedis } from './virtual-redis.js';
import { composeContext, type WorkerProcess } from './worker.js';

const SECRET_KEY = Buffer.alloc(32, 7).toString('base64');
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What one negative control changes: nothing, in a real run. */
export interface Control {
  texts: ScriptTexts;
  wrap(context: JobContext): JobContext;
  settings: Partial<LifecycleSettings>;
}

export function createRealControl(): Control {
  return { texts: new ScriptTexts(), wrap: (context) => context, settings: {} };
}

export interface WorldOptions {
  seedRandom: () => number;
  redis: RedisClient;
  prefix: string;
  control: Control;
  sandbox: SandboxOptions;
  limits: [number, number, number];
  workers: number;
}

interface QueuedJob {
  job: string;
  payload: unknown;
  jobId: string;
  at: number;
  attempts: number;
  /** How often it was put back. */
  waits: number;
}

const serviceSchema = z.looseObject({ serviceId: z.string().optional() });

/** What changes something at Namecheap. */
const ACTS = /^api\.(create|renew|purchaseMoreSans|activate|reissue)$/;

type ApiWay = 'open' | 'impatient' | 'refused';

/** An error that a fault put in the place of an answer. */
export class InjectedError extends Error {}

/**
 * A small world with one Namecheap account: workers, a queue, Redis and the sandbox, in which time passes only when
 * nobody can go on. Everything that leaves a worker goes through here, one call at a time, in an order that the seed decides.
 */
export class World implements AsyncDisposable {
  time = Date.UTC(2027, 0, 11);
  redisSkewMs = 0;
  faults = new FaultPlan([]);
  readonly stage = new Stage();
  readonly redis: VirtualRedis;
  /** As a look from outside: no fault, no interleaving. */
  readonly store: Store;
  readonly queue: QueuedJob[] = [];
  readonly calls: string[] = [];
  /** What must never happen, with the call after which it was seen. */
  readonly violations: string[] = [];
  readonly trace: string[] = [];
  readonly processes: WorkerProcess[] = [];
  /** Until then nothing begins, ms. */
  idleUntil = 0;
  /** Promised, as by PMNAMECHEAP_EXPECT_DATA: an empty database is not a new one. */
  hasData = false;
  /** Called after what may have changed the books. */
  watch: (call: string, answer: unknown) => Promise<void> = () => Promise.resolve();
  onStruck: (fault: Fault, call: string) => Promise<void> = () => Promise.resolve();
  /** What people do from time to time. */
  onTick: () => Promise<void> = () => Promise.resolve();
  readonly settings: LifecycleSettings;
  readonly #pendingRules = new Map<Actor, object>();
  readonly #acting = new Map<Actor, string>();
  /** No worker is held back and no clock stepped: then no lease runs out while its holder works. */
  isCalm = true;
  readonly #jobOf = new Map<Actor, QueuedJob>();
  #ids = 0;
  #workers = 0;

  private constructor(
    readonly options: WorldOptions,
    readonly sandbox: Sandbox,
    readonly module: ModuleRecord,
    clock: { world: World | null },
  ) {
    clock.world = this;
    this.redis = new VirtualRedis(options.redis, () => this.time + this.redisSkewMs, options.control.texts);
    const plain = this.redis.open((_command, call) => call());
    this.store = createStore(plain, options.prefix, () => this.time);
    this.settings = {
      ...{ leaseMs: 120_000, settleTimeMs: 20 * MINUTE_MS, collectEveryMs: MINUTE_MS },
      ...{ reissueBeforeMs: 30 * DAY_MS, reissueSpreadMs: null },
      ...options.control.settings,
    };
    for (let i = 0; i < options.workers; i++) this.#addProcess(i);
  }

  static async start(options: WorldOptions): Promise<World> {
    const clock: { world: World | null } = { world: null };
    const begin = Date.UTC(2027, 0, 11);
    const sandbox = await startSandbox({
      ...{ port: 0, leafDays: 400, balance: '1000000', limits: options.limits, ...options.sandbox },
      now: () => clock.world?.time ?? begin,
    });
    const { user, apiKey, clientIp } = sandbox.account;
    const module = sealModule(
      {
        ...{ name: 'default', username: user, apiUser: user, apiKey, clientIp, sandbox: true },
        endpoint: sandbox.url,
        parameters: { limits: options.limits },
      },
      SECRET_KEY,
      new Date(begin).toISOString(),
    );
    const world = new World(options, sandbox, module, clock);
    await world.store.modules.save(module);
    return world;
  }

  get control(): Control {
    return this.options.control;
  }

  get prefix(): string {
    return this.options.prefix;
  }

  get account(): string {
    return accountId(this.module);
  }

  random(): number {
    return this.options.seedRandom();
  }

  createId(): string {
    return `id-${++this.#ids}`;
  }

  #addProcess(place: number): void {
    this.processes[place] = {
      id: ++this.#workers,
      ...{ skewMs: this.processes[place]?.skewMs ?? 0, refusedLeft: 0, redisDownLeft: 0 },
      ...{ refused: new Map(), watch: new PurchaseWatch() },
    };
  }

  tell(line: string): void {
    this.trace.push(`${new Date(this.time).toISOString()} ${line}`);
  }

  async administer(what: string, body: unknown): Promise<unknown> {
    const url = `http://127.0.0.1:${this.sandbox.port}/${what}`;
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return await answer.json();
  }

  // ---- what leaves a worker ----

  async callRedis<T>(
    actor: Actor,
    process: WorkerProcess,
    command: string,
    call: () => Promise<T>,
  ): Promise<T> {
    const label = actor.labels.at(-1) ?? 'redis';
    const name = `${label}/${command}`;
    const faults = await this.#meet(actor, process, name);
    return await this.stage.execute(actor, async () => {
      this.time += 1;
      if (process.redisDownLeft > 0) {
        process.redisDownLeft--;
        throw new InjectedError("Stream isn't writeable and enableOfflineQueue options is false");
      }
      const lost = faults.find(({ kind }) => kind === 'reply-lost');
      if (lost?.kind === 'reply-lost' && !lost.isExecuted) throw new InjectedError('Connection is closed.');
      const answer = await call();
      if (label.startsWith('purchases.')) await this.watch(name, answer);
      if (lost !== undefined) throw new InjectedError('Connection is closed.');
      if (isDyingAfter(faults)) await this.#kill(actor);
      return answer;
    });
  }

  async callApi(
    actor: Actor,
    process: WorkerProcess,
    name: string,
    call: (way: ApiWay) => Promise<unknown>,
  ): Promise<unknown> {
    const faults = await this.#meet(actor, process, name);
    const http = faults.find(({ kind }) => kind === 'http');
    const rule = http?.kind === 'http' ? http.rule : null;
    if (rule !== null) this.#pendingRules.set(actor, { ...rule, command: nameCommand(name), count: 1 });
    const isRefused = process.refusedLeft > 0;
    if (isRefused) process.refusedLeft--;
    const isHanging = rule?.fault === 'hang';
    this.#watchActs(actor, name);
    try {
      return await call(isRefused ? 'refused' : isHanging ? 'impatient' : 'open');
    } finally {
      if (isDyingAfter(faults)) await this.#kill(actor);
      const held = faults.find((fault) => fault.kind === 'stall' && fault.side === 'after');
      const heldMs = held?.kind === 'stall' ? held.ms : 0;
      const tookMs = isHanging
        ? 90_000
        : rule?.fault === 'slow'
          ? 20_000
          : 100 + Math.floor(this.random() * 800);
      await this.stage.arrive(actor, `${name} answers`, this.time + tookMs + heldMs);
      this.#acting.delete(actor);
    }
  }

  /** Under its lease a service is worked on by one at a time. Only told of where no lease can have run out. */
  #watchActs(actor: Actor, name: string): void {
    if (!ACTS.test(name)) return;
    const { serviceId } = serviceSchema.parse(this.#jobOf.get(actor)?.payload);
    if (serviceId === undefined) return;
    for (const [other, busy] of this.#acting) {
      if (other === actor || other.isDead || busy !== serviceId || !this.isCalm) continue;
      this.violations.push(
        `I4 two workers act for ${serviceId} at the same time: ${name} of ${actor.name} and ${other.name}`,
      );
    }
    this.#acting.set(actor, serviceId);
  }

  /** Right before the request is sent. */
  async armHttp(actor: Actor): Promise<void> {
    const rule = this.#pendingRules.get(actor);
    if (rule === undefined) return;
    this.#pendingRules.delete(actor);
    await this.administer('_fault', rule);
  }

  async ring(actor: Actor, process: WorkerProcess, job: string, payload: unknown): Promise<string> {
    return await this.callRedis(actor, process, 'ring', () => Promise.resolve(this.enqueue(job, payload)));
  }

  async sleep(actor: Actor, ms: number): Promise<void> {
    await this.stage.arrive(actor, 'sleep', this.time + ms);
  }

  /** Lets an actor through to a call, when its turn has come. @returns the faults that strike the call. */
  async #meet(actor: Actor, process: WorkerProcess, name: string): Promise<Fault[]> {
    const faults = this.faults.take(name);
    const stall = faults.find((fault) => fault.kind === 'stall' && fault.side === 'before');
    await this.stage.arrive(actor, name, this.time + (stall?.kind === 'stall' ? stall.ms : 0));
    this.calls.push(name);
    this.tell(`${actor.name} ${name}`);
    for (const fault of faults) await this.#strike(fault, actor, process, name);
    return faults;
  }

  async #strike(fault: Fault, actor: Actor, process: WorkerProcess, name: string): Promise<void> {
    this.tell(`  ** ${JSON.stringify(fault)}`);
    switch (fault.kind) {
      case 'crash':
        if (fault.side === 'before') await this.#kill(actor);
        break;
      case 'refused':
        process.refusedLeft += fault.calls;
        break;
      case 'redis-down':
        for (const one of this.processes) one.redisDownLeft += Math.ceil(fault.calls / this.processes.length);
        break;
      case 'clock':
        if (fault.whose === 'redis') this.redisSkewMs += fault.ms;
        else process.skewMs += fault.ms;
        break;
      case 'queue-lost':
        this.queue.length = 0;
        break;
      case 'idle':
        this.idleUntil = Math.max(this.idleUntil, this.time + fault.ms);
        break;
      case 'data-loss':
        await this.onStruck(fault, name);
        if (fault.isDeadly) await this.#killAll(actor);
        break;
      default:
        await this.onStruck(fault, name);
    }
  }

  async #killAll(actor: Actor): Promise<never> {
    for (const one of [...this.stage.actors]) if (one !== actor) this.stage.kill(one);
    for (const place of this.processes.keys()) this.#addProcess(place);
    return await this.stage.die(actor);
  }

  /** The process of this actor dies, with everything that it does; a fresh one takes its place. */
  async #kill(actor: Actor): Promise<never> {
    for (const one of [...this.stage.actors]) {
      if (one.worker !== actor.worker) continue;
      const job = this.#jobOf.get(one);
      if (one !== actor) this.stage.kill(one);
      // A stalled job runs again, unless it is lost.
      if (job !== undefined && this.random() < 0.6) this.queue.push({ ...job, at: this.time + 30_000 });
    }
    const place = this.processes.findIndex(({ id }) => id === actor.worker);
    if (place >= 0) this.#addProcess(place);
    return await this.stage.die(actor);
  }

  // ---- the queue ----

  enqueue(job: string, payload: unknown, at = this.time): string {
    const jobId = `${job}-${++this.#ids}`;
    this.queue.push({ job, payload, jobId, at, attempts: 0, waits: 0 });
    return jobId;
  }

  /** Begins a job on one of the workers. */
  begin(queued: QueuedJob, place = Math.floor(this.random() * this.processes.length)): void {
    const process = this.processes[place];
    if (process === undefined) throw new Error(`there is no worker ${place}`);
    const name = `w${process.id}/${queued.jobId}`;
    const actor = this.stage.start(name, process.id, async (self) => {
      this.#jobOf.set(self, queued);
      await this.#run(self, process, queued);
    });
    this.#jobOf.set(actor, queued);
  }

  async #run(actor: Actor, process: WorkerProcess, queued: QueuedJob): Promise<void> {
    const definition = jobs.get(queued.job);
    if (definition === undefined) throw new Error(`no job ${queued.job}`);
    try {
      const context = composeContext(this, process, actor, queued.jobId);
      const end = await definition.run(definition.schema.parse(queued.payload), context);
      if (end.kind === 'snooze') this.#again(queued, end.delayMs, 0);
      this.tell(`${actor.name} ${end.kind}`);
    } catch (error) {
      this.tell(`${actor.name} ended: ${describeError(error)}`);
      this.#settle(queued, error);
    }
  }

  #settle(queued: QueuedJob, error: unknown): void {
    if (!(error instanceof PmnamecheapError)) {
      if (!(error instanceof InjectedError))
        this.violations.push(`a bug: ${queued.job} threw ${tellBug(error)}`);
      this.#again(queued, 5000, 1);
    } else if (error.verdict === 'retry') this.#again(queued, 5000, 1);
    else if (error.verdict !== 'fail') this.#again(queued, error.delayMs ?? 30_000, 0);
  }

  /** The repeating ones come back by themselves. */
  #again(queued: QueuedJob, delayMs: number, attempt: number): void {
    if (queued.job === 'scan' || queued.job === 'collect' || queued.attempts + attempt >= 20) return;
    const waits = queued.waits + 1;
    // A job may be late: one that looks every second for an hour tells nothing new.
    const lateMs = Math.min(MINUTE_MS, delayMs * waits * waits);
    const at = this.time + Math.max(delayMs, lateMs);
    this.queue.push({ ...queued, at, waits, attempts: queued.attempts + attempt });
  }

  async listRecords(): Promise<CertificateRecord[]> {
    const records: CertificateRecord[] = [];
    for await (const batch of this.store.certificates.listServiceIds()) {
      for (const id of batch.sort()) {
        const stored = await this.store.certificates.load(id);
        if (stored !== null) records.push(stored.record);
      }
    }
    return records;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
  }
}

/** The error and where it came from. */
function tellBug(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error.stack ?? error.message).split('\n').slice(0, 3).join(' ');
}

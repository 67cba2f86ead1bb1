import { jobs } from '../../jobs/index.js';
import type { CertificateRecord } from '../../src/certificates/record.js';
import { PmnamecheapError } from '../../src/errors.js';
import type { JobContext } from '../../src/job.js';
import type { SandboxOptions } from '../../src/sandbox/server.js';
import { composeOrder } from './orders.js';
import { ageKeys } from './redis-clock.js';
import type { TestRedis } from './redis.js';
import { startBench, type Bench } from './work.js';

const DAY_MS = 86_400_000;

/** What became of one run of a job. */
export type Run = { kind: 'done'; result: unknown } | { kind: 'wait' | 'fail'; reason: string };

/** Jobs without queue and processes, for years: a real Redis, a real sandbox, and clocks that the test turns. */
export class Play implements AsyncDisposable {
  readonly bench: Bench;
  /** Jobs that were rung and not run yet. */
  readonly rung: { job: string; payload: unknown; priority?: number | undefined }[] = [];
  /** Changes of the context that a test wants: a crash, another store. */
  wrap: (context: JobContext) => JobContext = (context) => context;
  #shiftMs = 0;
  #runs = 0;

  private constructor(bench: Bench) {
    this.bench = bench;
  }

  static async start(redis: TestRedis, sandbox: SandboxOptions = {}): Promise<Play> {
    const bench = await startBench(redis, sandbox);
    await bench.control('_validation', { mode: 'now' });
    return new Play(bench);
  }

  now(): number {
    return this.bench.work.now();
  }

  /** Turns the clocks of worker, Redis and Namecheap on. */
  async pass(ms: number): Promise<void> {
    this.#shiftMs += ms;
    this.bench.shiftClocks(this.#shiftMs);
    const { store, work } = this.bench;
    const locks = ['lock-list', 'lock-collect', 'lock-survey', 'lock-guard'].map((what) =>
      store.keys.account(work.account.id, what),
    );
    await ageKeys(store.redis, locks, ms);
    await this.bench.control('_clock', { advance: `${ms}ms` });
  }

  async passDays(days: number): Promise<void> {
    await this.pass(days * DAY_MS);
  }

  /** Runs one job as a worker would. */
  async run(name: string, payload: unknown, jobId = `job-${++this.#runs}`): Promise<Run> {
    const definition = jobs.get(name);
    if (definition === undefined) throw new Error(`no job ${name}`);
    try {
      const end = await definition.run(definition.schema.parse(payload), this.compose(jobId));
      return end.kind === 'done'
        ? { kind: 'done', result: end.result }
        : { kind: 'wait', reason: end.reason };
    } catch (error) {
      if (!(error instanceof PmnamecheapError)) throw error;
      const kind = error.verdict === 'fail' ? 'fail' : 'wait';
      return { kind, reason: `${error.code}: ${error.message}` };
    }
  }

  /** What a job is handed, as one worker would; another one for each worker. */
  compose(jobId: string): JobContext {
    const { bench } = this;
    const { store, work } = bench;
    const { account, ...rest } = work;
    return this.wrap({
      ...rest,
      store,
      jobId,
      webhook: null,
      lease: jobId,
      openAccount: () => Promise.resolve(this.bench.work.account),
      openForTest: () => account,
      ring: (job, payload, priority) => {
        this.rung.push({ job, payload, priority });
        return Promise.resolve(`${job}-rung`);
      },
    });
  }

  /** Runs what was rung, and what that rings, until nothing is left or everything waits. */
  async drain(): Promise<Run[]> {
    const ends: Run[] = [];
    for (let turn = 0; turn < 50 && this.rung.length > 0; turn++) {
      const [next] = this.rung.splice(0, 1);
      if (next !== undefined) ends.push(await this.run(next.job, next.payload));
    }
    return ends;
  }

  /** What the repeating jobs do in one round: scan, its reissues, collect, what that rings. */
  async tick(): Promise<void> {
    await this.run('scan', {});
    await this.drain();
    await this.run('collect', {});
    await this.drain();
  }

  /** Orders a certificate and waits until it is issued. */
  async order(
    commonName: string,
    changes: Readonly<Record<string, unknown>> = {},
  ): Promise<CertificateRecord> {
    const payload = await composeOrder(commonName, changes);
    const end = await this.run('order', payload);
    if (end.kind !== 'done') throw new Error(`the order ended with ${end.kind}: ${end.reason}`);
    await this.pass(2000);
    await this.run('collect', {});
    return await this.bench.read(payload.serviceId);
  }

  async readEvents(): Promise<{ type: string; serviceId: string | null }[]> {
    const entries = await this.bench.store.events.readAfter('0', 10_000);
    return entries.map(({ json }) => JSON.parse(json) as { type: string; serviceId: string | null });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

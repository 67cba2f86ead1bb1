import { DelayedError, UnrecoverableError, Worker, type Job } from 'bullmq';
import type { RedisTarget } from '../../config/environment.js';
import { retryDelay } from '../certificates/backoff.js';
import { listFaults } from '../faults.js';
import type { JobContext, JobDefinition } from '../job.js';
import type { Logger } from '../log/logger.js';
import { redact } from '../redact.js';
import type { RedisClient } from '../store/connection.js';
import { createWorkerConnection } from './connection.js';
import { nameJob } from './job-id.js';
import { KEEP_COMPLETED, KEEP_FAILED } from './queues.js';
import { RunningJobs } from './running-jobs.js';
import { settleEnd, settleError, type Settlement } from './settle.js';
import { endsWithin } from './within.js';

/** BullMQ renews the lock at half of `lockMs`; a worker that dies gives its jobs back after at most both together, ms. */
export interface LockTimes {
  lockMs: number;
  stalledCheckMs: number;
}

const LOCK_TIMES: LockTimes = { lockMs: 30_000, stalledCheckMs: 15_000 };

/** How long a note to people may take, ms: with Redis away it would wait for its return. */
const NOTE_MS = 1000;

/** How long it may take to give back what did not end within the grace, and to close the connections, ms. */
const HAND_OVER_MS = 1500;

/** Back to the queue for any other worker, at once; costs no attempt. */
const HAND_OVER: Settlement<never> = {
  kind: 'delay',
  delayMs: 0,
  reason: 'the worker is stopping, another one goes on',
};

/** The same trouble with Redis is logged again after this long, ms. */
const COMPLAIN_EVERY_MS = 30_000;

/** A stalled job simply runs again: the record decides what is left to do, so no number of stalls is too many. */
const STALLS_ALLOWED = 1000;

export interface WorkerOptions {
  target: RedisTarget;
  prefix: string;
  definitions: readonly JobDefinition[];
  /** Overrides each definition's own. */
  concurrency?: number;
  name: string;
  lockTimes?: LockTimes;
  log: Logger;
  random(): number;
  createContext(run: Pick<JobContext, 'jobId' | 'signal' | 'report'>): JobContext;
}

/** One BullMQ worker per job definition, started and stopped together. */
export class WorkerGroup {
  readonly #options: WorkerOptions;
  readonly #connection: RedisClient;
  readonly #workers: Worker[];
  readonly #running = new RunningJobs();
  readonly #cutOff = new AbortController();
  #isClosing = false;
  #complaint = { text: '', at: 0 };

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#connection = createWorkerConnection(options.target);
    this.#workers = options.definitions.map((definition) => this.#start(definition));
  }

  /** Resolves when every worker listens. */
  async ready(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.waitUntilReady()));
  }

  #start(definition: JobDefinition): Worker {
    const { prefix, concurrency, name, log } = this.#options;
    const { lockMs, stalledCheckMs } = this.#options.lockTimes ?? LOCK_TIMES;
    const worker = new Worker(
      definition.name,
      (job, token, signal) => this.#running.track(job, token, this.#runJob(definition, job, token, signal)),
      {
        connection: this.#connection,
        prefix,
        name,
        concurrency: concurrency ?? definition.options.concurrency,
        lockDuration: lockMs,
        stalledInterval: stalledCheckMs,
        maxStalledCount: STALLS_ALLOWED,
        removeOnComplete: KEEP_COMPLETED,
        removeOnFail: KEEP_FAILED,
        settings: {
          backoffStrategy: (attemptsMade: number) => retryDelay(attemptsMade - 1, this.#options.random()),
        },
      },
    );
    worker.on('error', (error) => this.#complain(`queues: ${error.message}`));
    worker.on('stalled', (id) => log.log(4, 'worker', `${definition.name} ${id} stalled and runs again`));
    return worker;
  }

  /** While Redis is away every worker's every reconnection fails alike: one line for it now and then is enough. */
  #complain(text: string): void {
    const now = Date.now();
    if (text === this.#complaint.text && now - this.#complaint.at < COMPLAIN_EVERY_MS) return;
    this.#complaint = { text, at: now };
    this.#options.log.log(3, 'worker', text);
  }

  async #runJob(definition: JobDefinition, job: Job, token?: string, signal?: AbortSignal): Promise<unknown> {
    const { log } = this.#options;
    const label = `${definition.name} ${job.id ?? '?'}`;
    // Fetched in the moment of the stop: somebody else has all the time that this worker has not.
    const settlement = this.#isClosing ? HAND_OVER : await this.#settle(definition, job, signal);
    if (isLast(settlement, job)) await scrub(definition, job);
    switch (settlement.kind) {
      case 'complete':
        log.log(6, 'worker', `${label} completed`);
        return settlement.result;
      case 'delay':
        log.log(6, 'worker', `${label} waits ${settlement.delayMs} ms: ${settlement.reason}`);
        await note(job, `waiting: ${settlement.reason}`);
        await job.moveToDelayed(Date.now() + settlement.delayMs, token);
        throw new DelayedError();
      case 'retry':
        log.log(3, 'worker', `${label} is tried again: ${settlement.reason}`);
        throw new Error(settlement.reason);
      case 'fail':
        log.log(3, 'worker', `${label} failed: ${settlement.reason}`);
        throw new UnrecoverableError(settlement.reason);
    }
  }

  async #settle(definition: JobDefinition, job: Job, signal?: AbortSignal): Promise<Settlement<unknown>> {
    const parsed = definition.schema.safeParse(job.data);
    if (!parsed.success) {
      return {
        kind: 'fail',
        reason: redact(
          `ERR_INPUT: The ${definition.name} job is not valid: ${listFaults(parsed.error).join('; ')}`,
        ),
      };
    }
    const context = this.#options.createContext({
      signal: AbortSignal.any([this.#cutOff.signal, ...(signal === undefined ? [] : [signal])]),
      report: (step) => note(job, step),
      // A job without an id cannot come from BullMQ; its own name then stands for it.
      jobId: nameJob(job.id ?? definition.name),
    });
    try {
      const end = await definition.run(parsed.data, context);
      return settleEnd(end);
    } catch (error) {
      const settlement = settleError(error);
      // What fails once the calls are cut off says nothing about the job.
      return this.#cutOff.signal.aborted && settlement.kind === 'retry' ? HAND_OVER : settlement;
    }
  }

  /**
   * Takes no new jobs and waits for the running ones up to `graceMs`. What still runs then is cut off and handed over: its
   * calls end (but not a charged one: it is only not waited for any more), its lease is released, and its job goes back
   * to the queue without spending an attempt. Returns within `graceMs` and a little more, whatever Redis does.
   */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closing = Promise.all(this.#workers.map((worker) => worker.close()));
    if (!(await endsWithin(this.#running.untilIdle(), graceMs))) {
      this.#options.log.log(4, 'worker', 'the grace is over: what still runs is handed over');
      this.#cutOff.abort(new Error('The worker is stopping'));
    }
    if (!(await endsWithin(closing, HAND_OVER_MS))) {
      await endsWithin(this.#running.giveBack(), HAND_OVER_MS);
      await endsWithin(Promise.all(this.#workers.map((worker) => worker.disconnect())), HAND_OVER_MS);
    }
    this.#connection.disconnect();
  }
}

/** Tells people: the job's log and progress. A note that is lost or slow must not hold up the work. */
async function note(job: Job, step: string): Promise<void> {
  const text = redact(step);
  const written = Promise.all([job.log(text), job.updateProgress({ step: text })]).catch(() => undefined);
  await endsWithin(written, NOTE_MS);
}

/** Whether the job will not run again after this. */
function isLast({ kind }: Settlement<unknown>, job: Job): boolean {
  const isRetried = kind === 'retry' && job.attemptsMade + 1 < (job.opts.attempts ?? 1);
  return kind !== 'delay' && !isRetried;
}

/** What was sealed for one job does not stay in Redis with it, however the job ended. */
async function scrub(definition: JobDefinition, job: Job): Promise<void> {
  const parsed = definition.schema.safeParse(job.data);
  // Whoever pasted a private key into a job must not find it kept here for weeks.
  const isLeak = !parsed.success && /PRIVATE\s+KEY/i.test(JSON.stringify(job.data));
  if (isLeak) await job.updateData({ removed: 'the payload held a private key' });
  if (definition.scrub === undefined) return;
  await job.updateData(
    parsed.success ? definition.scrub(parsed.data) : { removed: 'the payload was not valid' },
  );
}

import { Queue, QueueEvents, type Job } from 'bullmq';
import type { RedisTarget } from '../../config/environment.js';
import type { JobDefinition } from '../job.js';
import type { RedisClient } from '../store/connection.js';
import { createProducerConnection, createWorkerConnection } from './connection.js';
import { hearEnd, type JobEnd } from './job-end.js';

const DAY_S = 86_400;

/** How long finished jobs stay visible: by age (seconds) and number. Their truth is in the records, so they may go. */
export const KEEP_COMPLETED = { age: 3 * DAY_S, count: 5000 };
export const KEEP_FAILED = { age: 30 * DAY_S, count: 5000 };

/** The queues, one per job, from the adding side. */
export class Queues {
  readonly #target: RedisTarget;
  readonly #prefix: string;
  readonly #connection: RedisClient;
  readonly #queues = new Map<string, Queue>();
  readonly #closing = new AbortController();
  readonly #listeners = new Map<string, { events: QueueEvents; connection: RedisClient }>();

  constructor(target: RedisTarget, prefix: string) {
    this.#target = target;
    this.#prefix = prefix;
    this.#connection = createProducerConnection(target);
  }

  open(name: string): Queue {
    let queue = this.#queues.get(name);
    if (queue === undefined) {
      const options = { connection: this.#connection, prefix: this.#prefix, skipWaitingForReady: true };
      queue = new Queue(name, options);
      queue.on('error', () => undefined); // Errors come back from the calls themselves.
      this.#queues.set(name, queue);
    }
    return queue;
  }

  /** Connects; BullMQ with a lazy connection and no offline queue would refuse its first command. */
  async connect(): Promise<void> {
    if (this.#connection.status === 'wait') await this.#connection.connect();
  }

  /** Adds a validated job under a fresh id. @returns the id. */
  async add(
    definition: JobDefinition,
    payload: unknown,
    id: string,
    priority = definition.options.priority,
  ): Promise<string> {
    const { attempts } = definition.options;
    await this.open(definition.name).add(definition.name, payload, {
      jobId: id,
      priority,
      attempts,
      backoff: { type: 'custom' },
      removeOnComplete: KEEP_COMPLETED,
      removeOnFail: KEEP_FAILED,
    });
    return id;
  }

  /** Starts listening to a queue's events. Call it before adding the job whose end is awaited. */
  async listen(name: string): Promise<void> {
    if (this.#listeners.has(name)) return;
    const connection = createWorkerConnection(this.#target);
    const events = new QueueEvents(name, { connection, prefix: this.#prefix });
    events.on('error', () => undefined);
    this.#listeners.set(name, { events, connection });
    await events.waitUntilReady();
  }

  /**
   * Waits up to `timeoutMs`, or until `stop` fires, for a job's end; listens for the queue's events, so nothing is polled.
   */
  async waitFor(name: string, id: string, timeoutMs: number, stop?: AbortSignal): Promise<JobEnd> {
    await this.listen(name);
    const listener = this.#listeners.get(name);
    const job = await this.open(name).getJob(id);
    if (job === undefined || listener === undefined)
      return { kind: 'failed', reason: `There is no job ${id} in the queue ${name}` };
    const closing = this.#closing.signal;
    const heard = await hearEnd(listener.events, id, {
      timeoutMs,
      stop: stop === undefined ? closing : AbortSignal.any([stop, closing]),
      readEnd: () => this.#readEnd(name, id),
    });
    if (heard !== null) return heard;
    if (closing.aborted) return { kind: 'waiting', reason: 'the connection was closed meanwhile' };
    return await this.#readEnd(name, id);
  }

  async #readEnd(name: string, id: string): Promise<JobEnd> {
    // The state first: a job that was read before it ended would have neither result nor reason.
    const state = await this.open(name).getJobState(id);
    const job: Job | undefined = await this.open(name).getJob(id);
    if (job === undefined) return { kind: 'failed', reason: `The job ${id} was removed before it ended` };
    if (state === 'completed') return { kind: 'completed', result: job.returnvalue as unknown };
    if (state === 'failed') return { kind: 'failed', reason: job.failedReason };
    const { logs } = await this.open(name).getJobLogs(id, 0, 0, false);
    return { kind: 'waiting', reason: describeWait(job, logs[0]) };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#listeners.values()].map(({ events }) => events.close()));
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    for (const { connection } of this.#listeners.values()) connection.disconnect();
    this.#connection.disconnect();
  }
}

/** A job that throws `retry` keeps its reason while it backs off; its last step may be older. */
function describeWait({ attemptsMade, failedReason }: Job, step: string | undefined): string {
  if (attemptsMade === 0) return step ?? 'no worker has taken it yet';
  const times = attemptsMade === 1 ? 'once' : `${attemptsMade} times`;
  const tries = `tried ${times}: ${failedReason.replace(/\.$/, '')}, it is tried again`;
  return step === undefined ? tries : `${step}; ${tries}`;
}

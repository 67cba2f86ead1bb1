import { randomUUID } from 'node:crypto';
import type { Environment } from '../config/environment.js';
import { jobs } from '../jobs/index.js';
import { describeError, InputError } from './errors.js';
import { parseInput } from './faults.js';
import type { JobDefinition } from './job.js';
import type { Logger } from './log/logger.js';
import { Queues } from './queue/queues.js';
import { connectStore, describeTarget, RedisUnavailableError, type RedisClient } from './store/connection.js';
import { createStore, type Store } from './store/store.js';

/** What every command and the producer work with: the store and the queues of one Redis. */
export class App {
  readonly environment: Environment;
  readonly store: Store;
  readonly queues: Queues;
  readonly log: Logger;
  readonly #redis: RedisClient;

  private constructor(environment: Environment, redis: RedisClient, queues: Queues, log: Logger) {
    this.environment = environment;
    this.#redis = redis;
    this.store = createStore(redis, environment.prefix, Date.now, environment.isDataExpected);
    this.queues = queues;
    this.log = log;
  }

  /** @throws RedisUnavailableError when Redis does not answer. */
  static async open(environment: Environment, log: Logger): Promise<App> {
    const redis = await connectStore(environment.redis);
    const app = new App(environment, redis, new Queues(environment.redis, environment.prefix), log);
    try {
      await app.queues.connect();
      return app;
    } catch (error) {
      // Open sockets would keep the process from ending.
      await app.close();
      throw new RedisUnavailableError(describeTarget(environment.redis), describeError(error));
    }
  }

  /**
   * Validates a payload, makes its work durable and adds the job.
   * @returns the job's id.
   * @throws InputError for an unknown job or a payload with faults (nothing was changed).
   */
  async enqueue(name: string, payload: unknown): Promise<string> {
    const { definition, parsed } = validate(name, payload);
    const id = composeJobId(definition, parsed);
    await definition.accept?.(parsed, this.store, Date.now(), id);
    return await this.queues.add(definition, parsed, id);
  }

  /** Adds a job for work that is durable already. @throws InputError as {@link enqueue}. */
  async ring(name: string, payload: unknown, priority?: number): Promise<string> {
    const { definition, parsed } = validate(name, payload);
    return await this.queues.add(definition, parsed, composeJobId(definition, parsed), priority);
  }

  async close(): Promise<void> {
    await this.queues.close();
    this.#redis.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function composeJobId(definition: JobDefinition, parsed: unknown): string {
  return `${definition.name}-${definition.subject(parsed)}-${randomUUID().slice(0, 8)}`;
}

/** The payload of a job that comes in. @throws InputError that lists every fault. */
export function parseJobPayload(definition: JobDefinition, payload: unknown): unknown {
  const subject = `The ${definition.name} job`;
  try {
    return parseInput(definition.schema, payload, subject);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError([...error.faults, ...(definition.listFaults?.(payload) ?? [])], subject);
  }
}

function validate(name: string, payload: unknown): { definition: JobDefinition; parsed: unknown } {
  const definition = jobs.get(name);
  if (definition === undefined) {
    throw new InputError([`"${name}" is not a job; known are ${[...jobs.keys()].join(', ')}`], 'The job');
  }
  return { definition, parsed: parseJobPayload(definition, payload) };
}

import type { z } from 'zod';
import type { Environment } from '../config/environment.js';
import type { Account, AccountWork } from './certificates/ports.js';
import type { AccountSettings, ModuleParameters } from './modules/settings.js';
import type { Store } from './store/store.js';
import type { Webhook } from './webhook/send.js';

/** The end of a run: the job is done, or looks again later. Everything else is thrown. */
export type RunEnd<Result> =
  { kind: 'done'; result: Result } | { kind: 'snooze'; delayMs: number; reason: string };

/** Ends the job with its return value. */
export function done<Result>(result: Result): RunEnd<Result> {
  return { kind: 'done', result };
}

/** Postpones the job by `delayMs`; costs no attempt. `reason` is shown to people. */
export function snooze<Result>(delayMs: number, reason: string): RunEnd<Result> {
  return { kind: 'snooze', delayMs, reason };
}

/** What a handler is handed. Nothing in it knows the queue, so a unit test is a function call. `{ ...context, account }` is an {@link AccountWork}. */
export interface JobContext extends Omit<AccountWork, 'account'> {
  store: Store;
  /** The job's id: the same when the job runs again. */
  jobId: string;
  /** Where events are sent; null when no receiver is configured. */
  webhook: Webhook | null;
  /** The module's Namecheap account, its key opened; `subject` tells the log what its calls are for. @throws FailError when there is no such module. */
  openAccount(module: string, subject?: string): Promise<Account>;
  /** An account for the connection test: from settings that need not be stored, and not held back by a pause. */
  openForTest(settings: AccountSettings, parameters: ModuleParameters, module: string): Account;
  /** Adds a job for work that is durable already, with a priority of its own where it is urgent. @returns its id. @throws InputError when the payload is not valid. */
  ring(job: string, payload: unknown, priority?: number): Promise<string>;
}

/** Every so many ms, or by a cron pattern in UTC. */
export type Rhythm = { everyMs: number } | { cron: string };

export interface JobDefinition<Payload = unknown, Result = unknown> {
  name: string;
  /** One sentence, for `--help`. */
  summary: string;
  schema: z.ZodType<Payload>;
  /** A payload that works, for `--help`. */
  example: unknown;
  /** What the job is about, for its id and for people: a service id, a module. */
  subject(payload: Payload): string;
  options: {
    /** Jobs of this queue that one worker runs side by side. */
    concurrency: number;
    /** BullMQ priority: lower runs first; every job has one. */
    priority: number;
    /** Starts after which a job that keeps throwing `retry` fails. */
    attempts: number;
  };
  /** Faults of a payload, of whatever shape, that its schema does not know of: told with those of the schema. */
  listFaults?(payload: unknown): string[];
  /** Makes the work durable before the job is added, so that losing every job loses nothing. */
  accept?(payload: Payload, store: Store, now: number, jobId: string): Promise<void>;
  /** For a job that repeats by itself: its rhythm; null where this environment does not need it. */
  schedule?(environment: Environment): Rhythm | null;
  /** The payload as it may stay in Redis once the job is done; for those that carried something sealed. */
  scrub?(payload: Payload): unknown;
  run(payload: Payload, context: JobContext): Promise<RunEnd<Result>>;
}

/** Declares a job: schema, options and handler beside each other, one file per job. */
export function defineJob<Payload, Result>(
  definition: JobDefinition<Payload, Result>,
): JobDefinition<Payload, Result> {
  return definition;
}

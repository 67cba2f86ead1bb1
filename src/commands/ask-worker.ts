import type { App } from '../app.js';
import { withdrawJob } from '../queue/follow.js';
import { inspectQueues } from '../queue/inspect.js';

/** A job whose answer a command needs at once. */
export interface Question {
  job: string;
  payload: unknown;
  /** For messages: `The connection test`. */
  what: string;
  /** How long a worker is waited for, ms. */
  timeoutMs: number;
}

/** `reason`: why there is no answer, and what to do; a sentence. */
export type WorkerAnswer = { kind: 'answered'; result: unknown } | { kind: 'unanswered'; reason: string };

/** Lets a worker do what only workers may: Namecheap allow-lists their address, not that of this command. A job that nobody took in time is taken back. */
export async function askWorker(app: App, question: Question, stop: AbortSignal): Promise<WorkerAnswer> {
  const { job, payload, what, timeoutMs } = question;
  await app.queues.listen(job);
  const id = await app.enqueue(job, payload);
  const end = await app.queues.waitFor(job, id, timeoutMs, stop);
  if (end.kind === 'completed') return { kind: 'answered', result: end.result };
  if (end.kind === 'failed') return { kind: 'unanswered', reason: `${what} failed: ${end.reason}` };
  // Nobody waits for it any more, and it may carry a sealed key.
  await withdrawJob(app.queues, job, id);
  if (stop.aborted) return { kind: 'unanswered', reason: `${what} was interrupted.` };
  return { kind: 'unanswered', reason: await explainWait(app, question, end.reason) };
}

async function explainWait(app: App, { job, what, timeoutMs }: Question, reason: string): Promise<string> {
  const [queue] = await inspectQueues(app.queues, [job]);
  const seconds = timeoutMs / 1000;
  if (queue === undefined || queue.workers.length === 0) {
    const object = what.charAt(0).toLowerCase() + what.slice(1);
    return `No worker took ${object} within ${seconds} s: start one with pmnamecheap worker, where PMNAMECHEAP_SECRET_KEY and the database are the same.`;
  }
  return `${what} did not end within ${seconds} s: ${reason}. Try again later; pmnamecheap status shows the queues.`;
}

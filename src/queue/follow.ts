import { QueueEvents } from 'bullmq';
import { z } from 'zod';
import type { RedisTarget } from '../../config/environment.js';
import { createWorkerConnection } from './connection.js';
import type { Queues } from './queues.js';

const progressSchema = z.object({ step: z.string() });

/**
 * Calls `onStep` for every step that a job of the queue reports from now on.
 * @returns the function that ends it.
 */
export async function followSteps(
  target: RedisTarget,
  prefix: string,
  name: string,
  onStep: (jobId: string, step: string) => void,
): Promise<() => Promise<void>> {
  const connection = createWorkerConnection(target);
  const events = new QueueEvents(name, { connection, prefix });
  events.on('error', () => undefined); // It reconnects by itself; steps are told as far as they come.
  events.on('progress', ({ jobId, data }) => {
    const progress = progressSchema.safeParse(data);
    if (progress.success) onStep(jobId, progress.data.step);
  });
  await events.waitUntilReady();
  return async () => {
    await events.close();
    connection.disconnect();
  };
}

/** Takes back a job that nobody has begun; one that runs already, or has ended, stays. */
export async function withdrawJob(queues: Queues, name: string, id: string): Promise<void> {
  // BullMQ refuses to remove a job that a worker holds; then its end simply has no reader.
  await queues
    .open(name)
    .remove(id)
    .catch(() => undefined);
}

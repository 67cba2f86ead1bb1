import type { Job } from 'bullmq';

/** What a group of workers is doing, so that it can be waited for and given back. */
export class RunningJobs {
  readonly #running = new Map<Promise<unknown>, { job: Job; token: string | undefined }>();

  /** Counts the run among those that go on until it ends. @returns the run itself. */
  track<T>(job: Job, token: string | undefined, run: Promise<T>): Promise<T> {
    this.#running.set(run, { job, token });
    const forget = () => this.#running.delete(run);
    run.then(forget, forget);
    return run;
  }

  /** Resolves when every run that goes on now has ended, in whatever way. */
  async untilIdle(): Promise<void> {
    await Promise.allSettled(this.#running.keys());
  }

  /**
   * Puts the jobs of all runs that go on back into their queues, for other workers to take at once: no stall check has
   * to find them, and no attempt is spent. The runs themselves are left alone; they have lost their locks.
   */
  async giveBack(): Promise<void> {
    const jobs = [...this.#running.values()];
    // One that ended in this moment is not ours any more.
    await Promise.allSettled(jobs.map(({ job, token }) => job.moveToDelayed(Date.now(), token)));
  }
}

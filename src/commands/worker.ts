import type { Command } from 'commander';
import { jobs } from '../../jobs/index.js';
import { formatDuration } from '../../config/duration.js';
import { startWorker, type WorkerChoice } from '../run-worker.js';
import { parseWhole } from './arguments.js';
import { withLoggedApp } from './session.js';
import { note, type Terminal } from './terminal.js';

/** `worker`: processes jobs until it is told to stop. */
export function addWorkerCommand(program: Command, terminal: Terminal): void {
  program
    .command('worker')
    .description(
      'process jobs until SIGTERM or SIGINT (a second signal ends it at once); run as many as you like',
    )
    .option('--jobs <names>', `only these jobs, comma-separated (${[...jobs.keys()].join(', ')})`)
    .option('--concurrency <n>', 'jobs of each kind at a time', parseConcurrency)
    .addHelpText('after', '\nExample:\n  pmnamecheap worker --jobs order,test')
    .action(async (options: { jobs?: string; concurrency?: number }) => {
      const names = options.jobs?.split(',').map((name) => name.trim());
      await runWorker(terminal, {
        ...(names === undefined ? {} : { jobs: names }),
        ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      });
    });
}

async function runWorker(terminal: Terminal, choice: WorkerChoice): Promise<void> {
  await withLoggedApp(terminal, async (app) => {
    const worker = await startWorker(app, { ...choice, stop: terminal.stop });
    note(
      terminal,
      `worker ${process.pid} listens for: ${worker.definitions.map(({ name }) => name).join(', ')}`,
    );
    note(terminal, `log: ${app.environment.logFile}`);
    await untilStopped(terminal.stop);
    const grace = formatDuration(app.environment.shutdownGraceMs);
    note(
      terminal,
      `stopping: running jobs have ${grace} to end, the others are left to other workers; interrupt again to stop at once`,
    );
    await worker.close();
  });
}

/** Resolves when the signal fires. */
export function untilStopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
}

function parseConcurrency(text: string): number {
  return parseWhole(text, 1, 1000, 'give a whole number from 1 to 1000');
}

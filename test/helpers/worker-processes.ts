import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { System } from './system.js';

const WORKER = path.resolve(import.meta.dirname, 'worker-process.mjs');
const CLI = path.resolve(import.meta.dirname, '../../dist/src/cli.js');

/** Those of a test that failed must not outlive it. */
const started = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

function keepTrack<T extends ChildProcess>(child: T): T {
  started.add(child);
  child.once('exit', () => started.delete(child));
  return child;
}

/** A worker in a process of its own, as `pmnamecheap worker` runs it, with short leases. */
export async function spawnWorker(
  system: System,
  changes: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const env = { ...process.env, ...system.environment, ...changes };
  const child = keepTrack(spawn(process.execPath, [WORKER], { env, stdio: ['ignore', 'pipe', 'inherit'] }));
  await once(child.stdout, 'data');
  return child;
}

/** `pmnamecheap worker` itself, with the leases and locks of production; not ready yet. */
export function spawnCommand(
  system: System,
  changes: Readonly<Record<string, string>> = {},
): ChildProcess & { stderr: NodeJS.ReadableStream } {
  const env = { ...process.env, ...system.environment, ...changes };
  return keepTrack(spawn(process.execPath, [CLI, 'worker'], { env, stdio: ['ignore', 'ignore', 'pipe'] }));
}

/** Waits until the process has written the text to its error output. */
export async function untilSaid(
  child: ChildProcess & { stderr: NodeJS.ReadableStream },
  text: string,
): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes(text)) resolve();
    });
    child.once('exit', (code) => reject(new Error(`it ended with ${String(code)}: ${said}`)));
  });
}

/** Sends the signal and waits for the end. @returns the exit code, or the signal that ended it. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | string | null> {
  const ended = child.exitCode !== null || child.signalCode !== null ? null : once(child, 'exit');
  child.kill(signal);
  await ended;
  return child.exitCode ?? child.signalCode;
}

export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

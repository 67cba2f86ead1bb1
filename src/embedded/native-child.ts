/**
 * Runs a redis-server or valkey-server for its parent and never outlives it. A `kill -9` of the parent runs none
 * of its code, but the kernel closes the IPC channel, and this small process then stops the server.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { lockCurrentFolder } from './folder-lock.js';
import { answerParent, startSchema, type Answer } from './messages.js';
import { RespConnection } from './resp.js';

/** How often a free port may be lost to somebody else between finding it and using it. */
const PORT_ATTEMPTS = 5;
/** A stopping server writes what is left; after this it is killed (the append-only file is complete anyway), ms. */
const STOP_GRACE_MS = 5_000;
const POLL_MS = 15;
const OUTPUT_KEPT = 2_000;

interface Server {
  child: ChildProcess;
  output: () => string;
}

/**
 * Every acknowledged write is on disk before the answer (`appendfsync always`): purchases are counted on it.
 * The configuration goes through stdin, so the password is neither in the argument list nor in a file.
 */
function composeConfiguration(port: number, password: string): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    'protected-mode yes',
    `requirepass ${password}`,
    'daemonize no',
    'dir ./',
    'appendonly yes',
    'appendfsync always',
    'save ""',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1');
  return address.port;
}

function startServer(binary: string, port: number, password: string): Server {
  const child = spawn(binary, ['-'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  // A server that ends at once closes its stdin under our hands; its exit tells more than EPIPE would.
  child.stdin.on('error', () => undefined);
  child.stdin.end(composeConfiguration(port, password));
  return { child, output: () => output };
}

async function isAnswering(port: number, password: string): Promise<boolean> {
  try {
    using connection = await RespConnection.open(port);
    await connection.send('AUTH', password);
    return (await connection.send('PING')) === 'PONG';
  } catch {
    return false; // refused, still loading its file, or another server that has the port: its exit decides
  }
}

/** The last warnings of the server's output, without process number, date and mark. */
function summarizeOutput(output: string): string {
  const lines = output.trim().split('\n');
  const warnings = lines.filter((line) => line.includes(' # ')).slice(-2);
  return (warnings.length > 0 ? warnings : lines.slice(-2))
    .map((line) => line.replace(/^.* [#*] /, ''))
    .join(' ');
}

function hasEnded({ child }: Server): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** True once the server answers, false when it ended instead. Loading a large file may take long: no deadline. */
async function waitUntilAnswering(server: Server, port: number, password: string): Promise<boolean> {
  while (!hasEnded(server)) {
    if (await isAnswering(port, password)) return !hasEnded(server);
    await delay(POLL_MS);
  }
  return false;
}

function stopServer({ child }: Server): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS).unref();
}

async function serve(binary: string, fixedPort: number, password: string): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = fixedPort === 0 ? await findFreePort() : fixedPort;
    const server = startServer(binary, port, password);
    // From here on the parent may go at any time, also while the server is still loading.
    const onParentGone = (): void => stopServer(server);
    process.once('disconnect', onParentGone);
    if (!process.connected) stopServer(server);
    if (await waitUntilAnswering(server, port, password)) {
      server.child.once('exit', () => process.exit());
      return { type: 'ready', port, pid: server.child.pid ?? 0 };
    }
    process.removeListener('disconnect', onParentGone);
    const isRace = fixedPort === 0 && /address already in use/i.test(server.output());
    if (!process.connected || !isRace || attempt === PORT_ATTEMPTS) {
      return { type: 'failed', reason: summarizeOutput(server.output()) };
    }
  }
}

process.once('message', (message: unknown) => {
  const { binary, port, password } = startSchema.parse(message);
  void lockCurrentFolder()
    .then((lock) => {
      process.once('exit', () => lock.close()); // removes the socket file
      return serve(binary ?? '', port, password);
    })
    .catch((error: unknown): Answer => ({
      type: 'failed',
      reason: error instanceof Error ? error.message : String(error),
    }))
    .then(async (answer) => {
      await answerParent(answer);
      if (answer.type === 'failed') process.exit(1);
    });
});

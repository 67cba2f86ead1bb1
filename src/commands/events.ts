import { InvalidArgumentError, type Command } from 'commander';
import { z } from 'zod';
import { InputError } from '../errors.js';
import { createRedis } from '../store/connection.js';
import type { StreamEntry } from '../store/events.js';
import type { App } from '../app.js';
import { listDeadLetters, replayDeadLetters } from './events-dead.js';
import { withApp } from './session.js';
import { print, type Terminal } from './terminal.js';

const BATCH = 500;
const BLOCK_MS = 2000;

/** A blocked read is answered every BLOCK_MS: a connection that is silent for longer is dead without having said so, ms. */
const SILENCE_MS = 10_000;

interface EventsOptions {
  follow?: boolean;
  after?: string;
  dead?: boolean;
  replay?: string;
  json?: boolean;
}

/** `events`: the stream, one JSON per line; and what the webhook's receiver did not take. */
export function addEventsCommand(program: Command, terminal: Terminal): void {
  program
    .command('events')
    .description('print the event stream, one JSON document per line, oldest first')
    .option('--follow', 'go on with new events until interrupted')
    .option('--after <position>', 'only what came after the event with this "position"', parsePosition)
    .option('--dead', "list the events that the webhook's receiver did not take")
    .option('--replay <id|all>', 'send a dead event again, or all of them, before newer ones of its service')
    .option('--json', 'with --dead and --replay: one JSON document')
    .addHelpText(
      'after',
      '\nExamples:\n  pmnamecheap events --follow | jq -r \'.type + " " + (.serviceId // "-")\'\n  pmnamecheap events --replay all',
    )
    .action(async (options: EventsOptions) => {
      checkTogether(options);
      await withApp(terminal, async (app) => {
        if (options.dead === true) await listDeadLetters(app, terminal, options.json === true);
        else if (options.replay !== undefined)
          await replayDeadLetters(app, terminal, options.replay, options.json === true);
        else await printStream(app, terminal, options);
      });
    });
}

function parsePosition(text: string): string {
  if (/^(0|\d{1,20}-\d{1,20})$/.test(text)) return text;
  throw new InvalidArgumentError('give the "position" of an event, such as 1792000000000-0, or 0');
}

function checkTogether({ follow, after, dead, replay }: EventsOptions): void {
  const isStream = follow === true || after !== undefined;
  if ([isStream, dead === true, replay !== undefined].filter(Boolean).length <= 1) return;
  const fault =
    '--dead, --replay and the stream (--follow, --after) are three different things: ask for one of them';
  throw new InputError([fault], 'The command line');
}

async function printStream(app: App, terminal: Terminal, options: EventsOptions): Promise<void> {
  const position = await printStored(app, terminal, options.after ?? '0');
  if (options.follow === true) await follow(app, terminal, position);
}

async function printStored(app: App, terminal: Terminal, from: string): Promise<string> {
  let position = from;
  while (!terminal.stop.aborted) {
    const entries = await app.store.events.readAfter(position, BATCH);
    for (const entry of entries) printEntry(terminal, entry);
    position = entries.at(-1)?.position ?? position;
    if (entries.length < BATCH) break;
  }
  return position;
}

/** The event with its position in front, from which `--after` goes on. */
function printEntry(terminal: Terminal, { position, json }: StreamEntry): void {
  const event = z.looseObject({}).parse(JSON.parse(json));
  print(terminal, JSON.stringify({ position, ...event }));
}

async function follow(app: App, terminal: Terminal, from: string): Promise<void> {
  // Blocked reads need a connection of their own; it outlives a restart of Redis and goes on where it was.
  const client = createRedis(app.environment.redis, {
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_MS,
  });
  const onStop = () => client.disconnect();
  terminal.stop.addEventListener('abort', onStop, { once: true });
  let position = from;
  try {
    while (!terminal.stop.aborted) {
      for (const entry of await app.store.events.follow(client, position, BLOCK_MS)) {
        printEntry(terminal, entry);
        position = entry.position;
      }
    }
  } catch (error) {
    if (!terminal.stop.aborted) throw error;
  } finally {
    client.disconnect();
  }
}

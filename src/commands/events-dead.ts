import type { App } from '../app.js';
import { InputError } from '../errors.js';
import type { DeadLetter } from '../store/dead-letters.js';
import { formatTable, note, print, printJson, type Terminal } from './terminal.js';

/** `events --dead`: what the webhook's receiver did not take, in the order in which it happened. */
export async function listDeadLetters(app: App, terminal: Terminal, isJson: boolean): Promise<void> {
  const letters = await app.store.webhooks.dead.list();
  if (isJson) {
    printJson(
      terminal,
      letters.map(({ json, ...letter }) => ({ ...letter, event: JSON.parse(json) as unknown })),
    );
  } else if (letters.length === 0) note(terminal, 'No dead letters.');
  else print(terminal, formatLetters(letters));
}

function formatLetters(letters: readonly DeadLetter[]): string {
  const rows = letters.map(({ id, type, serviceId, attempts, reason, givenUpAt }) => [
    ...[id, type, serviceId ?? '–', String(attempts), givenUpAt, reason],
  ]);
  return formatTable(['event id', 'type', 'service', 'tries', 'given up', 'last failure'], rows);
}

/** `events --replay`: back into the outbox. @throws InputError when there is no such dead letter. */
export async function replayDeadLetters(
  app: App,
  terminal: Terminal,
  wanted: string,
  isJson: boolean,
): Promise<void> {
  const { dead } = app.store.webhooks;
  // Oldest first: a worker that sends meanwhile must not find a later event of a service before an earlier one.
  const ids = wanted === 'all' ? (await dead.list()).map(({ id }) => id) : [wanted];
  const replayed: string[] = [];
  for (const id of ids) if (await dead.replay(id, Date.now())) replayed.push(id);
  if (wanted !== 'all' && replayed.length === 0) {
    const fault = `--replay: there is no dead letter with the event id ${wanted}; list them with pmnamecheap events --dead`;
    throw new InputError([fault], 'The command line');
  }
  if (isJson) printJson(terminal, { replayed });
  else print(terminal, `${replayed.length} events are sent again by the next run of a worker.`);
  if (app.environment.webhook === null)
    note(terminal, 'warning: PMNAMECHEAP_WEBHOOK_URL is not set here; only workers that have it send events');
}

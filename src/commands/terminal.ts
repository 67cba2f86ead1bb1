import Table from 'cli-table3';
import pc from 'picocolors';

/** What a command may touch of the outside world; tests hand in their own. */
export interface Terminal {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  /** Fires once when the user asks to stop (SIGINT, SIGTERM); a second signal ends the process at once. */
  stop: AbortSignal;
}

/** Results go to stdout. */
export function print(terminal: Terminal, text: string): void {
  terminal.stdout.write(`${text}\n`);
}

/** One JSON document on stdout, for programs. */
export function printJson(terminal: Terminal, value: unknown): void {
  print(terminal, JSON.stringify(value, null, 2));
}

/** Everything that is not a result goes to stderr. */
export function note(terminal: Terminal, text: string): void {
  terminal.stderr.write(`${text}\n`);
}

/** Colours for a stream: only on a terminal, and never against NO_COLOR. */
export function paint(terminal: Terminal, stream: 'stdout' | 'stderr' = 'stdout') {
  const isColored = terminal[stream].isTTY === true && !terminal.env['NO_COLOR'];
  return pc.createColors(isColored);
}

/** A borderless table with a header line. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const none = Object.fromEntries(BORDERS.map((name) => [name, '']));
  const table = new Table({
    chars: { ...none, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push([...head], ...rows.map((row) => [...row]));
  return table.toString().replace(/ +$/gm, '');
}

const BORDERS = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
];

/** A date for people: the day alone. */
export function formatDay(iso: string | null): string {
  return iso === null ? '–' : iso.slice(0, 10);
}

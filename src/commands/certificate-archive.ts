import { once } from 'node:events';
import type { Command } from 'commander';
import type { App } from '../app.js';
import { checkArchive } from '../store/archive-check.js';
import { restoreArchive, type RestoreCounts } from '../store/archive-restore.js';
import { exportStore, type ExportCounts } from '../store/archive.js';
import { LineFile, writeWholeFile } from './archive-file.js';
import { CommandFailure } from './command-failure.js';
import { withApp } from './session.js';
import { note, print, type Terminal } from './terminal.js';

/** `certificate export` and `certificate restore`. */
export function addArchiveCommands(group: Command, terminal: Terminal): void {
  group
    .command('export')
    .argument('[file]', 'where to; without it, stdout')
    .description('all services and what was paid for them, as JSON lines, for a backup')
    .addHelpText(
      'after',
      `
Not in it: modules and their API keys, events, queues. A file is replaced once the new one is complete, and only its
owner may read it.

Example:
  pmnamecheap certificate export /var/backups/pmnamecheap.jsonl
  pmnamecheap certificate export | gzip > pmnamecheap.jsonl.gz`,
    )
    .action((file: string | undefined) => exportCertificates(terminal, file));
  group
    .command('restore')
    .argument('<file>', 'what certificate export wrote')
    .description('bring an export back; what is there already stays as it is')
    .option('--replace', 'services that differ are replaced by those of the file (not while they are bought)')
    .addHelpText(
      'after',
      `
The whole file is checked before anything is changed. An interrupted restore is completed by running it again.
Exit code 1: something contradicts what is there and was left out.

Example:
  pmnamecheap certificate restore /var/backups/pmnamecheap.jsonl`,
    )
    .action((file: string, options: { replace?: boolean }) =>
      restoreCertificates(terminal, file, options.replace === true),
    );
}

async function exportCertificates(terminal: Terminal, file: string | undefined): Promise<void> {
  await withApp(terminal, async (app) => {
    const unreadable: string[] = [];
    const write = (append: Append) => copyExport(app, terminal, append, unreadable);
    const counts = file === undefined ? await write(appendTo(terminal)) : await writeWholeFile(file, write);
    note(
      terminal,
      `Exported ${counts.certificates} services and ${counts.accounts} accounts${file === undefined ? '' : ` to ${file}`}.`,
    );
    if (unreadable.length === 0) return;
    for (const line of unreadable) note(terminal, line);
    note(
      terminal,
      'This version cannot read these services, and restore refuses the file until they are mended or a version that can read them is used.',
    );
    throw new CommandFailure();
  });
}

type Append = (text: string) => Promise<void>;

async function copyExport(
  app: App,
  terminal: Terminal,
  append: Append,
  unreadable: string[],
): Promise<ExportCounts> {
  const chunks = exportStore(app.store, {
    prefix: app.environment.prefix,
    now: Date.now(),
    onUnreadable: (serviceId, why) => unreadable.push(`service ${serviceId}: ${why}`),
  });
  for (;;) {
    const { value, done } = await chunks.next();
    if (done === true) return value;
    if (terminal.stop.aborted) {
      note(terminal, 'Stopped: the export is not complete.');
      throw new CommandFailure();
    }
    await append(value);
  }
}

/** Waits while the reader is slow, until it goes away. */
function appendTo(terminal: Terminal): Append {
  return async (text) => {
    if (terminal.stdout.write(text)) return;
    await once(terminal.stdout, 'drain', { signal: terminal.stop }).catch((error: unknown) => {
      if (!terminal.stop.aborted) throw error;
    });
  };
}

async function restoreCertificates(terminal: Terminal, path: string, isReplacing: boolean): Promise<void> {
  await using file = await LineFile.open(path);
  const source = () => file.readLines();
  const checked = await checkArchive(source);
  await withApp(terminal, async ({ store }) => {
    const counts = await restoreArchive(store, source, checked, {
      isReplacing,
      now: Date.now(),
      signal: terminal.stop,
      onLeft: (what) => note(terminal, what),
    });
    print(terminal, formatCounts(counts, checked.at));
    if (!counts.isComplete) note(terminal, 'Stopped: run the same command again to complete it.');
    if (counts.conflicts > 0 || !counts.isComplete) throw new CommandFailure();
  });
}

function formatCounts(counts: RestoreCounts, at: string): string {
  const { restored, replaced, identical, different, entries, conflicts } = counts;
  return [
    `Restored ${restored} services from the export of ${at}`,
    `replaced ${replaced}`,
    `${identical} were there already`,
    `${different} differ and were left as they are`,
    `${entries} entries added to accounts`,
    `${conflicts} conflicts`,
  ].join(', ');
}

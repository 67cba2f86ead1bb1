import { z } from 'zod';
import type { CertificateStore } from '../certificates/ports.js';
import { presentResult } from '../certificates/present.js';
import { STATUSES, type CertificateRecord, type Status } from '../certificates/record.js';
import { InputError } from '../errors.js';
import { shorten } from './format.js';
import { withApp } from './session.js';
import { formatDay, formatTable, note, paint, print, printJson, type Terminal } from './terminal.js';

export interface ListOptions {
  due?: boolean;
  status?: string;
  json?: boolean;
}

const PROBLEM_LENGTH = 60;

/** Every record once. Loaded in the batches that Redis gives out, so that the connection is never flooded. */
export async function* readRecords(store: CertificateStore): AsyncIterable<CertificateRecord> {
  // Redis may give out an id twice while the set grows.
  const seen = new Set<string>();
  for await (const ids of store.listServiceIds()) {
    const fresh = [...new Set(ids)].filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    for (const stored of await Promise.all(fresh.map((id) => store.load(id)))) {
      if (stored !== null) yield stored.record;
    }
  }
}

/** Every record that fits. */
export async function loadRecords(
  store: CertificateStore,
  fits: (record: CertificateRecord) => boolean,
): Promise<CertificateRecord[]> {
  const records: CertificateRecord[] = [];
  for await (const record of readRecords(store)) {
    if (fits(record)) records.push(record);
  }
  return records;
}

/** `certificate list`. */
export async function listCertificates(terminal: Terminal, options: ListOptions): Promise<void> {
  const status = readStatus(options.status);
  await withApp(terminal, async ({ store }) => {
    const now = Date.now();
    const fits = (record: CertificateRecord) =>
      (status === null || record.status === status) && (options.due !== true || isReissueDue(record, now));
    const records = (await loadRecords(store.certificates, fits)).sort(compareByEnd);
    if (options.json === true) printJson(terminal, records.map(presentRow));
    else if (records.length === 0) note(terminal, 'No certificates.');
    else print(terminal, formatRecords(terminal, records));
  });
}

function readStatus(text: string | undefined): Status | null {
  if (text === undefined) return null;
  const parsed = z.enum(STATUSES).safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InputError(
    [`--status: "${text}" is not a status; known are ${STATUSES.join(', ')}`],
    'The command line',
  );
}

function isReissueDue({ nextReissueAt }: CertificateRecord, now: number): boolean {
  return nextReissueAt !== null && Date.parse(nextReissueAt) <= now;
}

/** Earliest End date first; those without one last; then by service. */
function compareByEnd(a: CertificateRecord, b: CertificateRecord): number {
  const end = ({ endDate }: CertificateRecord) =>
    endDate === null ? Number.POSITIVE_INFINITY : Date.parse(endDate);
  const [first, second] = [end(a), end(b)];
  return first === second ? a.serviceId.localeCompare(b.serviceId, 'en', { numeric: true }) : first - second;
}

/** A row of the list for programs: what a job returns, and where it stands. */
function presentRow(record: CertificateRecord) {
  const { operation, certificateIds, issuedAt, nextReissueAt, problem } = record;
  return { ...presentResult(record), operation, certificateIds, issuedAt, nextReissueAt, problem };
}

function formatRecords(terminal: Terminal, records: readonly CertificateRecord[]): string {
  const { red, green } = paint(terminal);
  const color = (status: Status) =>
    status === 'issued'
      ? green(status)
      : ['failed', 'parked', 'expired'].includes(status)
        ? red(status)
        : status;
  const rows = records.map((record) => [
    record.serviceId,
    color(record.status),
    record.commonName,
    record.type ?? record.requestedType,
    formatDay(record.endDate),
    formatDay(record.paidTill),
    formatDay(record.nextReissueAt),
    shorten(record.problem ?? '', PROBLEM_LENGTH),
  ]);
  return formatTable(
    ['service', 'status', 'common name', 'type', 'End date', 'Paid till', 'next reissue', 'problem'],
    rows,
  );
}

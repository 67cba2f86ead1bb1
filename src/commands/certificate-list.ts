import { z } from 'zod';
import type { Task } from '../certificates/agenda.js';
import type { CertificateStore } from '../certificates/ports.js';
import { presentResult } from '../certificates/present.js';
import { isFollowUp, STATUSES, type CertificateRecord, type Status } from '../certificates/record.js';
import { listTasks } from '../certificates/scan.js';
import { InputError } from '../errors.js';
import { shorten } from './format.js';
import {
  loadReadable,
  loadRecords,
  noteUnreadable,
  UNREADABLE,
  type OnUnreadable,
} from './stored-records.js';
import { withApp } from './session.js';
import { formatDay, formatTable, note, paint, print, printJson, type Terminal } from './terminal.js';

export interface ListOptions {
  due?: boolean;
  status?: string;
  json?: boolean;
}

const PROBLEM_LENGTH = 60;

/** As many as one scan takes. */
const MOST_DUE = 100_000;

const BAD: readonly string[] = ['failed', 'parked', 'expired'];

interface Row {
  record: CertificateRecord;
  /** Only where what is due was asked for. */
  due?: Task[];
}

/** `certificate list`. */
export async function listCertificates(terminal: Terminal, options: ListOptions): Promise<void> {
  const status = readStatus(options.status);
  await withApp(terminal, async ({ store }) => {
    const now = Date.now();
    const fits = (record: CertificateRecord) => status === null || record.status === status;
    const unreadable: string[] = [];
    const onUnreadable = (serviceId: string) => unreadable.push(serviceId);
    const rows: Row[] =
      options.due === true
        ? await loadDue(store.certificates, fits, now, onUnreadable)
        : (await loadRecords(store.certificates, fits, onUnreadable)).map((record) => ({ record }));
    rows.sort((a, b) => compareByEnd(a.record, b.record));
    // What cannot be read has no status that a filter could mean.
    const listed = status === null ? unreadable : [];
    if (options.json === true)
      printJson(terminal, [...rows.map(presentRow), ...listed.map(presentUnreadable)]);
    else if (rows.length + listed.length === 0) note(terminal, 'No certificates.');
    else print(terminal, formatRows(terminal, rows, listed));
    noteUnreadable(terminal, unreadable);
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

/** What the scan would take now. Reads what is due only, however many there are. */
async function loadDue(
  store: CertificateStore,
  fits: (record: CertificateRecord) => boolean,
  now: number,
  onUnreadable: OnUnreadable,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { serviceId } of await store.listDue(now, MOST_DUE)) {
    const record = (await loadReadable(store, serviceId, onUnreadable))?.record;
    const due = record === undefined ? [] : listTasks(record, now);
    if (record !== undefined && due.length > 0 && fits(record)) rows.push({ record, due });
  }
  return rows;
}

/** Earliest End date first; those without one last; then by service. */
function compareByEnd(a: CertificateRecord, b: CertificateRecord): number {
  const end = ({ endDate }: CertificateRecord) =>
    endDate === null ? Number.POSITIVE_INFINITY : Date.parse(endDate);
  const [first, second] = [end(a), end(b)];
  return first === second ? a.serviceId.localeCompare(b.serviceId, 'en', { numeric: true }) : first - second;
}

/** A row of the list for programs: what a job returns, and where it stands. */
function presentRow({ record, due }: Row) {
  const { operation, certificateIds, issuedAt, nextReissueAt, problem } = record;
  const tasks = due === undefined ? {} : { due };
  return { ...presentResult(record), operation, certificateIds, issuedAt, nextReissueAt, problem, ...tasks };
}

const presentUnreadable = (serviceId: string) => ({ serviceId, status: 'unreadable', problem: UNREADABLE });

/** The status, and what is in flight beside it. */
function formatStatus(record: CertificateRecord): string {
  const { status, operation } = record;
  return operation !== null && isFollowUp(record)
    ? `${status} (${operation.job} ${operation.state})`
    : status;
}

function formatRows(terminal: Terminal, rows: readonly Row[], unreadable: readonly string[]): string {
  const { red, green } = paint(terminal);
  const color = (record: CertificateRecord) => {
    const isBad = [record.status, record.operation?.state].some((state) => BAD.includes(state ?? ''));
    if (isBad) return red(formatStatus(record));
    return record.status === 'issued' ? green(formatStatus(record)) : formatStatus(record);
  };
  const isDue = rows.some(({ due }) => due !== undefined);
  const cells = rows.map(({ record, due }) => [
    record.serviceId,
    color(record),
    record.commonName,
    record.type ?? record.requestedType,
    formatDay(record.endDate),
    formatDay(record.paidTill),
    formatDay(record.nextReissueAt),
    ...(isDue ? [due?.join(', ') ?? ''] : []),
    shorten(record.problem ?? '', PROBLEM_LENGTH),
  ]);
  const rest = Array.from({ length: isDue ? 6 : 5 }, () => '');
  const unread = unreadable.map((id) => [
    id,
    red('unreadable'),
    ...rest,
    shorten(UNREADABLE, PROBLEM_LENGTH),
  ]);
  const head = ['service', 'status', 'common name', 'type', 'End date', 'Paid till', 'next reissue'];
  return formatTable([...head, ...(isDue ? ['due'] : []), 'problem'], [...cells, ...unread]);
}

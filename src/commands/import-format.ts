import { z } from 'zod';
import type { ImportResult } from '../certificates/import-result.js';
import { formatDay, formatTable } from './terminal.js';

/** More rows of one kind than this are for programs: `--json` has them all. */
const MOST_ROWS = 20;

const service = z.object({
  ...{ serviceId: z.string(), certificateId: z.number(), commonName: z.string(), status: z.string() },
  ...{ endDate: z.string().nullable(), paidTill: z.string().nullable() },
});
const unowned = z.object({
  ...{ certificateId: z.number(), commonName: z.string(), type: z.string(), status: z.string() },
});

const importResultSchema = z.object({
  module: z.string(),
  listed: z.number(),
  known: z.number(),
  adopted: z.array(z.object({ serviceId: z.string(), certificateId: z.number(), state: z.string() })),
  created: z.array(service),
  mapped: z.array(service),
  stock: z.array(unowned),
  foreign: z.array(unowned),
  missing: z.array(z.object({ serviceId: z.string(), certificateId: z.number(), why: z.string() })),
  problems: z.array(
    z.object({
      ...{ serviceId: z.string().nullable(), certificateId: z.number().nullable(), problem: z.string() },
    }),
  ),
});
export type ReadImportResult = z.output<typeof importResultSchema>;

/** A job's return value as that of an import; null when it is another's. */
export function readImportResult(value: unknown): ReadImportResult | null {
  return importResultSchema.safeParse(value).data ?? null;
}

/** Whether a person has to look at something. */
export function needsPerson({ missing, problems }: Pick<ImportResult, 'missing' | 'problems'>): boolean {
  return missing.length + problems.length > 0;
}

type Service = z.output<typeof service>;
type Unowned = z.output<typeof unowned>;

/** Counts in one line, then a table for each kind that needs more than a number. */
export function formatImportResult(result: ReadImportResult): string {
  const { module, listed, known, adopted, created, mapped, stock, foreign, missing, problems } = result;
  const counts = [
    `${known} known`,
    `${adopted.length} reissues by hand taken over`,
    `${mapped.length} mapped`,
    `${created.length} without a service`,
    `${stock.length} in stock`,
    `${foreign.length} foreign`,
    `${missing.length} missing`,
    `${problems.length} problems`,
  ];
  return [
    `Module ${module}: ${listed === 1 ? '1 certificate' : `${listed} certificates`} listed; ${counts.join(', ')}.`,
    formatPart('Taken over', ['service', 'certificate', 'state'], adopted, (row) => [
      ...[row.serviceId, String(row.certificateId), row.state],
    ]),
    formatServices('Mapped', mapped),
    formatServices('Without a service: map them with certificate import --map', created),
    formatUnowned('In stock: paid for, the next fitting orders take them', stock),
    formatUnowned('Foreign: nobody ordered them here, they are left alone', foreign),
    formatPart('Missing at Namecheap', ['service', 'certificate', 'why'], missing, (row) => [
      ...[row.serviceId, String(row.certificateId), row.why],
    ]),
    formatPart('Problems', ['service', 'certificate', 'what to do'], problems, (row) => [
      ...[row.serviceId ?? '–', String(row.certificateId ?? '–'), row.problem],
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function formatServices(title: string, rows: readonly Service[]): string {
  const head = ['service', 'certificate', 'name', 'status', 'End date', 'Paid till'];
  return formatPart(title, head, rows, (row) => [
    ...[row.serviceId, String(row.certificateId), row.commonName, row.status],
    ...[formatDay(row.endDate), formatDay(row.paidTill)],
  ]);
}

function formatUnowned(title: string, rows: readonly Unowned[]): string {
  return formatPart(title, ['certificate', 'type', 'name', 'status'], rows, (row) => [
    ...[String(row.certificateId), row.type, row.commonName || '–', row.status],
  ]);
}

function formatPart<T>(
  title: string,
  head: readonly string[],
  rows: readonly T[],
  format: (row: T) => string[],
): string {
  if (rows.length === 0) return '';
  const more = rows.length - MOST_ROWS;
  const rest = more > 0 ? `\n… and ${more} more: --json has them all` : '';
  return `${title}:\n${formatTable(head, rows.slice(0, MOST_ROWS).map(format))}${rest}`;
}

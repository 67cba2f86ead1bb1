import { findDuplicates, mapRowSchema, type MapRow } from '../certificates/import-request.js';
import { InputError } from '../errors.js';
import { listFaults } from '../faults.js';

const COLUMNS = ['serviceId', 'certificateId', 'paidTill'] as const;
const REQUIRED = ['serviceId', 'certificateId'];

/** A row before it is checked, and where it stands, for people. */
interface RawRow {
  place: string;
  value: unknown;
}

/**
 * The rows of a map: JSON lines, a JSON array, or CSV with a header of `serviceId,certificateId,paidTill` and without quotes,
 * which these three never need.
 * @throws InputError with every fault and its line.
 */
export function parseMapFile(text: string): MapRow[] {
  const faults: string[] = [];
  const rows: MapRow[] = [];
  const places: string[] = [];
  for (const { place, value } of readRows(text.replace(/^\uFEFF/, ''), faults)) {
    const parsed = mapRowSchema.safeParse(value);
    if (parsed.success) {
      rows.push(parsed.data);
      places.push(place);
    } else faults.push(...listFaults(parsed.error).map((fault) => `${place}: ${fault}`));
  }
  for (const { index, fault } of findDuplicates(rows)) faults.push(`${places[index] ?? ''}: ${fault}`);
  if (rows.length === 0 && faults.length === 0) faults.push('it holds no row');
  if (faults.length > 0) throw new InputError(faults.toSorted(byPlace), 'The map');
  return rows;
}

function byPlace(a: string, b: string): number {
  const readPlace = (fault: string) => Number(/^\w+ (\d+):/.exec(fault)?.[1] ?? 0);
  return readPlace(a) - readPlace(b);
}

function readRows(text: string, faults: string[]): RawRow[] {
  const start = text.trimStart();
  if (start.startsWith('[')) return readArray(text, faults);
  return start.startsWith('{') ? readJsonLines(text, faults) : readCsv(text, faults);
}

function readArray(text: string, faults: string[]): RawRow[] {
  const parsed = parseJson(text);
  if (parsed !== null && Array.isArray(parsed.value))
    return parsed.value.map((value: unknown, index) => ({ place: `row ${index + 1}`, value }));
  faults.push('it begins like a JSON array and is none: check that it was copied as a whole');
  return [];
}

function readJsonLines(text: string, faults: string[]): RawRow[] {
  return listLines(text).flatMap(({ place, line }) => {
    const parsed = parseJson(line);
    if (parsed !== null) return [{ place, value: parsed.value }];
    faults.push(
      `${place}: is not JSON; write one object a line, such as {"serviceId":"1001","certificateId":9000001}`,
    );
    return [];
  });
}

function parseJson(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

function readCsv(text: string, faults: string[]): RawRow[] {
  const [header, ...lines] = listLines(text);
  if (header === undefined) return [];
  const columns = splitLine(header.line);
  const strange = columns.filter((name) => !COLUMNS.some((column) => column === name));
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  if (strange.length > 0 || missing.length > 0 || new Set(columns).size < columns.length) {
    faults.push(
      `${header.place}: the header must name the columns serviceId,certificateId and, where known, paidTill, separated by commas; it is ${header.line.slice(0, 80)}`,
    );
    return [];
  }
  return lines.flatMap(({ place, line }) => {
    const cells = splitLine(line);
    const fault = findLineFault(line, cells.length, columns.length);
    if (fault === null) return [{ place, value: composeRow(columns, cells) }];
    faults.push(`${place}: ${fault}`);
    return [];
  });
}

function findLineFault(line: string, found: number, wanted: number): string | null {
  if (line.includes('"'))
    return 'has quotes, which this simple reader does not know: write the values without';
  return found === wanted ? null : `has ${found} values, the header ${wanted} columns`;
}

function splitLine(line: string): string[] {
  return line.split(',').map((cell) => cell.trim());
}

function composeRow(columns: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const entries = columns.map((column, index) => {
    const cell = cells[index] ?? '';
    if (column !== 'certificateId') return [column, cell] as const;
    return [column, /^\d{1,15}$/.test(cell) ? Number(cell) : cell] as const;
  });
  return Object.fromEntries(entries.filter(([column, cell]) => column !== 'paidTill' || cell !== ''));
}

/** Lines that hold something, with their numbers. */
function listLines(text: string): { place: string; line: string }[] {
  return text.split(/\r\n?|\n/).flatMap((line, index) => {
    const content = line.trim();
    return content === '' ? [] : [{ place: `line ${index + 1}`, line: content }];
  });
}

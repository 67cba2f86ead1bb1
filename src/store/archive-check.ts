import { createHash, type Hash } from 'node:crypto';
import type { z } from 'zod';
import { InputError } from '../errors.js';
import { listFaults } from '../faults.js';
import {
  accountSchema,
  ARCHIVE_VERSION,
  certificateSchema,
  endSchema,
  headerSchema,
  isBuying,
  listPurchaseIds,
  readRecord,
} from './archive-format.js';

/** A file's lines without their line feeds; it can be read several times. */
export type ArchiveSource = () => AsyncIterable<string>;

/** A file with more faults is not worth a longer list. */
const FAULTS_SHOWN = 20;

export interface CheckedArchive {
  at: string;
  certificates: number;
  accounts: number;
  /** Purchase that is under way or undecided according to the file → its service. */
  buying: ReadonlyMap<string, string>;
}

/**
 * Reads the whole file and changes nothing.
 * @throws InputError with the number of every line that is wrong, also when the file is not complete or was altered.
 */
export async function checkArchive(source: ArchiveSource): Promise<CheckedArchive> {
  const check = new Check();
  for await (const line of source()) check.read(line);
  return check.finish();
}

class Check {
  readonly #hash: Hash = createHash('sha256');
  readonly #faults: string[] = [];
  #faultCount = 0;
  #number = 0;
  #at = '';
  #end: z.output<typeof endSchema> | null = null;
  readonly #services = new Set<string>();
  readonly #accounts = new Set<string>();
  readonly #buying = new Map<string, string>();

  read(text: string): void {
    this.#number += 1;
    const value = readJson(text);
    if (this.#number === 1) this.#readHeader(value);
    else if (this.#end !== null) this.#fault('stands after the end of the export; remove it');
    else if (value === null) this.#fault('is not a JSON document; export again');
    else this.#readLine(value);
    if (this.#end === null) this.#hash.update(`${text}\n`);
  }

  /** A file of another kind is refused at once: its lines mean nothing. */
  #readHeader(value: object | null): void {
    const header = headerSchema.safeParse(value);
    if (!header.success)
      throw refuse(['line 1: is not the beginning of an export; give a file of certificate export']);
    const { at, version } = header.data;
    if (version !== ARCHIVE_VERSION)
      throw refuse([
        `line 1: the export has version ${version}, this program reads version ${ARCHIVE_VERSION}`,
      ]);
    this.#at = at;
  }

  #readLine(value: object): void {
    const kind: unknown = Reflect.get(value, 'kind');
    if (kind === 'certificate') this.#readCertificate(value);
    else if (kind === 'account') this.#readAccount(value);
    else if (kind === 'end') this.#end = this.#parse(endSchema, value);
    else this.#fault('kind: give one of certificate, account, end');
  }

  #readCertificate(value: object): void {
    const line = this.#parse(certificateSchema, value);
    if (line === null) return;
    if (this.#services.has(line.serviceId))
      this.#fault(`serviceId: ${line.serviceId} stands in an earlier line`);
    this.#services.add(line.serviceId);
    if (!isBuying(readRecord(line.fields.record))) return;
    for (const id of listPurchaseIds(line.fields)) this.#buying.set(id, line.serviceId);
  }

  #readAccount(value: object): void {
    const line = this.#parse(accountSchema, value);
    if (line !== null) this.#accounts.add(line.account);
  }

  #parse<T>(schema: z.ZodType<T>, value: unknown): T | null {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const fault of listFaults(parsed.error)) this.#fault(fault);
    return null;
  }

  #fault(text: string): void {
    this.#faultCount += 1;
    if (this.#faultCount <= FAULTS_SHOWN) this.#faults.push(`line ${this.#number}: ${text}`);
  }

  finish(): CheckedArchive {
    const faults = [...this.#faults];
    if (this.#faultCount > faults.length) faults.push(`and ${this.#faultCount - faults.length} more faults`);
    if (faults.length === 0) faults.push(...this.#listEndFaults());
    if (faults.length > 0) throw refuse(faults);
    const [certificates, accounts] = [this.#services.size, this.#accounts.size];
    return { at: this.#at, certificates, accounts, buying: this.#buying };
  }

  #listEndFaults(): string[] {
    if (this.#end === null)
      return [
        `line ${this.#number + 1}: the end of the export is missing, the file was cut off; give a complete one`,
      ];
    const isWhole =
      this.#end.sha256 === this.#hash.digest('hex') &&
      this.#end.lines === this.#number - 1 &&
      this.#end.certificates === this.#services.size &&
      this.#end.accounts === this.#accounts.size;
    if (isWhole) return [];
    return [
      `line ${this.#number}: counts or checksum do not fit the lines before, so some were altered; give the file as it was exported`,
    ];
  }
}

function readJson(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function refuse(faults: readonly string[]): InputError {
  return new InputError(faults, 'The export');
}

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { HistoryEntry } from '../certificates/present.js';
import type { CertificateRecord } from '../certificates/record.js';
import {
  decodeValue,
  encodeValue,
  isBuying,
  LEASE_FIELDS,
  readRecord,
  tryToReadRecord,
  type ArchiveValue,
  type CertificateLine,
} from './archive-format.js';
import { readTogether, type RawService } from './archive-read.js';
import { RESTORE_SERVICE } from './archive-scripts.js';
import { indexErrands, indexScores } from './commit.js';
import { runScript } from './script.js';
import type { Store } from './store.js';

/** A worker may change a service between our look and our write: look again, so often. */
const TRIES = 3;

/** What became of one service. `different`: the store knows it with other values, and keeps them. */
export type ServiceOutcome =
  { kind: 'restored' | 'identical' | 'replaced' } | { kind: 'different' | 'conflict'; why: string };

export interface WriteOptions {
  isReplacing: boolean;
  /** The wall clock, ms. */
  now: number;
  /** Services whose unsettled purchase has no lane in the store. */
  laneless: ReadonlySet<string>;
}

const answerSchema = z.tuple([z.enum(['written', 'changed', 'claimed', 'bought'])], z.string());

/** Writes services of a file, each whole or not at all; never over one that differs unless it is to be replaced. */
export async function writeServices(
  store: Store,
  lines: readonly CertificateLine[],
  options: WriteOptions,
): Promise<ServiceOutcome[]> {
  const ids = lines.map(({ serviceId }) => serviceId);
  const { services } = await readTogether(store.redis, store.keys, ids);
  return await Promise.all(
    lines.map((line, index) => writeService(store, line, services[index] ?? null, options)),
  );
}

async function writeService(
  store: Store,
  line: CertificateLine,
  seen: RawService | null,
  options: WriteOptions,
  tries = TRIES,
): Promise<ServiceOutcome> {
  const stored = seen !== null && Object.keys(seen.fields).length > 0 ? seen : null;
  const refusal = judge(line, stored, options);
  if (refusal !== null) return refusal;
  const service = compose(line, stored, options.now);
  const raw = await runScript(store.redis, RESTORE_SERVICE, listKeys(store, service.record), service.args);
  const [verdict, first = '', second = ''] = answerSchema.parse(raw);
  switch (verdict) {
    case 'written':
      return { kind: stored === null ? 'restored' : 'replaced' };
    case 'claimed':
      return { kind: 'conflict', why: `its certificate ${first} belongs to service ${second} here` };
    case 'bought':
      return { kind: 'conflict', why: `${first} is another purchase here` };
    case 'changed': {
      if (tries <= 1)
        return { kind: 'conflict', why: 'a worker is changing it; stop the workers, restore again' };
      const again = await readTogether(store.redis, store.keys, [line.serviceId]);
      return await writeService(store, line, again.services[0] ?? null, options, tries - 1);
    }
  }
}

/** Why a service is not written; null when it is. */
function judge(
  line: CertificateLine,
  stored: RawService | null,
  { isReplacing, laneless }: WriteOptions,
): ServiceOutcome | null {
  if (stored === null) {
    return laneless.has(line.serviceId)
      ? { kind: 'conflict', why: 'its purchase is under way, but another one holds its lane here' }
      : null;
  }
  if (isDeepStrictEqual(simplify(line.fields), simplify(stored.fields))) return { kind: 'identical' };
  const record = readRecord(line.fields.record);
  const known = tryToReadRecord(stored.fields['record']);
  if (!isReplacing) return { kind: 'different', why: describeDifference(record, known, stored) };
  // A purchase under way belongs to lane and record together: replacing one of them would leave it without an end.
  if (isBuying(record) || (known !== null && isBuying(known)))
    return {
      kind: 'conflict',
      why: 'a purchase is under way or undecided; it can be replaced once that is settled',
    };
  return null;
}

function describeDifference(
  record: CertificateRecord,
  known: CertificateRecord | null,
  stored: RawService,
): string {
  const here = known === null ? 'cannot be read' : known.status;
  return `here ${here} (version ${stored.fields['version'] ?? '?'}), in the file ${record.status} (version ${record.version})`;
}

/** What must be equal for two services to be the same: everything but the lease and how often it was saved. */
function simplify(fields: Readonly<Record<string, ArchiveValue>>): Record<string, unknown> {
  const kept = Object.entries(fields).filter(([name]) => name !== 'version' && !LEASE_FIELDS.has(name));
  return Object.fromEntries(
    kept.map(([name, value]) => {
      const plain = typeof value === 'string' ? encodeValue(value) : value;
      return [name, name === 'record' && typeof plain === 'object' ? { ...plain, version: 0 } : plain];
    }),
  );
}

/** The service as it is to be stored, for the script. */
function compose(line: CertificateLine, stored: RawService | null, now: number) {
  const known = stored === null ? null : tryToReadRecord(stored.fields['record']);
  const { record, fields, history } = stored === null ? copy(line) : raise(line, stored, known, now);
  const head = JSON.stringify({
    id: record.serviceId,
    expect: stored?.fields['version'] ?? '',
    ...indexScores(record),
    errands: indexErrands(known, record),
    module: record.module,
    // An unreadable record was counted for a module that we do not know: leave the count alone.
    oldModule: stored === null ? '' : (known?.module ?? record.module),
    purchaseKey: record.purchase?.key ?? '',
    purchaseId: record.purchase?.id ?? '',
    certificateIds: listCertificateIds(record),
  });
  return { record, args: [head, Object.keys(fields).length, ...Object.entries(fields).flat(), ...history] };
}

function copy(line: CertificateLine) {
  const { record, ...others } = line.fields;
  const fields: Record<string, string> = { record: decodeValue(record) };
  for (const [name, value] of Object.entries(others))
    if (value !== undefined) fields[name] = decodeValue(value);
  return { record: readRecord(record), fields, history: line.history.map(decodeValue) };
}

/** The copy with a version that no worker has seen; its history says where it came from. */
function raise(line: CertificateLine, stored: RawService, known: CertificateRecord | null, now: number) {
  const { record, fields, history } = copy(line);
  const version = Math.max(record.version, Number(stored.fields['version']) || 0) + 1;
  const raised = { ...record, version };
  const entry: HistoryEntry = {
    at: new Date(now).toISOString(),
    from: known?.status ?? null,
    to: record.status,
    cause: 'replaced from an export by certificate restore --replace',
  };
  return {
    record: raised,
    fields: { ...fields, version: String(version), record: JSON.stringify(raised) },
    history: [...history, JSON.stringify(entry)],
  };
}

function listCertificateIds({ certificateId, certificateIds }: CertificateRecord): string[] {
  const ids = new Set(certificateId === null ? certificateIds : [...certificateIds, certificateId]);
  return [...ids].map(String);
}

function listKeys({ keys }: Store, { serviceId, account }: CertificateRecord): string[] {
  return [
    ...[keys.certificate(serviceId), keys.history(serviceId), keys.open, keys.due],
    ...[keys.services, keys.moduleUses],
    ...['claims', 'purchases', 'gate', 'foreign'].map((what) => keys.account(account, what)),
    keys.errands,
  ];
}

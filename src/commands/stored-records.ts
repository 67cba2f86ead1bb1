import { UnreadableRecordError } from '../certificates/errors.js';
import type { CertificateStore, Stored } from '../certificates/ports.js';
import type { CertificateRecord } from '../certificates/record.js';
import { note, type Terminal } from './terminal.js';

/** More ids are not worth a longer line. */
const IDS_NAMED = 20;

/** Told of every service whose record this version cannot read; the others are read nevertheless. */
export type OnUnreadable = (serviceId: string) => void;

/** The service; null when there is none, or it cannot be read. */
export async function loadReadable(
  store: CertificateStore,
  serviceId: string,
  onUnreadable: OnUnreadable,
): Promise<Stored | null> {
  try {
    return await store.load(serviceId);
  } catch (error) {
    if (!(error instanceof UnreadableRecordError)) throw error;
    onUnreadable(serviceId);
    return null;
  }
}

/** Every record once. Loaded in the batches that Redis gives out, so that the connection is never flooded. */
export async function* readRecords(
  store: CertificateStore,
  onUnreadable: OnUnreadable,
): AsyncIterable<CertificateRecord> {
  // Redis may give out an id twice while the set grows.
  const seen = new Set<string>();
  for await (const ids of store.listServiceIds()) {
    const fresh = [...new Set(ids)].filter((id) => !seen.has(id));
    for (const id of fresh) seen.add(id);
    for (const stored of await Promise.all(fresh.map((id) => loadReadable(store, id, onUnreadable)))) {
      if (stored !== null) yield stored.record;
    }
  }
}

/** Every record that fits. */
export async function loadRecords(
  store: CertificateStore,
  fits: (record: CertificateRecord) => boolean,
  onUnreadable: OnUnreadable,
): Promise<CertificateRecord[]> {
  const records: CertificateRecord[] = [];
  for await (const record of readRecords(store, onUnreadable)) {
    if (fits(record)) records.push(record);
  }
  return records;
}

/** Says on stderr what was left out; nothing when everything was read. */
export function noteUnreadable(terminal: Terminal, serviceIds: readonly string[]): void {
  if (serviceIds.length === 0) return;
  const named = serviceIds.slice(0, IDS_NAMED).join(', ');
  const more = serviceIds.length > IDS_NAMED ? ` and ${serviceIds.length - IDS_NAMED} more` : '';
  note(terminal, `Left out, for ${UNREADABLE}: ${named}${more}`);
}

/** What a person has to know and do. */
export const UNREADABLE =
  'the record cannot be read by this version: upgrade, or restore it from an export (certificate restore --replace)';

import { z } from 'zod';
import { readFlightId, type CertificateRecord, type Flight } from '../certificates/record.js';
import { describeIssue } from '../faults.js';
import { historySchema, pemSchema, purchaseSchema, recordSchema, requestSchema } from './schemas.js';

/** The version of the file's format that this program writes and reads. */
export const ARCHIVE_VERSION = 1;

/** Belongs to whoever works on the record at the moment, not to the record. */
export const LEASE_FIELDS: ReadonlySet<string> = new Set(['lease', 'leaseUntil']);

/** A stored text as it stands in the file: JSON documents as such, so that people can read them. */
export type ArchiveValue = string | object;

/**
 * The stored text for the file. It becomes JSON only when writing that JSON gives the very same text again; so
 * {@link decodeValue} restores every value byte by byte.
 */
export function encodeValue(raw: string): ArchiveValue {
  if (!/^[[{]/.test(raw)) return raw;
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'object' && value !== null && JSON.stringify(value) === raw ? value : raw;
  } catch {
    return raw;
  }
}

/** The text as it was stored. */
export function decodeValue(value: ArchiveValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

/** Objects are taken as they are: a schema's copy could lose what a newer version added. */
const value = z.union(
  [z.string(), z.custom<object>(isObject)],
  'give the value as it was exported, a text or JSON',
);

/** What the stored text must be once it is read. */
function stored(schema: z.ZodType) {
  return value.superRefine((found, context) => {
    const parsed = schema.safeParse(readJson(decodeValue(found)));
    for (const issue of parsed.error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [...issue.path], message: describeIssue(issue) });
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const headerSchema = z.looseObject({
  kind: z.literal('pmnamecheap-export'),
  version: z.number(),
  at: z.string(),
  prefix: z.string(),
});

const fieldsSchema = z
  .object({
    version: z.string(),
    status: z.string(),
    record: stored(recordSchema),
    request: stored(requestSchema),
    pem: stored(pemSchema).optional(),
  })
  .catchall(value);

export const certificateSchema = z
  .strictObject({
    kind: z.literal('certificate'),
    serviceId: z.string().min(1),
    fields: fieldsSchema,
    history: z.array(stored(historySchema)),
  })
  .superRefine(({ serviceId, fields }, context) => {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['fields', path], message });
    for (const name of Object.keys(fields))
      if (LEASE_FIELDS.has(name)) fault(name, 'is a lease, which is never exported; remove it');
    const record = tryToReadRecord(fields.record);
    const request = requestSchema.safeParse(readJson(decodeValue(fields.request)));
    // Said already, with what is wrong in them.
    if (record === null || !request.success) return;
    for (const [path, owner] of Object.entries({ record: record.serviceId, request: request.data.serviceId }))
      if (owner !== serviceId) fault(path, `belongs to service ${owner}, the line to ${serviceId}`);
    if (fields.version !== String(record.version)) fault('version', 'differs from the version in the record');
    if (fields.status !== record.status) fault('status', 'differs from the status in the record');
  });
export type CertificateLine = z.output<typeof certificateSchema>;

/** The record of a checked line. */
export function readRecord(raw: ArchiveValue): CertificateRecord {
  return recordSchema.parse(JSON.parse(decodeValue(raw)));
}

/** As {@link readRecord}; null when this version cannot read it, or there is none. */
export function tryToReadRecord(raw: ArchiveValue | undefined): CertificateRecord | null {
  return recordSchema.safeParse(readJson(decodeValue(raw ?? ''))).data ?? null;
}

const purchases = z.record(z.string(), stored(purchaseSchema));
const texts = z.record(z.string(), z.string());
const scores = z.record(z.string(), z.number());
const stock = z.looseObject({
  product: z.string(),
  type: z.string(),
  years: z.number(),
  sansToAdd: z.number(),
});
const ledgerEntry = z.looseObject({ certificateId: z.number(), at: z.number() });

/** What money depends on, by the name of its key; see purchase-scripts.ts for their meaning. */
const ACCOUNT_PARTS = {
  lanes: purchases,
  purchases,
  'not-made': purchases,
  claims: texts,
  stock: z.record(z.string(), stored(stock)),
  foreign: texts,
  ledger: z.record(z.string(), stored(ledgerEntry)),
  balance: z.strictObject({ amount: z.string(), at: z.string() }),
  spend: scores,
  begun: scores,
} as const;
export type AccountPart = keyof typeof ACCOUNT_PARTS;

const accountPart = z.enum(Object.keys(ACCOUNT_PARTS) as [AccountPart, ...AccountPart[]]);

/** Sorted sets; all others are hashes. */
export const SORTED_PARTS: ReadonlySet<AccountPart> = new Set(['spend', 'begun']);

export const accountSchema = z
  .strictObject({
    kind: z.literal('account'),
    account: z.string().regex(/^[\w.-]{1,64}$/, 'give the account id as it was exported'),
    part: accountPart,
    entries: z.record(z.string(), z.union([value, z.number()])),
  })
  .superRefine(({ part, entries }, context) => {
    const parsed = ACCOUNT_PARTS[part].safeParse(entries);
    for (const { path, message } of parsed.error?.issues ?? [])
      context.addIssue({ code: 'custom', path: ['entries', ...path], message });
  });
export type AccountLine = z.output<typeof accountSchema>;

export const endSchema = z.strictObject({
  kind: z.literal('end'),
  certificates: z.number(),
  accounts: z.number(),
  lines: z.number(),
  /** Of all lines before, each with its line feed. */
  sha256: z.string(),
});

const CALLING: ReadonlySet<string> = new Set(['purchasing', 'purchase-unclear']);

/** Whether a charged call of this service may be under way or unanswered, or is for a person to decide: then its lane may be held. */
export function isBuying(record: CertificateRecord): boolean {
  const { status, closedFrom, operation } = record;
  const own = [status, closedFrom, operation?.state ?? null];
  if (own.some((state) => state !== null && CALLING.has(state))) return true;
  const isParked = own.includes('parked') && record.purchase !== null && readFlightId(record) === null;
  return isParked || holdsUndecided(record.shelved);
}

function holdsUndecided(flight: Flight | null | undefined): boolean {
  if (flight === null || flight === undefined) return false;
  const { operation, purchase, under } = flight;
  const isParked = operation.state === 'parked' && purchase !== null && operation.certificateId === null;
  return isParked || holdsUndecided(under);
}

/** Ids of all purchases that the stored fields mention, wherever in them. */
export function listPurchaseIds(fields: Readonly<Record<string, ArchiveValue>>): Set<string> {
  const found = new Set<string>();
  const look = (one: unknown): void => {
    if (typeof one !== 'object' || one === null) return;
    const purchase = purchaseSchema.safeParse(one);
    if (purchase.success) found.add(purchase.data.id);
    for (const inner of Object.values(one)) look(inner);
  };
  for (const field of Object.values(fields)) look(typeof field === 'string' ? readJson(field) : field);
  return found;
}

import { randomUUID } from 'node:crypto';
import { computeNextScan } from '../certificates/agenda.js';
import { presentSnapshot, type HistoryEntry, type Pem } from '../certificates/present.js';
import type { Change } from '../certificates/ports.js';
import { isFollowUp, RING_GRACE_MS, type CertificateRecord } from '../certificates/record.js';
import type { CertificateEvent } from '../events.js';
import { nameMember } from './errand-index.js';
import type { Keys } from './keys.js';

/** The stream keeps about this many events; a reader that is further behind lists the certificates instead. */
const EVENTS_KEPT = 100_000;

/** A certificate's history keeps its newest entries. */
const HISTORY_KEPT = 500;

/** An errand that waits keeps the time at which it is rung again: every save would reset it else. */
export const ERRANDS_LUA = `
local function indexErrands(key, errands)
  for _, member in ipairs(errands.gone) do redis.call('ZREM', key, member) end
  for _, one in ipairs(errands.waiting) do redis.call('ZADD', key, 'NX', one.at, one.member) end
end`;

/**
 * The Lua every script starts with: `check(c)` compares version and lease and changes nothing, `write(c)` saves
 * record, indexes, history and event together. KEYS 1–7 are always those of {@link commitKeys}.
 */
export const COMMIT_LUA = `${ERRANDS_LUA}
local function clock()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function check(c)
  local version = redis.call('HGET', KEYS[1], 'version')
  if c.expect == '' then
    if version then return 'exists' end
  elseif not version then
    return 'missing'
  elseif version ~= c.expect then
    return 'version'
  end
  if c.lease ~= '' and redis.call('HGET', KEYS[1], 'lease') ~= c.lease then return 'lease' end
  return 'ok'
end
local function write(c)
  redis.call('HSET', KEYS[1], 'version', c.version, 'status', c.status, 'record', c.record)
  if c.request ~= '' then redis.call('HSET', KEYS[1], 'request', c.request) end
  if c.draft == '-' then redis.call('HDEL', KEYS[1], 'draft')
  elseif c.draft ~= '' then redis.call('HSET', KEYS[1], 'draft', c.draft) end
  if c.pem ~= '' then redis.call('HSET', KEYS[1], 'pem', c.pem) end
  redis.call('RPUSH', KEYS[2], c.history)
  redis.call('LTRIM', KEYS[2], -${HISTORY_KEPT}, -1)
  if c.open ~= '' then redis.call('ZADD', KEYS[3], c.open, c.id) else redis.call('ZREM', KEYS[3], c.id) end
  if c.due ~= '' then redis.call('ZADD', KEYS[4], c.due, c.id) else redis.call('ZREM', KEYS[4], c.id) end
  if c.event ~= '' then redis.call('XADD', KEYS[5], 'MAXLEN', '~', ${EVENTS_KEPT}, '*', 'event', c.event) end
  redis.call('SADD', KEYS[6], c.id)
  indexErrands(KEYS[7], c.errands)
end
`;

/** KEYS 1–7 of every script that commits a record. */
export function commitKeys(keys: Keys, serviceId: string): string[] {
  return [
    keys.certificate(serviceId),
    keys.history(serviceId),
    keys.open,
    keys.due,
    keys.events,
    keys.services,
    keys.errands,
  ];
}

export interface CommitInput {
  /** The record as it must still be stored; null when it must not exist yet. */
  before: CertificateRecord | null;
  after: CertificateRecord;
  change: Change;
  now: number;
}

/** The record with its next version, and the JSON argument for {@link COMMIT_LUA}. Numbers travel as strings: Lua would round them. */
export function composeCommit(input: CommitInput): { record: CertificateRecord; argument: string } {
  const { before, change } = input;
  const record = { ...input.after, version: (before?.version ?? 0) + 1 };
  const at = new Date(input.now).toISOString();
  const { operation } = record;
  const history: HistoryEntry = {
    ...{ at, from: before?.status ?? null, to: record.status, cause: change.cause },
    ...(operation !== null && isFollowUp(record) ? { operation: `${operation.job} ${operation.state}` } : {}),
  };
  const argument = {
    id: record.serviceId,
    expect: before === null ? '' : String(before.version),
    lease: change.lease ?? '',
    version: String(record.version),
    status: record.status,
    record: JSON.stringify(record),
    request: change.request === undefined ? '' : JSON.stringify(change.request),
    draft: change.draft === undefined ? '' : change.draft === null ? '-' : JSON.stringify(change.draft),
    pem: change.pem === undefined ? '' : JSON.stringify(change.pem),
    ...indexScores(record),
    errands: indexErrands(before, record),
    history: JSON.stringify(history),
    event:
      change.event === undefined
        ? ''
        : JSON.stringify(composeEvent(change.event, record, change.pem ?? null, at)),
  };
  return { record, argument: JSON.stringify(argument) };
}

/** Where the record stands in the time indexes; '' for nowhere. */
export function indexScores(record: CertificateRecord): { open: string; due: string } {
  const dueAt = computeNextScan(record);
  return {
    open: record.nextActionAt === null ? '' : String(record.nextActionAt),
    due: dueAt === null ? '' : String(dueAt),
  };
}

/** Members of the index of errands, each with the time at which it is rung first: those that wait, and those that wait no more. */
export function indexErrands(before: CertificateRecord | null, after: CertificateRecord) {
  const waiting = after.errands.map(({ job, id, at }) => ({
    member: nameMember({ serviceId: after.serviceId, job, id }),
    at: String(Date.parse(at) + RING_GRACE_MS),
  }));
  const former = before?.errands ?? [];
  const gone = former
    .map(({ job, id }) => nameMember({ serviceId: after.serviceId, job, id }))
    .filter((member) => waiting.every((one) => one.member !== member));
  return { waiting, gone };
}

function composeEvent(
  type: CertificateEvent['type'],
  record: CertificateRecord,
  pem: Pem | null,
  at: string,
): CertificateEvent {
  const data = presentSnapshot(record, pem);
  return { id: randomUUID(), type, at, serviceId: record.serviceId, module: record.module, data };
}

import { z } from 'zod';
import { StaleRecordError, UnreadableRecordError } from '../certificates/errors.js';
import type { OrderPayload } from '../certificates/order-payload.js';
import type {
  CertificateStore,
  Change,
  OpenService,
  LeaseAnswer,
  Step,
  Stored,
  WaitingErrand,
} from '../certificates/ports.js';
import type { HistoryEntry } from '../certificates/present.js';
import type { CertificateRecord } from '../certificates/record.js';
import { COMMIT_LUA, commitKeys, composeCommit } from './commit.js';
import type { RedisClient } from './connection.js';
import { nameMember, readMember } from './errand-index.js';
import type { Keys } from './keys.js';
import { placeAnew } from './placing.js';
import { historySchema, pemSchema, recordSchema, requestSchema } from './schemas.js';
import { defineScript, runScript } from './script.js';
import { readStored } from './stored-value.js';

const SAVE = defineScript(`${COMMIT_LUA}
local c = cjson.decode(ARGV[1])
local verdict = check(c)
if verdict == 'ok' then
  write(c)
  -- pcall: a count that cannot be read must not end the step in its middle.
  if c.expect == '' then redis.pcall('HINCRBY', KEYS[8], ARGV[2], 1) end
end
return verdict`);

/** A lease that ran out may be taken by anybody; ours may be prolonged. The server's clock decides. */
const LEASE = defineScript(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'lease', 'leaseUntil', 'version')
if not held[3] then return -1 end
if held[1] and held[1] ~= ARGV[1] and tonumber(held[2]) > now then return tonumber(held[2]) - now end
redis.call('HSET', KEYS[1], 'lease', ARGV[1], 'leaseUntil', string.format('%.0f', now + ARGV[2]))
return 0`);

const RELEASE = defineScript(`
if redis.call('HGET', KEYS[1], 'lease') == ARGV[1] then redis.call('HDEL', KEYS[1], 'lease', 'leaseUntil') end
return 0`);

/** KEYS: a time index. ARGV: service id, the score that was seen, the new one ('' takes it out). */
const CLAIM = defineScript(`
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
if ARGV[3] == '' then redis.call('ZREM', KEYS[1], ARGV[1]) else redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1]) end
return 1`);

const saveAnswer = z.enum(['ok', 'exists', 'version', 'lease', 'missing']);

/** {@link CertificateStore} on Redis: one hash per service, its history beside it, two time indexes. */
export class RedisCertificateStore implements CertificateStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #now: () => number;

  constructor(redis: RedisClient, keys: Keys, now: () => number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
  }

  async load(serviceId: string): Promise<Stored | null> {
    const [record, request, draft, pem] = await this.#redis.hmget(
      this.#keys.certificate(serviceId),
      'record',
      'request',
      'draft',
      'pem',
    );
    if (!record || !request) return null;
    try {
      return {
        record: recordSchema.parse(JSON.parse(record)),
        request: requestSchema.parse(JSON.parse(request)),
        draft: draft ? requestSchema.parse(JSON.parse(draft)) : null,
        pem: pem ? pemSchema.parse(JSON.parse(pem)) : null,
      };
    } catch (error) {
      throw new UnreadableRecordError(serviceId, error);
    }
  }

  async create(record: CertificateRecord, request: OrderPayload, change: Change): Promise<boolean> {
    return (await this.#commit(null, record, { ...change, request })).answer === 'ok';
  }

  async save(step: Step): Promise<CertificateRecord> {
    const { answer, record } = await this.#commit(step.before, step.after, step.change);
    if (answer === 'ok') return record;
    throw new StaleRecordError(record.serviceId, answer === 'exists' ? 'version' : answer);
  }

  async #commit(before: CertificateRecord | null, after: CertificateRecord, change: Change) {
    const { record, argument } = composeCommit({ before, after, change, now: this.#now() });
    const keys = [...commitKeys(this.#keys, record.serviceId), this.#keys.moduleUses];
    const answer = saveAnswer.parse(await runScript(this.#redis, SAVE, keys, [argument, record.module]));
    return { answer, record };
  }

  async lease(serviceId: string, token: string, durationMs: number): Promise<LeaseAnswer> {
    const answer = await runScript(
      this.#redis,
      LEASE,
      [this.#keys.certificate(serviceId)],
      [token, durationMs],
    );
    const remainingMs = z.number().parse(answer);
    if (remainingMs < 0) throw new StaleRecordError(serviceId, 'missing');
    return remainingMs === 0 ? { isHeld: true } : { isHeld: false, remainingMs };
  }

  async release(serviceId: string, token: string): Promise<void> {
    await runScript(this.#redis, RELEASE, [this.#keys.certificate(serviceId)], [token]);
  }

  async readHistory(serviceId: string): Promise<HistoryEntry[]> {
    const entries = await this.#redis.lrange(this.#keys.history(serviceId), 0, -1);
    return entries.map((entry) => readStored(historySchema, entry, `The history of ${serviceId}`));
  }

  async listOpen(now: number, limit: number): Promise<OpenService[]> {
    return await this.#listIndex(this.#keys.open, now, limit);
  }

  async listDue(now: number, limit: number): Promise<OpenService[]> {
    return await this.#listIndex(this.#keys.due, now, limit);
  }

  async listErrands(now: number, limit: number): Promise<WaitingErrand[]> {
    const rows = await this.#listIndex(this.#keys.errands, now, limit);
    return rows.map(({ serviceId: member, dueAt }) => ({ ...readMember(member), dueAt }));
  }

  async claimErrand({ dueAt, ...errand }: WaitingErrand, until: number | null): Promise<boolean> {
    return await this.#claim(this.#keys.errands, { serviceId: nameMember(errand), dueAt }, until);
  }

  async postponeErrand(errand: Omit<WaitingErrand, 'dueAt'>, until: number): Promise<void> {
    await this.#redis.zadd(this.#keys.errands, 'XX', until, nameMember(errand));
  }

  async #listIndex(key: string, now: number, limit: number): Promise<OpenService[]> {
    const rows = await this.#redis.zrangebyscore(key, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit);
    return rows.flatMap((serviceId, index) =>
      index % 2 === 0 ? [{ serviceId, dueAt: Number(rows[index + 1]) }] : [],
    );
  }

  async claimOpen(seen: OpenService, until: number): Promise<boolean> {
    return await this.#claim(this.#keys.open, seen, until);
  }

  async claimDue(seen: OpenService, until: number | null): Promise<boolean> {
    return await this.#claim(this.#keys.due, seen, until);
  }

  async #claim(key: string, { serviceId, dueAt }: OpenService, until: number | null): Promise<boolean> {
    return (await runScript(this.#redis, CLAIM, [key], [serviceId, dueAt, until ?? ''])) === 1;
  }

  async postpone(serviceId: string, until: number): Promise<void> {
    // XX: a service that finished meanwhile must not come back into the index.
    await this.#redis.zadd(this.#keys.open, 'XX', until, serviceId);
  }

  async placeAnew(limit: number): Promise<{ moved: number; unreadable: string[] }> {
    return await placeAnew(this.#redis, this.#keys, limit);
  }

  async *listServiceIds(): AsyncIterable<string[]> {
    let cursor = '0';
    do {
      const [next, batch] = await this.#redis.sscan(this.#keys.services, cursor, 'COUNT', 500);
      cursor = next;
      yield batch;
    } while (cursor !== '0');
  }
}

import { z } from 'zod';
import type { GateState, GateStore, SurveyProgress, SurveyRow, Twin } from '../certificates/gate-ports.js';
import type { RedisClient } from './connection.js';
import { FINISH_SURVEY, GATE_KEYS, LOOK, NOTE_ROWS, NOTE_TOLD, READ_SERVER } from './gate-scripts.js';
import type { Keys } from './keys.js';
import { runScript } from './script.js';
import { readStored } from './stored-value.js';

const answerSchema = z.tuple([z.enum(['open', 'unread', 'undecided', 'empty'])]).rest(z.string());
const progressSchema = z.object({ server: z.string(), startedAt: z.number(), nextPage: z.number() });

function readTwin(id: string, keeper: string): Twin | null {
  return id === '' ? null : { certificateId: Number(id), keptAs: keeper === '' ? null : keeper };
}

function sortIds(ids: readonly string[]): number[] {
  return ids.map(Number).sort((a, b) => a - b);
}

function toNumber(text: string): number | null {
  return text === '' ? null : Number(text);
}

/** {@link GateStore} on Redis. */
export class RedisGateStore implements GateStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #now: () => number;
  /** An empty database is not a new one: promised by PMNAMECHEAP_EXPECT_DATA, or this process has seen its books. */
  #isDataPromised: boolean;

  constructor(redis: RedisClient, keys: Keys, now: () => number, isDataPromised: boolean) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
    this.#isDataPromised = isDataPromised;
  }

  async look(account: string, commonName: string, serviceId: string): Promise<GateState> {
    const keys = [...this.#nameKeys(account), this.#keys.data];
    const args = [commonName, serviceId, this.#isDataPromised ? '1' : ''];
    const [kind, ...rest] = answerSchema.parse(await runScript(this.#redis, LOOK, keys, args));
    const [first = '', second = '', third = '', fourth = ''] = rest;
    switch (kind) {
      case 'open':
        this.#isDataPromised = true;
        return {
          ...{ kind, hasLost: first === '1', since: toNumber(third) },
          twin: readTwin(second, fourth),
        };
      case 'unread':
        return { kind, since: toNumber(first), isLoss: second === '1' };
      case 'undecided':
        return { kind, twin: readTwin(first, second), certificateIds: sortIds(rest.slice(2)) };
      case 'empty':
        return { kind };
    }
  }

  async peek(account: string): ReturnType<GateStore['peek']> {
    const gate = await this.#redis.hgetall(this.#keys.account(account, 'gate'));
    if (gate['empty'] !== undefined) return { kind: 'empty' };
    const ids = Object.keys(gate).flatMap((field) => (field.startsWith('u:') ? [field.slice(2)] : []));
    if (ids.length === 0) return null;
    const places = await Promise.all(
      ['claims', 'stock', 'foreign'].map((what) =>
        this.#redis.hmget(this.#keys.account(account, what), ...ids),
      ),
    );
    const open = ids.filter((_, index) => places.every((place) => (place[index] ?? null) === null));
    return open.length === 0 ? null : { kind: 'undecided', certificateIds: sortIds(open), twin: null };
  }

  async listStock(account: string): Promise<number[]> {
    return (await this.#redis.hkeys(this.#keys.account(account, 'stock'))).map(Number);
  }

  async readServer(): Promise<string> {
    // A key, so that a Cluster asks the node that holds our slot.
    return z.string().parse(await runScript(this.#redis, READ_SERVER, [this.#keys.data], []));
  }

  async readProgress(account: string): Promise<SurveyProgress | null> {
    const raw = await this.#redis.get(this.#keys.account(account, 'survey'));
    return raw === null ? null : readStored(progressSchema, raw, `The survey of account ${account}`);
  }

  async noteRows(
    account: string,
    module: string,
    rows: readonly SurveyRow[],
    progress: SurveyProgress | null,
  ): Promise<void> {
    const keys = [...this.#nameKeys(account), this.#keys.events, this.#keys.account(account, 'survey')];
    // Numbers travel as texts: Lua would print a large one in exponent form.
    const told = rows.map(({ certificateId, commonName, state, endsAt }) => ({
      ...{ id: String(certificateId), name: commonName, state },
      ...(endsAt === null ? {} : { endsAt: String(endsAt) }),
    }));
    const args = [
      ...[module, account, new Date(this.#now()).toISOString(), JSON.stringify(told)],
      progress === null ? '' : JSON.stringify(progress),
    ];
    await runScript(this.#redis, NOTE_ROWS, keys, args);
  }

  async finish(
    account: string,
    { server, startedAt, isByPerson }: { server: string; startedAt: number; isByPerson: boolean },
  ): Promise<void> {
    const args = [server, startedAt, isByPerson ? '1' : ''];
    await runScript(this.#redis, FINISH_SURVEY, this.#nameKeys(account), args);
  }

  async noteTold(account: string, text: string): Promise<boolean> {
    return (await runScript(this.#redis, NOTE_TOLD, [this.#keys.account(account, 'gate')], [text])) === 1;
  }

  /**
   * Redis 7.0 leaves half a transaction in a log that was cut off in its middle, and runs it at the second start after
   * that. Written anew, the log holds what is in memory. A rewrite that is under way or forbidden is nothing to stop for.
   */
  async rewriteLog(): Promise<void> {
    const answers = await this.#redis.pipeline().exists(this.#keys.data).info('persistence').exec();
    const info = answers?.[1]?.[1];
    if (typeof info !== 'string' || !/^aof_enabled:1\r?$/m.test(info)) return;
    await this.#redis.pipeline().exists(this.#keys.data).bgrewriteaof().exec();
  }

  #nameKeys(account: string): string[] {
    return GATE_KEYS.map((what) => this.#keys.account(account, what));
  }
}

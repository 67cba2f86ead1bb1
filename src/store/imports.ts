import { z } from 'zod';
import type {
  ImportProgress,
  ImportStore,
  ProgressChange,
  TakeAnswer,
} from '../certificates/import-ports.js';
import type { ImportResult, Outcome } from '../certificates/import-result.js';
import { WaitError } from '../errors.js';
import type { CertificateInfo, ListPage } from '../namecheap/api.js';
import type { RedisClient } from './connection.js';
import { FINISH, REST, SAVE_PROGRESS, TAKE } from './import-scripts.js';
import type { Keys } from './keys.js';
import { runScript, type Script } from './script.js';
import { readStored } from './stored-value.js';

/** A repeat of the same request is answered for so long, ms. */
const KEPT_MS = 7 * 86_400_000;

/** While another worker goes on with the import, look again at most this late, ms. */
const LOOK_MS = 15_000;

const takeAnswer = z.tuple([z.enum(['taken', 'busy', 'finished', 'differs'])], z.string());
const planSchema = z.object({
  ...{ listedAt: z.number(), isRebuild: z.boolean(), isSorted: z.boolean() },
  comparison: z.object({ server: z.string(), startedAt: z.number() }).optional(),
});

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

/** Ours alone, written by the same version a moment ago: what is no object would be a bug. */
const pageSchema = z.custom<ListPage>(isObject);
const infoSchema = z.custom<CertificateInfo>(isObject);
const outcomesSchema = z.custom<Outcome[]>(isObject);
const resultSchema = z.custom<ImportResult>(isObject);

/** {@link ImportStore} on Redis: one hash per account. */
export class RedisImportStore implements ImportStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;

  constructor(redis: RedisClient, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async take(
    account: string,
    { id, subject }: { id: string; subject: string },
    token: string,
    holdMs: number,
  ): Promise<TakeAnswer> {
    const where = `The import of account ${account}`;
    const [kind, detail = ''] = takeAnswer.parse(
      await runScript(this.#redis, TAKE, [this.#key(account)], [id, subject, token, holdMs]),
    );
    switch (kind) {
      case 'busy':
        return { kind, delayMs: Math.min(LOOK_MS, Number(detail) + 1) };
      case 'finished':
        return { kind, result: readStored(resultSchema, detail, where) };
      default:
        return { kind };
    }
  }

  async load(account: string): Promise<ImportProgress> {
    const where = `The import of account ${account}`;
    const progress: ImportProgress = { plan: null, pages: new Map(), infos: new Map(), outcomes: new Map() };
    for (const [field, text] of Object.entries(await this.#redis.hgetall(this.#key(account)))) {
      const colon = field.indexOf(':');
      const rest = field.slice(colon + 1);
      switch (field.slice(0, Math.max(0, colon)) || field) {
        case 'plan':
          progress.plan = readStored(planSchema, text, where);
          break;
        case 'page':
          progress.pages.set(Number(rest), readStored(pageSchema, text, where));
          break;
        case 'info':
          progress.infos.set(Number(rest), readStored(infoSchema, text, where));
          break;
        case 'outcome':
          progress.outcomes.set(rest, readStored(outcomesSchema, text, where));
          break;
      }
    }
    return progress;
  }

  async save(account: string, token: string, holdMs: number, change: ProgressChange): Promise<void> {
    const { plan, pages = new Map(), infos = new Map(), outcomes = new Map() } = change;
    const text = (value: unknown) => (value === null ? '' : JSON.stringify(value));
    const fields = [
      ...(plan === undefined ? [] : ['plan', text(plan)]),
      ...[...pages].flatMap(([page, answer]) => [`page:${page}`, text(answer)]),
      ...[...infos].flatMap(([id, info]) => [`info:${id}`, text(info)]),
      ...[...outcomes].flatMap(([chain, found]) => [`outcome:${chain}`, text(found)]),
    ];
    await this.#runHeld(SAVE_PROGRESS, account, [token, holdMs, ...fields]);
  }

  async rest(account: string, token: string, delayMs: number): Promise<void> {
    await runScript(this.#redis, REST, [this.#key(account)], [token, Math.round(delayMs)]);
  }

  async finish(account: string, token: string, result: ImportResult): Promise<void> {
    await this.#runHeld(FINISH, account, [token, JSON.stringify(result), KEPT_MS]);
  }

  async #runHeld(script: Script, account: string, args: readonly (string | number)[]): Promise<void> {
    if ((await runScript(this.#redis, script, [this.#key(account)], args)) === 1) return;
    throw new WaitError('Another worker goes on with this import', LOOK_MS);
  }

  #key(account: string): string {
    return this.#keys.account(account, 'import');
  }
}

import { z } from 'zod';
import { moduleSchema, type ModuleRecord } from '../modules/settings.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { defineScript, runScript } from './script.js';
import { readStored, UnreadableValueError } from './stored-value.js';

/** Writes the module only if nobody changed it since it was read. KEYS: module. ARGV: as read, as it is to be. */
const REPLACE = defineScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`);

/** Modules (Namecheap accounts under a name) in Redis; their keys are sealed. */
export class ModuleStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;

  constructor(redis: RedisClient, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async load(name: string): Promise<ModuleRecord | null> {
    const raw = await this.#redis.get(this.#keys.module(name));
    return raw === null ? null : readModule(name, raw);
  }

  async save(module: ModuleRecord): Promise<void> {
    await this.#redis
      .multi()
      .set(this.#keys.module(module.name), JSON.stringify(module))
      .sadd(this.#keys.modules, module.name)
      .exec();
  }

  /**
   * Puts another sealed key in the place of the module's, and touches nothing else.
   * @returns false when the module was removed, or changed in any way by others meanwhile: look again.
   */
  async replaceKey(module: ModuleRecord, sealedKey: string): Promise<boolean> {
    const key = this.#keys.module(module.name);
    const raw = await this.#redis.get(key);
    if (raw === null) return false;
    const stored = readModule(module.name, raw);
    if (stored.sealedKey !== module.sealedKey || stored.updatedAt !== module.updatedAt) return false;
    return (
      (await runScript(this.#redis, REPLACE, [key], [raw, JSON.stringify({ ...stored, sealedKey })])) === 1
    );
  }

  async remove(name: string): Promise<void> {
    await this.#redis.multi().del(this.#keys.module(name)).srem(this.#keys.modules, name).exec();
  }

  /** All modules, by name. @throws UnreadableValueError when one of them cannot be read */
  async list(): Promise<ModuleRecord[]> {
    const names = (await this.#redis.smembers(this.#keys.modules)).sort();
    const modules = await Promise.all(names.map((name) => this.load(name)));
    return modules.filter((module) => module !== null);
  }

  /** As {@link list}, without those that cannot be read: a damaged one must not hide the others. */
  async listReadable(): Promise<{ modules: ModuleRecord[]; unreadable: string[] }> {
    const names = (await this.#redis.smembers(this.#keys.modules)).sort();
    const modules: ModuleRecord[] = [];
    const unreadable: string[] = [];
    for (const name of names) {
      try {
        const module = await this.load(name);
        if (module !== null) modules.push(module);
      } catch (error) {
        if (!(error instanceof UnreadableValueError)) throw error;
        unreadable.push(error.message);
      }
    }
    return { modules, unreadable };
  }

  /** How many services were ordered through the module. A save goes on where the count cannot be read; this does not. @throws UnreadableValueError */
  async countUses(name: string): Promise<number> {
    const count = (await this.#redis.hget(this.#keys.moduleUses, name)) ?? '0';
    return readStored(z.int(), count, `The number of services of module ${name}`);
  }
}

function readModule(name: string, raw: string): ModuleRecord {
  return readStored(
    moduleSchema,
    raw,
    `The module ${name} (add it again with pmnamecheap module add ${name})`,
  );
}

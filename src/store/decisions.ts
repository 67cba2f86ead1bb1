import type { Books, DecisionAnswer, DecisionStore, StockRow } from '../certificates/decision-ports.js';
import type { Bought, Step } from '../certificates/ports.js';
import type { CertificateRecord, Purchase } from '../certificates/record.js';
import type { RedisClient } from './connection.js';
import { ADOPT, DECIDE_NOT_MADE, GIVE_UP } from './decision-scripts.js';
import type { Keys } from './keys.js';
import { composeEntry } from './purchase-arguments.js';
import { runStep } from './run-step.js';
import { purchaseSchema } from './schemas.js';
import type { Script } from './script.js';
import { readStored } from './stored-value.js';

/** {@link DecisionStore} on Redis: one script per decision. */
export class RedisDecisionStore implements DecisionStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #now: () => number;

  constructor(redis: RedisClient, keys: Keys, now: () => number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
  }

  async readBooks(account: string, key: string): Promise<Books> {
    const raw = await this.#redis.hget(this.#keys.account(account, 'purchases'), key);
    if (raw === null) return { kind: 'none' };
    const purchase = readStored(purchaseSchema, raw, `The purchase ${key} of account ${account}`);
    const lane = await this.#redis.hget(this.#keys.account(account, 'lanes'), purchase.lane);
    const isHeld =
      lane !== null &&
      readStored(purchaseSchema, lane, `The lane ${purchase.lane} of account ${account}`).id === purchase.id;
    // As in the scripts: a restore of an older version lost lanes.
    const isOpen = isHeld || typeof purchase['certificateId'] !== 'number';
    return { kind: isOpen ? 'unsettled' : 'made', purchase };
  }

  async adopt(step: Step, purchase: Purchase, bought: Bought): Promise<DecisionAnswer> {
    const { certificateId } = bought;
    const { serviceId } = step.after;
    const { ledgerId, entry } = composeEntry(serviceId, purchase, bought, this.#now());
    return await this.#run(ADOPT, step, [
      ...[purchase.key, JSON.stringify({ ...purchase, certificateId, ledgerId }), purchase.id],
      ...[certificateId, serviceId, ledgerId, entry],
    ]);
  }

  async settleNotMade(step: Step, key: string): Promise<DecisionAnswer> {
    return await this.#run(DECIDE_NOT_MADE, step, [key]);
  }

  async giveUp(
    step: Step,
    key: string,
    certificateId: number,
    stock: StockRow | null,
  ): Promise<CertificateRecord> {
    const at = new Date(this.#now()).toISOString();
    const row = stock === null ? '' : JSON.stringify({ ...stock, since: at });
    const args = [key, certificateId, step.after.serviceId, row, at];
    return (await runStep(this.#context(), GIVE_UP, step, args)).saved;
  }

  async #run(script: Script, step: Step, args: readonly (string | number)[]): Promise<DecisionAnswer> {
    const { answer, saved } = await runStep(this.#context(), script, step, args);
    const [kind, what = ''] = answer;
    if (kind === 'claimed') return { kind, owner: what };
    if (kind === 'made') return { kind, certificateId: what === '' ? null : Number(what) };
    return { kind: 'done', record: saved };
  }

  #context() {
    return { redis: this.#redis, keys: this.#keys, now: this.#now() };
  }
}

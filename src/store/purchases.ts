import type {
  BeginAnswer,
  Bought,
  ConfirmedOwner,
  Intent,
  PurchaseStore,
  SettleAnswer,
  SpendingGuard,
  Step,
} from '../certificates/ports.js';
import { RING_GRACE_MS, type CertificateRecord, type Purchase } from '../certificates/record.js';
import { moveRecord } from '../certificates/transitions.js';
import { AccountStore } from './accounts.js';
import { readClock, type RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { ADD_STOCK, BEGIN, CLAIM, SETTLE_MADE, SETTLE_NOT_MADE, TAKE_STOCK } from './purchase-scripts.js';
import {
  chooseStock,
  composeBegin,
  composeEntry,
  composeSettlement,
  readBeginRefusal,
  type StockRow,
} from './purchase-arguments.js';
import { awaitReplicas, countReplicas } from './replicas.js';
import { purchaseSchema } from './schemas.js';
import { runStep } from './run-step.js';
import { runScript, type Script } from './script.js';
import { readStored } from './stored-value.js';

/** {@link PurchaseStore} on Redis: lanes, claims, stock, foreign ids and ledger of each account, one Lua script per transition. */
export class RedisPurchaseStore implements PurchaseStore {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #now: () => number;

  constructor(redis: RedisClient, keys: Keys, now: () => number) {
    this.#redis = redis;
    this.#keys = keys;
    this.#now = now;
  }

  async readPause(account: string): Promise<Extract<BeginAnswer, { kind: 'paused' }> | null> {
    const accounts = new AccountStore(this.#redis, this.#keys);
    const [pause] = await accounts.listPauses(account, await readClock(this.#redis));
    return pause === undefined ? null : { kind: 'paused', reason: pause.reason, untilMs: pause.until };
  }

  async begin(
    record: CertificateRecord,
    intent: Intent,
    lease: string,
    guard: SpendingGuard,
  ): Promise<BeginAnswer> {
    const [begunAt, replicas] = await Promise.all([
      readClock(this.#redis),
      countReplicas(this.#redis, this.#keys.barrier),
    ]);
    const purchase: Purchase = { ...intent, begunAt, cleanLooks: 0 };
    const after = moveRecord(record, 'purchasing', this.#now(), {
      purchase,
      problem: null,
      nextActionAt: this.#now() + RING_GRACE_MS,
    });
    const step = { before: record, after, change: { cause: `purchase ${intent.id} begun`, lease } };
    const { answer, saved } = await this.#run(BEGIN, step, composeBegin(purchase, guard));
    if (answer[0] !== 'begun') return readBeginRefusal(answer);
    const unconfirmed = await awaitReplicas(this.#redis, this.#keys.barrier, replicas);
    return { kind: 'begun', record: saved, unconfirmed };
  }

  async check(account: string, purchase: Purchase): Promise<{ isHeld: boolean; ageMs: number }> {
    const [lane, now] = await Promise.all([
      this.#redis.hget(this.#keys.account(account, 'lanes'), purchase.lane),
      readClock(this.#redis),
    ]);
    const isHeld =
      lane !== null &&
      readStored(purchaseSchema, lane, `The lane ${purchase.lane} of account ${account}`).id === purchase.id;
    return { isHeld, ageMs: now - purchase.begunAt };
  }

  async settleMade(step: Step, purchase: Purchase, bought: Bought): Promise<SettleAnswer> {
    const args = composeSettlement(step.after.serviceId, purchase, bought, this.#now());
    const { answer, saved } = await this.#run(SETTLE_MADE, step, args);
    if (answer[0] === 'moved-on') return { kind: 'moved-on' };
    if (answer[0] === 'claimed') return { kind: 'claimed', owner: answer[1] ?? '' };
    return { kind: 'made', record: saved };
  }

  async settleNotMade(step: Step, purchase: Purchase, isConcluded: boolean): Promise<CertificateRecord> {
    const args = [purchase.lane, purchase.key, purchase.id, JSON.stringify(purchase), isConcluded ? '1' : ''];
    return (await this.#run(SETTLE_NOT_MADE, step, args)).saved;
  }

  async saveClaimed(step: Step, ...certificateIds: [number, ...number[]]): Promise<SettleAnswer> {
    const { answer, saved } = await this.#run(CLAIM, step, [step.after.serviceId, ...certificateIds]);
    if (answer[0] === 'claimed') return { kind: 'claimed', owner: answer[1] ?? '' };
    return { kind: 'made', record: saved };
  }

  async takeStock(
    record: CertificateRecord,
    intent: Intent,
    lease: string,
  ): Promise<CertificateRecord | null> {
    const stock = await this.#redis.hgetall(this.#keys.account(record.account, 'stock'));
    for (;;) {
      const fitting = chooseStock(stock, intent);
      if (fitting === undefined) return null;
      const taken = await this.#takeOne(record, intent, fitting, lease);
      if (taken !== null) return taken;
      // Another order was faster: the next one in stock comes before buying.
      Reflect.deleteProperty(stock, String(fitting.certificateId));
    }
  }

  async #takeOne(
    record: CertificateRecord,
    intent: Intent,
    { certificateId, type, sansToAdd }: StockRow,
    lease: string,
  ): Promise<CertificateRecord | null> {
    const purchase: Purchase = { ...intent, begunAt: await readClock(this.#redis), cleanLooks: 0 };
    const changes = {
      ...{ certificateId, certificateIds: [certificateId], type, purchase },
      ...{ sansAdded: sansToAdd, problem: null },
    };
    const after = moveRecord(record, 'purchased', this.#now(), changes);
    const change = {
      cause: `certificate ${certificateId} taken from stock`,
      event: 'certificate.purchased' as const,
      lease,
    };
    const args = [
      purchase.key,
      JSON.stringify({ ...purchase, certificateId, isFromStock: true }),
      certificateId,
      record.serviceId,
    ];
    const { answer, saved } = await this.#run(TAKE_STOCK, { before: record, after, change }, args);
    return answer[0] === 'taken' ? saved : null;
  }

  async readOwner(account: string, certificateId: number): Promise<string | null> {
    return await this.#redis.hget(this.#keys.account(account, 'claims'), String(certificateId));
  }

  async confirmOwner(account: string, certificateId: number): Promise<ConfirmedOwner> {
    const { barrier } = this.#keys;
    const [owner, replicas] = await Promise.all([
      this.readOwner(account, certificateId),
      countReplicas(this.#redis, barrier),
    ]);
    if (replicas === 0) return { owner, unconfirmed: 0 };
    const unconfirmed = await awaitReplicas(this.#redis, barrier, replicas);
    // Read again: a failover meanwhile may have brought other books.
    return { owner: await this.readOwner(account, certificateId), unconfirmed };
  }

  async addStock(account: string, bought: Bought, purchase: Purchase): Promise<void> {
    const { id: purchaseId, product, years, sansToAdd, serviceId } = purchase;
    const stock = JSON.stringify({ product, type: bought.type, years, sansToAdd, purchaseId });
    const { ledgerId, entry } = composeEntry(serviceId, purchase, bought, this.#now());
    const keys = ['lanes', 'claims', 'stock', 'ledger'].map((what) => this.#keys.account(account, what));
    const args = [purchase.lane, purchaseId, bought.certificateId, stock, ledgerId, entry];
    await runScript(this.#redis, ADD_STOCK, keys, args);
  }

  async #run(script: Script, step: Step, args: readonly (string | number)[]) {
    return await runStep({ redis: this.#redis, keys: this.#keys, now: this.#now() }, script, step, args);
  }
}

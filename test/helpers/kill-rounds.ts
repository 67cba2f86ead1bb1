import type { ChildProcess } from 'node:child_process';
import { makeCsr } from '../csr-fixtures.js';
import { findViolations, readQueues } from './books.js';
import { composeOrder } from './orders.js';
import { RedisGate } from './redis-gate.js';
import { System, until } from './system.js';
import { kill, spawnWorker, stop } from './worker-processes.js';

const DAY_MS = 86_400_000;

/** Locks and leases end soon, so that the next worker need not wait long for what a dead one held. */
export const SHORT_LOCKS = { TEST_LOCK_MS: '1000', TEST_STALLED_CHECK_MS: '500' };

/** When a worker is struck. `arm` is called before the work begins; it calls `strike` once, in that moment. */
export interface Moment {
  name: string;
  arm(rounds: KillRounds, gate: RedisGate, strike: () => void): Promise<void> | void;
}

/** One system in which, round after round, an order, a renewal and a reissue are disturbed and must all end well. */
export class KillRounds implements AsyncDisposable {
  readonly system: System;
  readonly #toRenew: string[];
  readonly #toReissue: string;
  #round = 0;

  private constructor(system: System, services: readonly string[]) {
    this.system = system;
    const [first = '', ...others] = services;
    this.#toReissue = first;
    this.#toRenew = others;
  }

  /** Orders what the rounds renew and reissue, undisturbed. */
  static async start(rounds: number): Promise<KillRounds> {
    const system = await System.start({
      // Namecheap's clock begins in the past: what is ordered now ends soon, and may be renewed.
      sandbox: {
        ...{ limits: [0, 0, 0], balance: '1000000', leafDays: 398 },
        now: () => Date.now() - 300 * DAY_MS,
      },
      worker: false,
      environment: { PMNAMECHEAP_HTTP_TIMEOUT: '1s', PMNAMECHEAP_SETTLE_TIME: '4s' },
    });
    const worker = await system.startWorker();
    const orders = await Promise.all(
      Array.from({ length: rounds + 1 }, (_, index) => composeOrder(`kept-${index}.example.com`)),
    );
    for (const order of orders) await system.app.enqueue('order', order);
    const services = orders.map(({ serviceId }) => serviceId);
    for (const id of services) await system.untilRecord(id, ({ status }) => status === 'issued', 60_000);
    await worker.close();
    await system.control('_clock', { advance: '300d' });
    return new KillRounds(system, services);
  }

  /** An order, a renewal and a reissue, accepted. @returns what waits until they are done. */
  async begin(): Promise<() => Promise<void>> {
    const { system } = this;
    const round = `round-${++this.#round}`;
    const renewed = this.#toRenew.shift();
    if (renewed === undefined) throw new Error('more rounds than were prepared');
    const [order, kept, reissued] = await Promise.all([
      composeOrder(`${round}.example.com`),
      system.readRecord(renewed),
      system.readRecord(this.#toReissue),
    ]);
    const { csr } = await makeCsr({ commonName: 'kept-0.example.com' });
    const ids = (reissued?.certificateIds.length ?? 0) + 1;
    await Promise.all([
      system.app.enqueue('order', order),
      system.app.enqueue('renew', {
        ...{ serviceId: renewed, years: 1, paidTill: kept?.termEnd ?? '', requestId: round },
      }),
      system.app.enqueue('reissue', { serviceId: this.#toReissue, reason: 'rekey', csr, requestId: round }),
    ]);
    return async () => {
      await system.untilRecord(order.serviceId, ({ status }) => status === 'issued', 60_000);
      await system.untilRecord(
        renewed,
        ({ renewals, operation }) => renewals.length === 1 && operation === null,
        60_000,
      );
      await system.untilRecord(
        this.#toReissue,
        ({ certificateIds, operation }) => certificateIds.length === ids && operation === null,
        60_000,
      );
    };
  }

  /** One worker is killed in the moment; another, there from the beginning or started then, finishes. @returns whether the moment came. */
  async kill(moment: Moment, hasSecond: boolean): Promise<boolean> {
    await using gate = await RedisGate.start(this.system.redis.url);
    const victim = await this.spawn({ REDIS_URL: gate.url });
    const second = hasSecond ? await this.spawn() : null;
    const armed = { strike: (): void => undefined };
    const struck = new Promise<true>((resolve) => {
      armed.strike = () => {
        victim.kill('SIGKILL');
        resolve(true);
      };
    });
    await moment.arm(this, gate, () => armed.strike());
    const done = (await this.begin())();
    const hasCome = await Promise.race([struck, done.then(() => false)]);
    await kill(victim, 'SIGKILL');
    await this.forgetListers();
    const heir = second ?? (await this.spawn());
    await done;
    await this.expectOrder();
    await stop(heir, 'SIGTERM');
    return hasCome;
  }

  /** One worker sleeps (SIGSTOP) in the moment, longer than its lock and its lease last; another does all the work; then it wakes up. */
  async stall(arm: (gate: RedisGate, strike: () => void) => Promise<void> | void): Promise<void> {
    await using gate = await RedisGate.start(this.system.redis.url);
    const sleeper = await this.spawn({ REDIS_URL: gate.url });
    const armed = { strike: (): void => undefined };
    const asleep = new Promise<void>((resolve) => {
      armed.strike = () => {
        sleeper.kill('SIGSTOP');
        resolve();
      };
    });
    await arm(gate, () => armed.strike());
    const done = (await this.begin())();
    await Promise.race([asleep, done]);
    await this.forgetListers();
    const heir = await this.spawn();
    await done;
    sleeper.kill('SIGCONT');
    gate.release();
    // It ends what it was doing when it fell asleep.
    await stop(sleeper, 'SIGTERM');
    await this.expectOrder();
    await stop(heir, 'SIGTERM');
  }

  async spawn(changes: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
    return await spawnWorker(this.system, { ...SHORT_LOCKS, ...changes });
  }

  /** A dead worker's lock on a list lasts for a minute: here for a second, or every round would wait for it. */
  async forgetListers(): Promise<void> {
    const { redis, keys } = this.system.app.store;
    const { account } = (await this.system.readRecord(this.#toReissue)) ?? { account: '' };
    for (const what of ['lock-list', 'lock-collect', 'lock-survey'])
      await redis.pexpire(keys.account(account, what), 1000);
  }

  /** All queues are empty and the books are right. @throws Error with what is wrong. */
  async expectOrder(): Promise<void> {
    const look = async () => {
      const { active, waiting } = await readQueues(this.system);
      const left = [...active, ...waiting].filter((job) => !/^(collect|scan|notify)\//.test(job));
      return [...left.map((job) => `${job} is left in its queue`), ...(await findViolations(this.system))];
    };
    await until(
      async () => ((await look()).length === 0 ? true : null),
      async () => [...(await look()), await this.#tell()].join('\n'),
      20_000,
    );
  }

  /** What happened, for whoever has to explain a violation. */
  async #tell(): Promise<string> {
    const { certificates, redis, keys } = this.system.app.store;
    const services = await redis.smembers(keys.services);
    const histories = await Promise.all(services.map((id) => certificates.readHistory(id)));
    const { calls, charges } = await this.system.readLedger();
    const told = services.map((id, index) => ({ id, history: histories[index] }));
    return JSON.stringify({ charges, calls: calls.slice(-60), told });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.system[Symbol.asyncDispose]();
  }
}

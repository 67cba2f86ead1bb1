import type { Account } from '../../src/certificates/ports.js';
import type { JobContext } from '../../src/job.js';
import type { Play } from './play.js';

/** What a call meets in a process that is dead: thrown where its code would go on. */
export class Crash extends Error {}

/** The call at which a process dies (from 1), before it is made or after it was made: then its answer is lost. */
export interface CrashPoint {
  call: number;
  side: 'before' | 'after';
}

/**
 * One worker process that dies at one of the calls that leave it (to Redis, to Namecheap, to the queue). From then on
 * nothing leaves it any more: what its code tries afterwards, in a `finally` or a `catch`, comes to nothing.
 */
export class Process {
  /** The calls that were begun, by name. */
  readonly calls: string[] = [];
  #isDead = false;

  /** @param point null for a process that lives on */
  constructor(readonly point: CrashPoint | null = null) {}

  get isDead(): boolean {
    return this.#isDead;
  }

  /** For {@link Play.wrap}. */
  readonly wrap = (context: JobContext): JobContext => {
    const { store } = context;
    return {
      ...context,
      store: {
        ...store,
        certificates: this.#guard('store.certificates', store.certificates),
        purchases: this.#guard('store.purchases', store.purchases),
        listings: this.#guard('store.listings', store.listings),
        gates: this.#guard('store.gates', store.gates),
        accounts: this.#guard('store.accounts', store.accounts),
        modules: this.#guard('store.modules', store.modules),
        events: this.#guard('store.events', store.events),
        audits: this.#guard('store.audits', store.audits),
      },
      certificates: this.#guard('certificates', context.certificates),
      purchases: this.#guard('purchases', context.purchases),
      listings: this.#guard('listings', context.listings),
      gates: this.#guard('gates', context.gates),
      openAccount: (module, subject) =>
        this.#call('openAccount', async () => this.#guardAccount(await context.openAccount(module, subject))),
      ring: (...args) => this.#call('ring', () => context.ring(...args)),
      report: (step) => this.#call('report', () => context.report(step)),
      announce: (event) => this.#call('announce', () => context.announce(event)),
      sleep: (ms) => (this.#isDead ? Promise.reject(new Crash('dead')) : context.sleep(ms)),
    };
  };

  #guardAccount(account: Account): Account {
    return {
      ...account,
      api: this.#guard('api', account.api),
      readRefusal: () => this.#call('readRefusal', () => account.readRefusal()),
      lookPurchase: () => this.#call('lookPurchase', () => account.lookPurchase()),
      admitPurchase: () => this.#call('admitPurchase', () => account.admitPurchase()),
      readCallsLeft: () => this.#call('readCallsLeft', () => account.readCallsLeft()),
      pause: (...args) => this.#call('pause', () => account.pause(...args)),
    };
  }

  #guard<T extends object>(name: string, target: T): T {
    return new Proxy(target, {
      get: (object, key) => {
        const value: unknown = Reflect.get(object, key);
        if (typeof value !== 'function') return value;
        if (value.constructor.name === 'AsyncGeneratorFunction')
          return (...args: unknown[]) =>
            this.#iterate(
              `${name}.${String(key)}`,
              Reflect.apply(value, object, args) as AsyncIterable<unknown>,
            );
        return (...args: unknown[]) =>
          this.#call(`${name}.${String(key)}`, () => Reflect.apply(value, object, args) as Promise<unknown>);
      },
    });
  }

  async *#iterate(name: string, rows: AsyncIterable<unknown>): AsyncIterable<unknown> {
    for await (const row of rows) yield await this.#call(name, () => Promise.resolve(row));
  }

  async #call<T>(name: string, make: () => Promise<T>): Promise<T> {
    if (this.#isDead) throw new Crash(`${name}: the process is dead`);
    this.calls.push(name);
    const isLast = this.calls.length === this.point?.call;
    if (isLast && this.point.side === 'before') this.#die(name);
    const answer = await make();
    if (isLast) this.#die(name);
    return answer;
  }

  #die(name: string): never {
    this.#isDead = true;
    throw new Crash(`died ${this.point?.side ?? ''} ${name}`);
  }
}

/**
 * Lets a process do something. If it dies, what it had rung and nobody had begun is lost with it; what it leased stays so
 * until the clocks are turned.
 */
export async function runIn(play: Play, process: Process, act: () => Promise<unknown>): Promise<void> {
  play.wrap = process.wrap;
  try {
    await act();
  } catch (error) {
    // Code that wraps what it meets may hide that the process died; a process that lives has no excuse.
    if (!process.isDead) throw error;
  } finally {
    play.wrap = (context) => context;
    if (process.isDead) play.rung.length = 0;
  }
}

const MINUTE_MS = 60_000;

/** Rounds of the repeating jobs until nothing is in flight, a few minutes each, and one more that must not change anything. */
export async function settle(play: Play, serviceId: string): Promise<void> {
  for (let round = 0; round < 30; round++) {
    await play.pass(6 * MINUTE_MS);
    await play.tick();
    await play.pass(2000);
    await play.tick();
    const { operation, errands } = await play.bench.read(serviceId);
    if (operation === null && errands.length === 0) return;
  }
}

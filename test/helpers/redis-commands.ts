import type { RedisClient } from '../../src/store/connection.js';

/** What is done in place of one command: `send` lets it reach Redis. */
export type Interception = (name: string, send: () => Promise<unknown>) => Promise<unknown>;

/** Not commands: what ioredis answers at once. */
const LOCAL = new Set(['on', 'once', 'off', 'connect', 'disconnect', 'duplicate', 'removeListener']);

/** The same client, whose every command passes through `intercept` first. */
export function interceptCommands(client: RedisClient, intercept: Interception): RedisClient {
  return new Proxy(client, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || typeof key === 'symbol') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (LOCAL.has(key)) return call;
      if (key === 'pipeline' || key === 'multi') return () => interceptBatch(key, call(), intercept);
      return (...args: unknown[]) => intercept(key, () => call(...args) as Promise<unknown>);
    },
  });
}

/** A batch leaves as one. */
function interceptBatch(name: string, batch: unknown, intercept: Interception): unknown {
  const pipeline = batch as { exec(): Promise<unknown> };
  const exec = pipeline.exec.bind(pipeline);
  pipeline.exec = () => intercept(name, exec);
  return pipeline;
}

/** When something happens to Redis, counted in commands from {@link CommandFaults.arm} on. */
export interface FaultPoint {
  /** From 1. */
  command: number;
  /** `after`: Redis has done it. */
  side: 'before' | 'after';
}

/** Lets something happen to Redis at one command of the many that a story makes. */
export class CommandFaults {
  readonly intercept: Interception = (name, send) => this.#pass(name, send);
  /** Commands since it was armed, by name. */
  readonly commands: string[] = [];
  hasStruck = false;
  #point: FaultPoint | null = null;
  #strike: () => Promise<void> = () => Promise.resolve();
  #striking: Promise<void> = Promise.resolve();

  /** @param strike what happens. If it throws, the caller meets that in place of the reply, else the command takes its course. */
  arm(point: FaultPoint | null, strike: () => Promise<void> = () => Promise.resolve()): void {
    this.commands.length = 0;
    this.hasStruck = false;
    this.#point = point;
    this.#strike = strike;
  }

  async #pass(name: string, send: () => Promise<unknown>): Promise<unknown> {
    this.commands.push(name);
    if (this.hasStruck || this.commands.length !== this.#point?.command) return await send();
    this.hasStruck = true;
    if (this.#point.side === 'before') {
      await this.#begin();
      return await send();
    }
    const reply = await send();
    await this.#begin();
    return reply;
  }

  async #begin(): Promise<void> {
    this.#striking = this.#strike();
    await this.#striking;
  }

  /** A command beside the one that was struck may have ended the job before the fault is complete. */
  async untilStruck(): Promise<void> {
    await this.#striking.catch(() => undefined);
  }
}

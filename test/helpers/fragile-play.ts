import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { describeError } from '../../src/errors.js';
import { connectStore, type RedisClient } from '../../src/store/connection.js';
import type { SandboxOptions } from '../../src/sandbox/server.js';
import { settle } from './crash.js';
import { readOutcome, type Outcome } from './outcome.js';
import { Play } from './play.js';
import { withApi } from './work.js';
import { CommandFaults, interceptCommands, type FaultPoint } from './redis-commands.js';
import { RedisServer, type ServerOptions } from './redis-server.js';
import { ORDER_END, RenewStory, type Story } from './stories.js';

export const LISTING_MAX_AGE_MS = 11 * 60_000;

/** What ioredis says to a command whose connection closed under it, or is not there. */
export class ConnectionLost extends Error {
  constructor() {
    super('Connection is closed.');
  }
}

/** Jobs by hand on a Redis of their own, which fails where the test wants it. */
export class FragilePlay implements AsyncDisposable {
  readonly play: Play;
  readonly server: RedisServer;
  readonly faults: CommandFaults;
  readonly #client: RedisClient;
  readonly #violations: string[] = [];

  private constructor(parts: Pick<FragilePlay, 'play' | 'server' | 'faults'>, client: RedisClient) {
    this.play = parts.play;
    this.server = parts.server;
    this.faults = parts.faults;
    this.#client = client;
  }

  static async start(sandbox: SandboxOptions = {}, options: ServerOptions = {}): Promise<FragilePlay> {
    const server = await RedisServer.start(options);
    const client = await connectStore({ kind: 'url', url: server.url });
    const faults = new CommandFaults();
    const play = await Play.start(
      {
        client: interceptCommands(client, faults.intercept),
        createPrefix: () => `{test-${randomUUID()}}`,
      },
      { leafDays: 400, balance: '1000000', ...sandbox },
    );
    const stage = new FragilePlay({ play, server, faults }, client);
    stage.#watchPurchases();
    return stage;
  }

  /** Looks over the shoulder of every call that costs money: the books must have been compared with Namecheap on this Redis (I10). */
  #watchPurchases(): void {
    const { bench } = this.play;
    const watch =
      <I, R>(name: string, call: (input: I) => Promise<R>) =>
      async (input: I): Promise<R> => {
        const server = await bench.store.gates.readServer();
        const gate = bench.store.keys.account(bench.work.account.id, 'gate');
        if ((await this.#client.hget(gate, 'server')) !== server)
          this.#violations.push(`${name} was called although the books were not compared (I10)`);
        return await call(input);
      };
    const { api } = bench;
    withApi(bench, {
      create: watch('create', (input) => api.create(input)),
      renew: watch('renew', (input) => api.renew(input)),
      purchaseMoreSans: watch('purchaseMoreSans', (input) => api.purchaseMoreSans(input)),
    });
  }

  /** What was bought against the rules since the last time. */
  takeViolations(): string[] {
    return this.#violations.splice(0);
  }

  /** After the server was started again; the client would come back by itself, a little later. */
  async reconnect(): Promise<void> {
    // A connection may seem to be there a moment longer than its server, and it may be coming back by itself already.
    while ((await this.#client.ping().catch(() => '')) !== 'PONG') {
      await this.#client.connect().catch(() => new Promise((resolve) => setTimeout(resolve, 5)));
    }
  }

  /** Kills the server, lets `meddle` have its data, and starts it again on what is left. */
  async crash(meddle: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await this.server.kill();
    await meddle();
    await this.server.start();
    await this.reconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.disconnect();
    await this.play[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}

/** A fault that strikes at a command of the story, and what ends it once the story's jobs are over. */
export interface Fault {
  strike(stage: FragilePlay): Promise<void>;
  mend(stage: FragilePlay): Promise<void>;
}

/** More stories than this in one account make its lists long and the test slow. */
const RUNS = 25;

/** One account after the other, each good for some tellings of one story. */
export class FragileStages implements AsyncDisposable {
  readonly #story: Story;
  readonly #options: ServerOptions;
  #stage: FragilePlay | null = null;
  #left = 0;

  constructor(story: Story, options: ServerOptions = {}) {
    this.#story = story;
    this.#options = options;
  }

  /** The next story has an account of its own. */
  async renew(): Promise<void> {
    await this.#stage?.[Symbol.asyncDispose]();
    this.#stage = null;
  }

  async next(): Promise<FragilePlay> {
    if (this.#stage !== null && this.#left-- > 0) return this.#stage;
    await this.#stage?.[Symbol.asyncDispose]();
    this.#stage = await FragilePlay.start({}, this.#options);
    this.#left = RUNS - 1;
    if (this.#story instanceof RenewStory) await this.#story.stock(this.#stage.play, RUNS);
    return this.#stage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stage?.[Symbol.asyncDispose]();
  }
}

export interface Telling {
  outcome: Outcome;
  /** Commands from the beginning of the story's jobs to their end. */
  commands: string[];
  hasStruck: boolean;
}

/** Tells a story once, with a fault at one of its commands; then the repeating jobs go on until nothing is in flight. */
export async function tell(
  stage: FragilePlay,
  story: Story,
  point: FaultPoint | null,
  fault: Fault,
): Promise<Telling> {
  const { play, faults } = stage;
  // So that the lists that were read for the story before are too old for this one.
  await play.pass(LISTING_MAX_AGE_MS);
  const before = await story.prepare(play);
  faults.arm(point, () => fault.strike(stage));
  try {
    await story.act(play, before);
  } catch (error) {
    // A job that met the fault is tried again by the repeating jobs; anything else is a bug.
    if (!faults.hasStruck) throw error;
  }
  await faults.untilStruck();
  const { hasStruck } = faults;
  const commands = [...faults.commands];
  faults.arm(null);
  if (hasStruck) await fault.mend(stage);
  // What was rung and not begun is lost with BullMQ's keys at worst: the records must do.
  play.rung.length = 0;
  // What could not be read is put off by ten minutes.
  await play.pass(LISTING_MAX_AGE_MS);
  await settle(play, before.serviceId);
  return { outcome: await readOutcome(play, before.serviceId), commands, hasStruck };
}

/** Null when the story ended as it should, else where the fault was and how it ended. */
export function describeDifference(
  { outcome, commands }: Telling,
  { end }: Story,
  point: FaultPoint | null,
): string | null {
  try {
    expect(outcome).toEqual({ ...ORDER_END, ...end });
    return null;
  } catch (error) {
    const where =
      point === null ? '' : `${point.side} command ${point.command} (${commands[point.command - 1] ?? ''})`;
    return `${where}: ${describeError(error)} ${JSON.stringify(outcome)}`;
  }
}

/** Something that waits to leave a worker: it goes on when the stage lets it, not before `readyAt` (virtual ms). */
interface Waiting {
  name: string;
  readyAt: number;
  go: () => void;
}

/** One run of one job in one worker process. All that it does towards the outside goes through {@link Stage.arrive}. */
export class Actor {
  readonly queue: Waiting[] = [];
  /** What the store's methods are called that its Redis commands belong to, the innermost last. */
  readonly labels: string[] = [];
  isRunning = true;
  isExecuting = false;
  isDead = false;
  isDone = false;

  constructor(
    readonly name: string,
    readonly worker: number,
  ) {}

  get next(): Waiting | undefined {
    return this.queue[0];
  }
}

/**
 * Lets many runs of jobs go on one at a time, each from one outgoing call to its next: so one seed gives one order of
 * calls, although Redis and HTTP are real.
 */
export class Stage {
  readonly actors = new Set<Actor>();
  #running = 0;
  #whenStill: (() => void) | null = null;

  /** Starts a run; it goes until its first call. */
  start(name: string, worker: number, act: (actor: Actor) => Promise<void>): Actor {
    const actor = new Actor(name, worker);
    this.actors.add(actor);
    this.#running++;
    void act(actor).finally(() => {
      actor.isDone = true;
      this.actors.delete(actor);
      this.#block(actor);
    });
    return actor;
  }

  /** Waits until the stage lets this actor go on: never for one that is dead. */
  async arrive(actor: Actor, name: string, readyAt: number): Promise<void> {
    if (actor.isDead) await new Promise<never>(() => undefined);
    await new Promise<void>((go) => {
      actor.queue.push({ name, readyAt, go });
      if (!actor.isExecuting) this.#block(actor);
    });
  }

  /** Runs one call that must not be interleaved with another one of the same actor. */
  async execute<T>(actor: Actor, call: () => Promise<T>): Promise<T> {
    actor.isExecuting = true;
    try {
      return await call();
    } finally {
      actor.isExecuting = false;
      if (actor.queue.length > 0) this.#block(actor);
    }
  }

  /** The process is gone: nothing of it goes on, ever. */
  async die(actor: Actor): Promise<never> {
    this.kill(actor);
    return await new Promise<never>(() => undefined);
  }

  kill(actor: Actor): void {
    actor.isDead = true;
    actor.queue.length = 0;
    this.actors.delete(actor);
    this.#block(actor);
  }

  /** Those that may go on now. */
  listReady(now: number): Actor[] {
    return [...this.actors].filter(({ next }) => next !== undefined && next.readyAt <= now);
  }

  /** When the next one may go on, ms; Infinity when nothing waits. */
  nextReadyAt(): number {
    return Math.min(Infinity, ...[...this.actors].map(({ next }) => next?.readyAt ?? Infinity));
  }

  /** Lets one actor go on until its next call, its end or its death. */
  async step(actor: Actor): Promise<void> {
    const waiting = actor.queue.shift();
    if (waiting === undefined) throw new Error(`${actor.name} does not wait`);
    actor.isRunning = true;
    this.#running++;
    waiting.go();
    await this.becomeStill();
  }

  /** Waits until nobody runs: everybody waits at a call, or is done. */
  async becomeStill(): Promise<void> {
    while (this.#running > 0) await new Promise<void>((resolve) => (this.#whenStill = resolve));
  }

  #block(actor: Actor): void {
    if (!actor.isRunning) return;
    actor.isRunning = false;
    this.#running--;
    if (this.#running === 0) this.#whenStill?.();
  }
}

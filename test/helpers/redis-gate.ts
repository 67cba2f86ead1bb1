import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What becomes of a command: it goes through; it is kept from Redis; or Redis has it, and its answer is kept back. */
export type Passage = 'pass' | 'hold' | 'hold-answer';

/** Sees every command of the connections through the gate before Redis does. */
export type Watch = (command: readonly string[]) => Passage;

/** The first complete command in the bytes; null while there is none. Clients send arrays of bulk strings only. */
function readCommand(bytes: Buffer): { command: string[]; length: number } | null {
  const readLine = (from: number) => {
    const end = bytes.indexOf('\r\n', from);
    return end < 0 ? null : { number: Number(bytes.toString('latin1', from + 1, end)), next: end + 2 };
  };
  const head = readLine(0);
  if (head === null) return null;
  const command: string[] = [];
  let at = head.next;
  for (let index = 0; index < head.number; index++) {
    const size = readLine(at);
    if (size === null || bytes.length < size.next + size.number + 2) return null;
    command.push(bytes.toString('latin1', size.next, size.next + size.number));
    at = size.next + size.number + 2;
  }
  return { command, length: at };
}

/** A Redis as one process sees it: a TCP relay that can stop the process's commands one by one, or be away altogether. */
export class RedisGate implements AsyncDisposable {
  /** What happens to the commands from now on. */
  watch: Watch = () => 'pass';
  /** Called for each new connection. */
  onConnection: () => void = () => undefined;
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  readonly #held = new Set<() => void>();
  #isAway = false;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((client) => this.#relay(client));
  }

  static async start(target: string): Promise<RedisGate> {
    const gate = new RedisGate(target);
    gate.#server.listen(0, '127.0.0.1');
    await once(gate.#server, 'listening');
    return gate;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the gate has no port');
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String(address.port);
    return url.href;
  }

  /** Lets through what was held. */
  release(): void {
    for (const go of this.#held) go();
    this.#held.clear();
  }

  /** Cuts every connection; new ones are cut at once until it comes back. */
  setAway(isAway: boolean): void {
    this.#isAway = isAway;
    if (isAway) for (const socket of this.#sockets) socket.destroy();
  }

  #relay(client: Socket): void {
    this.onConnection();
    if (this.#isAway) {
      client.destroy();
      return;
    }
    const server = connect(Number(this.#target.port), this.#target.hostname);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    server.on('data', (data) => client.write(data));
    let pending = Buffer.alloc(0);
    let isHeld = false;
    const forward = () => {
      for (let next = readCommand(pending); next !== null && !isHeld; next = readCommand(pending)) {
        const bytes = pending.subarray(0, next.length);
        const passage = this.watch(next.command);
        if (passage === 'hold') {
          isHeld = true;
          this.#held.add(() => {
            isHeld = false;
            server.write(bytes);
            forward();
          });
        } else server.write(bytes);
        pending = pending.subarray(next.length);
        if (passage !== 'hold-answer') continue;
        server.pause();
        this.#held.add(() => server.resume());
      }
    };
    client.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      forward();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.setAway(true);
    this.#server.close();
    await once(this.#server, 'close');
  }
}

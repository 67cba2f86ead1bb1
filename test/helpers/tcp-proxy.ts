import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the proxy does with bytes: to the server (`requests`) and back (`replies`). */
export interface Fault {
  /** Bytes to the server in which this occurs are let through, and the reply to them is lost with the connection. */
  loseReplyTo?: string;
  /** Nothing comes back any more: the connection hangs. */
  isHanging?: boolean;
}

/** A real TCP connection between a client and a server on this machine, which a test may disturb. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  /** Changed by the test at any time. */
  fault: Fault = {};
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** All that clients sent, as text. */
  #sent = '';

  private constructor(server: Server, port: number, targetPort: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (client) => this.#join(client, connect(targetPort, '127.0.0.1')));
  }

  /** @param port where it listens; 0 for any */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new TcpProxy(server, address.port, targetPort);
  }

  /** How often this text passed on its way to the server. */
  countSent(text: string): number {
    return this.#sent.split(text).length - 1;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Ends every connection; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket, server: Socket): void {
    let isReplyLost = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      this.#sent += text;
      const { loseReplyTo } = this.fault;
      if (loseReplyTo !== undefined && text.includes(loseReplyTo)) {
        isReplyLost = true;
        this.fault = {};
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (this.fault.isHanging === true) return;
      // The server has done what it was asked to: only the answer goes down with the connection.
      if (isReplyLost) client.destroy();
      else client.write(bytes);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

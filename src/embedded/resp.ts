import { connect, type Socket } from 'node:net';

export type Reply = string | null;

/** One reply from the front of the text, or null when it is not complete yet. An error reply becomes an `Error`. */
function parseReply(text: string): { reply: Reply | Error; length: number } | null {
  const end = text.indexOf('\r\n');
  if (end === -1) return null;
  const line = text.slice(1, end);
  switch (text[0]) {
    case '+':
    case ':':
      return { reply: line, length: end + 2 };
    case '-':
      return { reply: new Error(line), length: end + 2 };
    case '$': {
      const size = Number(line);
      if (size < 0) return { reply: null, length: end + 2 };
      const length = end + 2 + size + 2;
      return text.length < length ? null : { reply: text.slice(end + 2, length - 2), length };
    }
    default:
      return {
        reply: new Error(`unexpected answer ${JSON.stringify(text.slice(0, 40))}`),
        length: text.length,
      };
  }
}

/**
 * As much of RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/) as it takes to see that a
 * server answers and to tell it to save: single replies that are text, numbers or errors.
 */
export class RespConnection implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  #received = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    // latin1 keeps one character per byte: lengths in the protocol are bytes.
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', (error) => this.#failAll(error));
    socket.on('close', () => this.#failAll(new Error('the connection was closed')));
  }

  /** Connects to 127.0.0.1; rejects with the socket's error (`ECONNREFUSED`…). */
  static open(port: number): Promise<RespConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(new RespConnection(socket));
      });
    });
  }

  /** Sends one command (ASCII arguments); rejects with the server's error text or when the connection ends. */
  send(...words: string[]): Promise<Reply> {
    if (this.#socket.destroyed) return Promise.reject(new Error('the connection was closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(
        `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`,
      );
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    for (let next = parseReply(this.#received); next !== null; next = parseReply(this.#received)) {
      this.#received = this.#received.slice(next.length);
      const asked = this.#waiting.shift();
      if (next.reply instanceof Error) asked?.reject(next.reply);
      else asked?.resolve(next.reply);
    }
  }

  #failAll(error: Error): void {
    for (const asked of this.#waiting.splice(0)) asked.reject(error);
  }
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** One request as it arrived. */
export interface Received {
  headers: IncomingHttpHeaders;
  method: string;
  body: string;
  id: string;
  serviceId: string | null;
  type: string;
}

/** A status; `drop` closes the connection without an answer; a function writes its own answer or none. */
export type Answer = number | 'drop' | ((response: ServerResponse) => void);

const eventSchema = z.object({ id: z.string(), serviceId: z.string().nullable(), type: z.string() });

/** A webhook's receiver: a real HTTP server that remembers what came and answers as told. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received: Received[] = [];
  /** Decides on each request; default: 200 for all. */
  answer: (request: Received) => Answer = () => 200;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const { headers, method = '' } = request;
        const received = { headers, method, body, ...eventSchema.parse(JSON.parse(body)) };
        receiver.received.push(received);
        const answer = receiver.answer(received);
        if (answer === 'drop') request.socket.destroy();
        else if (typeof answer === 'number') response.writeHead(answer).end();
        else answer(response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver does not listen');
    return `http://127.0.0.1:${address.port}/hook`;
  }

  /** What arrived for a service, as event types, oldest first. */
  listTypes(serviceId: string | null): string[] {
    return this.received.filter((one) => one.serviceId === serviceId).map(({ type }) => type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

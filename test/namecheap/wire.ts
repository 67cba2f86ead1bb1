import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Namecheap } from '../../src/namecheap/api.js';
import type { Connection, Exchange } from '../../src/namecheap/exchange.js';
import { createNamecheap } from '../../src/namecheap/client.js';
import type { ClientOptions } from '../../src/namecheap/command.js';
import { NamecheapError } from '../../src/namecheap/errors.js';

export const API_KEY = 'f00dfeedf00dfeedf00dfeedf00dfeed';

const FIXTURES = new URL('../fixtures/namecheap/', import.meta.url);

export function readFixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), 'utf8');
}

/** A request as it came over the socket. */
export interface Received {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  form: URLSearchParams;
}

export interface Wire {
  endpoint: string;
  requests: Received[];
}

type Answer = (response: ServerResponse, received: Received) => void;

/** An HTTP server on loopback that notes every request, and ends with the test. */
export async function startWire(answer: Answer | string): Promise<Wire> {
  const requests: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      const received = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        form,
      };
      requests.push(received);
      if (typeof answer === 'string') response.writeHead(200, { 'content-type': 'text/xml' }).end(answer);
      else answer(response, received);
    });
  });
  const endpoint = await listen(server);
  onTestFinished(() => server.closeAllConnections());
  return { endpoint, requests };
}

/** A bare TCP server on loopback, for what no HTTP server would do. */
export async function startSocketServer(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createNetServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  const endpoint = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  return endpoint;
}

/** Serves a body cut after some bytes and ends by closing, so that only the XML can tell that something is missing. */
export async function startCutWire(
  body: Buffer,
): Promise<{ endpoint: string; cutAt: (length: number) => void }> {
  let length = body.length;
  const head = Buffer.from('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
  const endpoint = await startSocketServer((socket) =>
    socket.once('data', () => socket.end(Buffer.concat([head, body.subarray(0, length)]))),
  );
  return { endpoint, cutAt: (bytes) => void (length = bytes) };
}

/** Listens on a free port of loopback until the test ends. */
export async function listen(server: Server, protocol = 'http'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  // A TCP server's address is never a pipe's name.
  const { port } = server.address() as AddressInfo;
  return `${protocol}://127.0.0.1:${port}/xml.response`;
}

export function connect(endpoint: string, options: Partial<ClientOptions> = {}): Namecheap {
  const connection: Connection = {
    endpoint,
    apiUser: 'berry',
    userName: 'berry-sub',
    apiKey: API_KEY,
    clientIp: '192.0.2.7',
  };
  return createNamecheap(connection, { timeoutMs: 10_000, ...options });
}

/** A client that keeps what its exchange hook is told. */
export function connectWithLog(endpoint: string): { client: Namecheap; exchanges: Exchange[] } {
  const exchanges: Exchange[] = [];
  const client = connect(endpoint, { hooks: { onExchange: (exchange) => exchanges.push(exchange) } });
  return { client, exchanges };
}

/** The NamecheapError that a call ends with; anything else, a normal return too, fails the test. */
export async function catchNamecheapError(call: Promise<unknown>): Promise<NamecheapError> {
  const end = await call.then(
    () => new Error('The call returned normally'),
    (error: unknown) => error,
  );
  if (end instanceof NamecheapError) return end;
  throw end;
}

export const STANDARD = { type: 'Standard SSL', years: 1 };

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { findAdminRoute } from './admin.js';
import { AdminError, type AdminParts } from './admin-route.js';
import type { Delivery } from './delivery.js';
import type { Gateway } from './gateway.js';
import { Parameters } from './parameters.js';

export interface HttpParts extends AdminParts {
  gateway: Gateway;
}

const API_PATH = '/xml.response';
const MAX_BODY_BYTES = 1_000_000;

/** Answers one HTTP request. `signal` ends every wait when the sandbox closes. */
export async function respond(
  parts: HttpParts,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const { method = 'GET' } = request;
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const body = await readBody(request);
  if (body === null) {
    deliver(response, { kind: 'answer', status: 413, contentType: 'text/plain', body: 'Too large\n' });
    return;
  }
  // Validations that have completed by now happened before this request.
  parts.lifecycle.settle();
  if (url.pathname === API_PATH && (method === 'GET' || method === 'POST')) {
    const parameters = new Parameters([...new URLSearchParams(body), ...url.searchParams]);
    const { delivery, delayMs } = await parts.gateway.receive({ method, parameters });
    if (delayMs > 0) await wait(delayMs, undefined, { signal });
    deliver(response, delivery);
    return;
  }
  deliver(response, await answerAdmin(parts, method, url.pathname, body));
}

async function answerAdmin(parts: HttpParts, method: string, path: string, body: string): Promise<Delivery> {
  const route = findAdminRoute(method, path);
  if (route === null) return deliverJson(404, { error: `there is no ${method} ${path}` });
  try {
    return deliverJson(200, await route(parts, readJson(body)));
  } catch (error) {
    if (error instanceof AdminError) return deliverJson(400, { error: error.message, faults: error.faults });
    throw error;
  }
}

function readJson(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch {
    throw new AdminError('the body is not JSON');
  }
}

function deliverJson(status: number, content: object): Delivery {
  return { kind: 'answer', status, contentType: 'application/json', body: `${JSON.stringify(content)}\n` };
}

/** The whole body as text; null when it is larger than any real request. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8');
}

function deliver(response: ServerResponse, delivery: Delivery): void {
  switch (delivery.kind) {
    case 'silence':
      return;
    case 'cut':
      response.socket?.destroy();
      return;
    case 'answer':
      response
        .writeHead(delivery.status, {
          'content-type': delivery.contentType,
          'content-length': Buffer.byteLength(delivery.body),
        })
        .end(delivery.body);
  }
}

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { FailError } from '../errors.js';
import { Account } from './account.js';
import { Authority } from './authority.js';
import { SandboxClock } from './clock.js';
import type { Credentials } from './credentials.js';
import { FaultBoard } from './fault-board.js';
import { Gateway, type LimitAnswer } from './gateway.js';
import { respond, type HttpParts } from './http.js';
import type { LeafDays } from './leaf-life.js';
import { Lifecycle, type LifecycleSettings, type ReplacementMoment } from './lifecycle.js';
import { RateLimits } from './limits.js';
import { makeRandom } from './random.js';
import type { ExpiryReading } from './term.js';
import { TypeNames, type TypeSpelling } from './type-names.js';

export interface SandboxOptions {
  /** Default 4000; 0 for any free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Length of a certificate in days, default 198 as SSL.com's; `auto`: what the CA issues on the day. Never beyond the paid term. */
  leafDays?: LeafDays;
  /** Length of just the first certificate issued, days. */
  firstLeafDays?: number;
  /** From activation to issuance, ms of the sandbox's clock; default 2000. */
  validationDelayMs?: number;
  /** When the reissued certificate becomes `replaced`; default `accepted`, with ReplacedBy set in either case. */
  replacedWhen?: ReplacementMoment;
  /** Whether Expires is the end of the leaf (default) or of the paid term; ssl.renew's window goes by it. */
  expires?: ExpiryReading;
  /** How answers spell products: `Standard SSL` (default, `docs`) or `Standard SSL SSLcom` (`sslcom`). */
  typeNames?: TypeSpelling;
  /** USD, default 1000. */
  balance?: string;
  /** Calls per minute, hour and day; default Namecheap's 20, 700 and 8000; 0 switches a window off. */
  limits?: [number, number, number];
  /** How calls beyond them are answered, default HTTP `405`. */
  limitAnswer?: LimitAnswer;
  /** Makes faults that strike by probability strike the same calls in every run. */
  faultSeed?: number;
  /** Default `sandbox`. */
  user?: string;
  /** Default `sandbox-api-key-0123456789abcdef`. */
  apiKey?: string;
  /** The one allow-listed ClientIp, default 127.0.0.1. */
  clientIp?: string;
  /** Added to every certificate, order and transaction id: a restarted sandbox must not give out ids that a Redis remembers. Default 0. */
  idOffset?: number;
  /** The outer clock, ms since the epoch; default Date.now. `POST /_clock` moves the sandbox's clock ahead of it. */
  now?: () => number;
}

export interface Sandbox extends AsyncDisposable {
  /** The API's endpoint. */
  readonly url: string;
  readonly port: number;
  readonly account: Readonly<Credentials>;
  /** Stops listening and cuts every open connection, also those that are kept waiting. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in for Namecheap: an HTTP server whose `/xml.response` answers as the real API does, with an account
 * kept in memory and a certificate authority of its own. Control it through its admin endpoints (docs/sandbox.md).
 * @throws FailError ERR_SANDBOX_PORT when the port can not be had
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 4000, host = '127.0.0.1', user = 'sandbox', clientIp = '127.0.0.1' } = options;
  const account = { user, apiKey: options.apiKey ?? 'sandbox-api-key-0123456789abcdef', clientIp };
  const parts = await assemble(options, account);
  const closing = new AbortController();
  const server = createServer((request, response) => {
    respond(parts, request, response, closing.signal).catch(() => {
      // Aborted by close(), the client went away, or a request that is not HTTP as anybody sends it.
      if (closing.signal.aborted || response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  const actualPort = await listen(server, port, host);
  const close = async (): Promise<void> => {
    closing.abort();
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}/xml.response`;
  return { url, port: actualPort, account, close, [Symbol.asyncDispose]: close };
}

async function assemble(options: SandboxOptions, credentials: Credentials): Promise<HttpParts> {
  const clock = new SandboxClock(options.now ?? Date.now);
  const typeNames = new TypeNames(clock, options.typeNames ?? 'docs');
  const account = new Account(options.balance ?? '1000', clock, typeNames, options.idOffset);
  const authority = await Authority.create(clock.now());
  const lifecycle = new Lifecycle(account, authority, clock, readSettings(options));
  const faults = new FaultBoard(
    options.faultSeed === undefined ? Math.random : makeRandom(options.faultSeed),
  );
  const limits = new RateLimits(options.limits ?? [20, 700, 8000]);
  const context = { account, lifecycle, clock, typeNames };
  const gateway = new Gateway(context, credentials, limits, faults, options.limitAnswer ?? '405');
  return { ...context, faults, gateway };
}

function readSettings(options: SandboxOptions): LifecycleSettings {
  return {
    leafDays: options.leafDays ?? 198,
    nextLeafDays: options.firstLeafDays ?? null,
    validationDelayMs: options.validationDelayMs ?? 2000,
    mode: 'auto',
    replacedWhen: options.replacedWhen ?? 'accepted',
    expires: options.expires ?? 'leaf',
  };
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FailError(
      `The sandbox cannot listen on ${host}:${port} (${reason}). Choose another port, 0 for any free one.`,
      'ERR_SANDBOX_PORT',
      cause,
    );
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisTarget } from '../../config/environment.js';
import { describeError, PmnamecheapError } from '../errors.js';

export type RedisClient = Redis | Cluster;

/** The few settings in which our connections differ. Durations in ms. */
export interface ConnectionSettings {
  autoResendUnfulfilledCommands?: boolean;
  enableOfflineQueue?: boolean;
  /** Null: a command waits for as long as the reconnection takes (BullMQ's workers need this). */
  maxRetriesPerRequest?: number | null;
  connectTimeout?: number;
  /** An answer that is due for longer than this means that the connection is dead: it is made anew. */
  socketTimeout?: number;
  retryStrategy?: (times: number) => number;
}

function findRemedy(reason: string): string {
  if (/WRONGPASS|NOAUTH/.test(reason)) return 'check user and password in REDIS_URL';
  if (/NOPERM/.test(reason)) return 'its ACL gives this user too little: see docs/redis-security.md';
  if (/self.signed certificate|issuer certificate|verify the first certificate/i.test(reason))
    return 'give the authority that signed its certificate as REDIS_CA_FILE';
  if (/altnames|certificate has expired|not yet valid/i.test(reason))
    return 'its certificate is for another name or time: correct REDIS_URL or the certificate';
  if (/ECONNRESET|connection is closed/i.test(reason))
    return 'it hung up: if it speaks TLS there, give rediss://';
  if (/DB index/i.test(reason)) return 'give a database that exists in REDIS_URL';
  if (/no answer/.test(reason))
    return 'check host, port and whether it speaks TLS (rediss://) or not (redis://)';
  return 'start it, or set REDIS_URL to where it runs';
}

/** Redis cannot be reached or refuses us. */
export class RedisUnavailableError extends PmnamecheapError {
  constructor(where: string, reason: string) {
    super(`Redis at ${where} cannot be used (${reason}): ${findRemedy(reason)}`, {
      code: 'ERR_REDIS_UNAVAILABLE',
      verdict: 'retry',
    });
  }
}

/** The target for people: hosts and ports, never a password. */
export function describeTarget(target: RedisTarget): string {
  if (target.kind === 'url') {
    const { protocol, host, pathname } = new URL(target.url);
    return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
  }
  const nodes = target.kind === 'sentinel' ? target.sentinels : target.nodes;
  return nodes.map((node) => `${node.host}:${node.port}`).join(',');
}

/** A client that is not connected yet. An error listener is attached: ioredis would otherwise throw from the event loop. */
export function createRedis(target: RedisTarget, settings: ConnectionSettings): RedisClient {
  const client = build(target, settings);
  client.on('error', () => undefined);
  return client;
}

function build(target: RedisTarget, settings: ConnectionSettings): RedisClient {
  const options = { lazyConnect: true, ...settings };
  if (target.kind === 'url') return new Redis(target.url, { ...options, ...composeTls(target) });
  if (target.kind === 'sentinel')
    return new Redis({ ...options, sentinels: target.sentinels, name: target.name });
  const { enableOfflineQueue = true, retryStrategy, ...redisOptions } = settings;
  // A Cluster client sends a command again when its connection closes, whatever its nodes are told: unless this is 0.
  const resend = settings.autoResendUnfulfilledCommands === false ? { retryDelayOnFailover: 0 } : {};
  return new Cluster(target.nodes, {
    lazyConnect: true,
    enableOfflineQueue,
    redisOptions,
    ...resend,
    ...(retryStrategy === undefined ? {} : { clusterRetryStrategy: retryStrategy }),
  });
}

/** An answer of Redis may take this long, ms: longer than its replicas have to confirm, shorter than any lease. */
const ANSWER_MS = 10_000;

/** Verification is asked for by name: NODE_TLS_REJECT_UNAUTHORIZED=0, set for something else, would switch it off. */
function composeTls({ url, ca }: Extract<RedisTarget, { kind: 'url' }>): Pick<RedisOptions, 'tls'> {
  if (!url.startsWith('rediss:')) return {};
  return { tls: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) } };
}

/**
 * The connection that money depends on: a command whose reply was lost is never sent again behind our back, and
 * nothing is queued while Redis is away (the intent would be recorded after the call was made). A Redis that hangs
 * ends every command that waits for it with an error, and the connection is made anew.
 * @throws RedisUnavailableError when Redis does not answer within `timeoutMs`.
 */
export async function connectStore(
  target: RedisTarget,
  timeoutMs = 5000,
  answerMs = ANSWER_MS,
): Promise<RedisClient> {
  const client = createRedis(target, {
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: timeoutMs,
    socketTimeout: answerMs,
    retryStrategy: (times) => Math.min(times * 100, 2000),
  });
  await connectWithin(client, target, timeoutMs);
  return client;
}

async function connectWithin(client: RedisClient, target: RedisTarget, timeoutMs: number): Promise<void> {
  // The rejection only says that the connection is closed; the event says why.
  const last = { reason: '' };
  client.on('error', (error: Error) => (last.reason = error.message));
  const deadline = AbortSignal.timeout(timeoutMs);
  const expired = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(new Error(`no answer within ${timeoutMs} ms`)), {
      once: true,
    });
  });
  try {
    // With lazyConnect the first failure rejects; a refused connection is told at once instead of after the deadline.
    await Promise.race([client.connect().then(() => probe(client, target)), expired]);
  } catch (error) {
    client.disconnect();
    throw new RedisUnavailableError(describeTarget(target), last.reason || describeError(error));
  }
}

/** ioredis goes on in database 0 when the one in the URL does not exist: ask for it by name. */
async function probe(client: RedisClient, target: RedisTarget): Promise<void> {
  const database = target.kind === 'url' ? Number(new URL(target.url).pathname.slice(1) || '0') : 0;
  if (client instanceof Redis && database > 0) await client.select(database);
  await client.ping();
}

/** Redis's clock, ms: the one that all workers share. */
export async function readClock(redis: RedisClient): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

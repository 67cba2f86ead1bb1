import { existsSync } from 'node:fs';
import { z } from 'zod';
import { InputError } from '../src/errors.js';
import { keepSecret, redact } from '../src/redact.js';
import { cronPattern } from './cron-pattern.js';
import { formatDuration } from './duration.js';
import { duration, path, prefix, sealingKey } from './fields.js';
import {
  checkRedisCa,
  hasHashTag,
  redisCaFile,
  redisNodes,
  redisUrl,
  type RedisTarget,
} from './redis-target.js';
import { checkWebhook, chooseWebhook, webhookSecret, webhookUrl, type WebhookTarget } from './webhook.js';

export type { RedisNode, RedisTarget } from './redis-target.js';

/** The settings as the rest of the code uses them. All durations in ms. */
export interface Environment {
  redis: RedisTarget;
  /** BullMQ's prefix, and that of our own keys. */
  prefix: string;
  /** 32 bytes in base64: seals credentials before they enter Redis. */
  secretKey: string | null;
  /** Still opens what it sealed. */
  previousSecretKey: string | null;
  logFile: string;
  debugConf: string;
  /** One API call. */
  httpTimeoutMs: number;
  /** How long an unanswered purchase is looked for before it counts as not made. */
  settleTimeMs: number;
  throttlePauseMs: number;
  /** An empty database stops purchases until it is restored or reconciled. */
  isDataExpected: boolean;
  /** Purchase although Redis would lose writes on a crash. */
  isVolatileAllowed: boolean;
  shutdownGraceMs: number;
  collectEveryMs: number;
  /** When the scan runs: a cron pattern, UTC. */
  scanCron: string;
  /** Fixed lead time of reissues; null: a third of the certificate's life. */
  reissueBeforeMs: number | null;
  /** Jitter of due times; null: a twelfth of the life, at most 14 days. */
  reissueSpreadMs: number | null;
  /** Where events are POSTed, and with which secret they are signed; null: nowhere. */
  webhook: WebhookTarget | null;
}

/** What the defaults depend on besides the variables. */
export interface EnvironmentFacts {
  /** Whether a file or folder exists. */
  exists: (path: string) => boolean;
}

const MGR5 = { logs: '/usr/local/mgr5/var', debugConf: '/usr/local/mgr5/etc/debug.conf' };

/** Their values never appear in a message, not even a wrong one: it may be the right one with a typing error. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'REDIS_URL',
  'PMNAMECHEAP_SECRET_KEY',
  'PMNAMECHEAP_PREVIOUS_SECRET_KEY',
  // Its query may hold a token.
  'PMNAMECHEAP_WEBHOOK_URL',
  'PMNAMECHEAP_WEBHOOK_SECRET',
]);

const LONGEST_SHOWN = 80;

const schema = z
  .object({
    REDIS_URL: redisUrl.optional(),
    REDIS_CA_FILE: redisCaFile.optional(),
    REDIS_SENTINELS: redisNodes.optional(),
    REDIS_SENTINEL_NAME: z.string().optional(),
    REDIS_CLUSTER: redisNodes.optional(),
    PMNAMECHEAP_PREFIX: prefix.prefault('{pmnamecheap}'),
    PMNAMECHEAP_SECRET_KEY: sealingKey.optional(),
    PMNAMECHEAP_PREVIOUS_SECRET_KEY: sealingKey.optional(),
    PMNAMECHEAP_LOG_FILE: path.optional(),
    PMNAMECHEAP_DEBUG_CONF: path.optional(),
    PMNAMECHEAP_HTTP_TIMEOUT: duration('100ms', '10m').prefault('90s'),
    PMNAMECHEAP_SETTLE_TIME: duration('200ms', '24h').prefault('20m'),
    PMNAMECHEAP_THROTTLE_PAUSE: duration('100ms', '1h').prefault('60s'),
    PMNAMECHEAP_EXPECT_DATA: z
      .enum(['0', '1'], 'give 1 where the database holds data, or leave the variable out')
      .prefault('0'),
    PMNAMECHEAP_ALLOW_VOLATILE: z
      .enum(['0', '1'], 'give 1 to allow it, or leave the variable out')
      .prefault('0'),
    PMNAMECHEAP_SHUTDOWN_GRACE: duration('0s', '1h').prefault('30s'),
    PMNAMECHEAP_COLLECT_EVERY: duration('100ms', '24h').prefault('1m'),
    PMNAMECHEAP_SCAN_CRON: cronPattern.prefault('*/15 * * * *'),
    PMNAMECHEAP_REISSUE_BEFORE: duration('1m', '365d').optional(),
    PMNAMECHEAP_REISSUE_SPREAD: duration('0s', '30d').optional(),
    PMNAMECHEAP_WEBHOOK_URL: webhookUrl.optional(),
    PMNAMECHEAP_WEBHOOK_SECRET: webhookSecret.optional(),
  })
  // Also when a variable is wrong in itself: the reader gets every fault at once.
  .superRefine(checkTogether, { when: () => true });

type Fields = z.output<typeof schema>;

function checkTogether(fields: Partial<Fields>, context: z.core.$RefinementCtx): void {
  const report = (name: keyof Fields, message: string): void => {
    context.addIssue({ code: 'custom', path: [name], message, input: fields });
  };
  const targets = (['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER'] as const).filter(
    (name) => name in fields,
  );
  const [first, ...others] = targets;
  for (const name of others) {
    report(
      name,
      `only one of REDIS_URL, REDIS_SENTINELS and REDIS_CLUSTER may be set: remove it or ${first ?? ''}`,
    );
  }
  if ('REDIS_SENTINELS' in fields && !('REDIS_SENTINEL_NAME' in fields)) {
    report(
      'REDIS_SENTINEL_NAME',
      'give the name under which the sentinels know the primary, such as mymaster',
    );
  }
  if ('REDIS_SENTINEL_NAME' in fields && !('REDIS_SENTINELS' in fields)) {
    report('REDIS_SENTINELS', 'give the sentinels as host:port,host:port, or remove REDIS_SENTINEL_NAME');
  }
  checkRedisCa(fields, report);
  checkWebhook(fields, report);
  const {
    PMNAMECHEAP_PREFIX: keyPrefix,
    PMNAMECHEAP_HTTP_TIMEOUT: timeout,
    PMNAMECHEAP_SETTLE_TIME: settle,
  } = fields;
  if ('REDIS_CLUSTER' in fields && typeof keyPrefix === 'string' && !hasHashTag(keyPrefix)) {
    report('PMNAMECHEAP_PREFIX', 'a Cluster needs a {hash tag} in it, such as {pmnamecheap}');
  }
  // A call that is still under way must not be declared as not made: it could be paid for twice.
  if (typeof timeout === 'number' && typeof settle === 'number' && settle < 2 * timeout) {
    report(
      'PMNAMECHEAP_SETTLE_TIME',
      `give at least twice PMNAMECHEAP_HTTP_TIMEOUT (${formatDuration(timeout)}): ${formatDuration(2 * timeout)} or more`,
    );
  }
}

function describeFault(name: string, value: string | undefined, remedy: string): string {
  if (value === undefined) return `${name} is not set: ${remedy}`;
  if (SECRET_NAMES.has(name)) return `${name} is not usable: ${remedy}`;
  const shown = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}…` : value;
  return redact(`${name} is ${JSON.stringify(shown)}: ${remedy}`);
}

function chooseTarget(fields: Fields): RedisTarget {
  const { REDIS_URL, REDIS_CA_FILE: ca, REDIS_SENTINELS, REDIS_SENTINEL_NAME, REDIS_CLUSTER } = fields;
  if (REDIS_CLUSTER !== undefined) return { kind: 'cluster', nodes: REDIS_CLUSTER };
  if (REDIS_SENTINELS !== undefined && REDIS_SENTINEL_NAME !== undefined) {
    return { kind: 'sentinel', sentinels: REDIS_SENTINELS, name: REDIS_SENTINEL_NAME };
  }
  const url = REDIS_URL ?? 'redis://127.0.0.1:6379';
  return { kind: 'url', url, ...(ca === undefined ? {} : { ca }) };
}

/**
 * The settings out of the environment's variables. An empty variable counts as unset. The secrets among them are
 * masked in every message and log line from here on.
 * @throws InputError with one fault per wrong variable, each with its remedy.
 */
export function parseEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  facts: EnvironmentFacts = { exists: existsSync },
): Environment {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  keepSecret(set['PMNAMECHEAP_SECRET_KEY'] ?? '');
  keepSecret(set['PMNAMECHEAP_PREVIOUS_SECRET_KEY'] ?? '');
  keepSecret(set['PMNAMECHEAP_WEBHOOK_SECRET'] ?? '');
  const parsed = schema.safeParse(set);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path: [name], message }) =>
      describeFault(String(name), set[String(name)], message),
    );
    throw new InputError(faults, 'The environment');
  }
  const fields = parsed.data;
  const logs = facts.exists(MGR5.logs) ? MGR5.logs : 'var';
  const debugConf = facts.exists(MGR5.debugConf) ? MGR5.debugConf : 'config/debug.conf';
  return {
    redis: chooseTarget(fields),
    prefix: fields.PMNAMECHEAP_PREFIX,
    secretKey: fields.PMNAMECHEAP_SECRET_KEY ?? null,
    previousSecretKey: fields.PMNAMECHEAP_PREVIOUS_SECRET_KEY ?? null,
    logFile: fields.PMNAMECHEAP_LOG_FILE ?? `${logs}/pmnamecheap.log`,
    debugConf: fields.PMNAMECHEAP_DEBUG_CONF ?? debugConf,
    httpTimeoutMs: fields.PMNAMECHEAP_HTTP_TIMEOUT,
    settleTimeMs: fields.PMNAMECHEAP_SETTLE_TIME,
    throttlePauseMs: fields.PMNAMECHEAP_THROTTLE_PAUSE,
    isDataExpected: fields.PMNAMECHEAP_EXPECT_DATA === '1',
    isVolatileAllowed: fields.PMNAMECHEAP_ALLOW_VOLATILE === '1',
    shutdownGraceMs: fields.PMNAMECHEAP_SHUTDOWN_GRACE,
    collectEveryMs: fields.PMNAMECHEAP_COLLECT_EVERY,
    scanCron: fields.PMNAMECHEAP_SCAN_CRON,
    reissueBeforeMs: fields.PMNAMECHEAP_REISSUE_BEFORE ?? null,
    reissueSpreadMs: fields.PMNAMECHEAP_REISSUE_SPREAD ?? null,
    webhook: chooseWebhook(fields),
  };
}

/** The `PMNAMECHEAP_…` variables that are set but mean nothing to this version: a typing error, or of a later version. */
export function listUnusedVariables(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith('PMNAMECHEAP_') && !(name in schema.shape))
    .filter((name) => env[name] !== undefined && env[name] !== '')
    .sort();
}

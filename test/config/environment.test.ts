import { describe, expect, it } from 'vitest';
import { listUnusedVariables, parseEnvironment } from '../../config/environment.js';
import { InputError } from '../../src/errors.js';
import { redact } from '../../src/redact.js';

const nothingExists = { exists: () => false };
const parse = (env: Record<string, string | undefined>) => parseEnvironment(env, nothingExists);

function listFaults(env: Record<string, string | undefined>): readonly string[] {
  try {
    parse(env);
  } catch (error) {
    if (error instanceof InputError) return error.faults;
    throw error;
  }
  return [];
}

describe('the defaults', () => {
  it('are those of the documentation', () => {
    expect(parse({})).toEqual({
      redis: { kind: 'url', url: 'redis://127.0.0.1:6379' },
      prefix: '{pmnamecheap}',
      secretKey: null,
      previousSecretKey: null,
      logFile: 'var/pmnamecheap.log',
      debugConf: 'config/debug.conf',
      httpTimeoutMs: 90_000,
      settleTimeMs: 20 * 60_000,
      throttlePauseMs: 60_000,
      isDataExpected: false,
      isVolatileAllowed: false,
      shutdownGraceMs: 30_000,
      collectEveryMs: 60_000,
      scanCron: '*/15 * * * *',
      reissueBeforeMs: null,
      reissueSpreadMs: null,
      webhook: null,
    });
  });

  it('follow BILLmanager where it is installed', () => {
    const mgr5 = { exists: (path: string) => path.startsWith('/usr/local/mgr5/') };
    expect(parseEnvironment({}, mgr5)).toMatchObject({
      logFile: '/usr/local/mgr5/var/pmnamecheap.log',
      debugConf: '/usr/local/mgr5/etc/debug.conf',
    });
  });

  it('hold for empty variables', () => {
    const names = ['REDIS_URL', 'REDIS_CLUSTER', 'PMNAMECHEAP_PREFIX', 'PMNAMECHEAP_HTTP_TIMEOUT'];
    const empty = Object.fromEntries([...names, 'PMNAMECHEAP_SECRET_KEY'].map((name) => [name, '']));
    expect(parse(empty)).toEqual(parse({}));
  });
});

describe('the variables', () => {
  it('are taken over, durations in ms', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const previous = Buffer.alloc(32, 9).toString('base64');
    const environment = parse({
      REDIS_URL: 'rediss://app:pw@redis.example:6380/2',
      PMNAMECHEAP_PREFIX: 'certs',
      PMNAMECHEAP_SECRET_KEY: key,
      PMNAMECHEAP_PREVIOUS_SECRET_KEY: previous,
      PMNAMECHEAP_LOG_FILE: '/tmp/a.log',
      PMNAMECHEAP_DEBUG_CONF: '/tmp/a.conf',
      PMNAMECHEAP_HTTP_TIMEOUT: '5s',
      PMNAMECHEAP_SETTLE_TIME: '10s',
      PMNAMECHEAP_THROTTLE_PAUSE: '2s',
      PMNAMECHEAP_EXPECT_DATA: '1',
      PMNAMECHEAP_ALLOW_VOLATILE: '1',
      PMNAMECHEAP_SHUTDOWN_GRACE: '0s',
      PMNAMECHEAP_COLLECT_EVERY: '500ms',
      PMNAMECHEAP_REISSUE_BEFORE: '30d',
      PMNAMECHEAP_REISSUE_SPREAD: '0s',
      PMNAMECHEAP_SCAN_CRON: ' 30  0 4 * *  1-5 ',
      PMNAMECHEAP_WEBHOOK_URL: 'https://billing.example/hook?from=ssl',
      PMNAMECHEAP_WEBHOOK_SECRET: 'sixteen-letters!',
    });
    expect(environment).toEqual({
      redis: { kind: 'url', url: 'rediss://app:pw@redis.example:6380/2' },
      prefix: 'certs',
      secretKey: key,
      previousSecretKey: previous,
      logFile: '/tmp/a.log',
      debugConf: '/tmp/a.conf',
      httpTimeoutMs: 5_000,
      settleTimeMs: 10_000,
      throttlePauseMs: 2_000,
      isDataExpected: true,
      isVolatileAllowed: true,
      shutdownGraceMs: 0,
      collectEveryMs: 500,
      scanCron: '30 0 4 * * 1-5',
      reissueBeforeMs: 30 * 86_400_000,
      reissueSpreadMs: 0,
      webhook: { url: 'https://billing.example/hook?from=ssl', secret: 'sixteen-letters!' },
    });
  });

  it('name Sentinel or a Cluster instead of one server', () => {
    expect(
      parse({ REDIS_SENTINELS: 'a.example:26379, [::1]:26380', REDIS_SENTINEL_NAME: 'mymaster' }).redis,
    ).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'a.example', port: 26379 },
        { host: '::1', port: 26380 },
      ],
      name: 'mymaster',
    });
    expect(parse({ REDIS_CLUSTER: '10.0.0.1:7000' }).redis).toEqual({
      kind: 'cluster',
      nodes: [{ host: '10.0.0.1', port: 7000 }],
    });
  });

  it.each([
    ['REDIS_SENTINELS', 'a.example'],
    ['REDIS_SENTINELS', 'a.example:0'],
    ['REDIS_CLUSTER', 'a:1,,b:2'],
    ['REDIS_CLUSTER', 'a:70000'],
    ['PMNAMECHEAP_PREFIX', 'two words'],
    ['PMNAMECHEAP_HTTP_TIMEOUT', '99ms'],
    ['PMNAMECHEAP_HTTP_TIMEOUT', '11m'],
    ['PMNAMECHEAP_THROTTLE_PAUSE', '2h'],
    ['PMNAMECHEAP_ALLOW_VOLATILE', 'yes'],
    ['PMNAMECHEAP_SHUTDOWN_GRACE', '-1s'],
    ['PMNAMECHEAP_REISSUE_SPREAD', '31d'],
  ])('%s refuses %j', (name, value) => {
    expect(listFaults({ [name]: value }).find((fault) => fault.startsWith(name))).toContain(
      `${name} is "${value}": `,
    );
  });

  it.each(['http://h:1', 'REDISS://h:1', 'redis:', 'redis://h/notanumber', 'localhost:6379'])(
    'REDIS_URL refuses %s',
    (url) => {
      expect(listFaults({ REDIS_URL: url })).toEqual([
        'REDIS_URL is not usable: give redis://host:port or rediss://user:password@host:port/0',
      ]);
    },
  );
});

describe('PMNAMECHEAP_SCAN_CRON', () => {
  it.each([
    '*/5 * * * *',
    '30 */5 * * * *',
    '0 4 * * MON',
    '0 4 * * THU',
    '0 9 * JAN,jul MON-FRI',
    '0 0 L * *',
    '0 0 29 2 *',
    '0 0 * * 7',
  ])('takes %j', (pattern) => {
    expect(parse({ PMNAMECHEAP_SCAN_CRON: pattern }).scanCron).toBe(pattern);
  });

  it.each([
    'hourly',
    '@hourly',
    '@every 5m',
    '* * * *',
    '* * * * * * *',
    '60 * * * *',
    '0 24 * * *',
    '0 0 0 * *',
    '0 0 30 2 *',
    '0 0 31 4 *',
    '* * * 13 *',
    '* * * * 8',
    '* * * * MOON',
    '5-1 * * * *',
    '*/0 * * * *',
    '-1 * * * *',
    'H * * * *',
    'H(0-29)/10 * * * *',
    '0,h * * * *',
    '0 0 * * *; rm',
  ])('refuses %j, with a pattern that works', (pattern) => {
    expect(listFaults({ PMNAMECHEAP_SCAN_CRON: pattern })).toEqual([
      `PMNAMECHEAP_SCAN_CRON is ${JSON.stringify(pattern)}: give five cron fields (minute hour day month weekday), or six with seconds first, such as "*/15 * * * *"`,
    ]);
  });
});

describe('the webhook', () => {
  const secret = 'sixteen-letters!';

  it.each(['http://127.0.0.1:8080/hook', 'http://[::1]/', 'http://localhost:9/', 'https://b.example'])(
    'may be at %s',
    (url) => {
      expect(listFaults({ PMNAMECHEAP_WEBHOOK_URL: url, PMNAMECHEAP_WEBHOOK_SECRET: secret })).toEqual([]);
    },
  );

  it.each([
    'http://billing.example/hook',
    'https://user:letmein99@b.example/',
    'https://b.example/#a',
    'ftp://b.example',
    'b.example?token=letmein99',
  ])('refuses %s, without repeating it', (url) => {
    const faults = listFaults({ PMNAMECHEAP_WEBHOOK_URL: url, PMNAMECHEAP_WEBHOOK_SECRET: secret });
    expect(faults).toEqual([expect.stringMatching(/^PMNAMECHEAP_WEBHOOK_URL is not usable: give a URL/)]);
    expect(faults.join()).not.toContain('letmein99');
  });

  it('has a secret of 16 characters or more, which is masked from then on', () => {
    const url = 'https://b.example';
    const [fault] = listFaults({
      PMNAMECHEAP_WEBHOOK_URL: url,
      PMNAMECHEAP_WEBHOOK_SECRET: 'too-short-15chr',
    });
    expect(fault).toMatch(/^PMNAMECHEAP_WEBHOOK_SECRET is not usable: give at least 16 characters/);
    expect(redact('too-short-15chr')).toBe('*****');
  });

  it('is complete or not there', () => {
    expect(listFaults({ PMNAMECHEAP_WEBHOOK_URL: 'https://b.example' })[0]).toMatch(
      /^PMNAMECHEAP_WEBHOOK_SECRET is not set/,
    );
    expect(listFaults({ PMNAMECHEAP_WEBHOOK_SECRET: secret })[0]).toMatch(
      /^PMNAMECHEAP_WEBHOOK_URL is not set/,
    );
  });
});

describe('faults', () => {
  it('name every bad variable with its remedy, also those that do not fit together', () => {
    const faults = listFaults({
      PMNAMECHEAP_HTTP_TIMEOUT: '10m',
      PMNAMECHEAP_SETTLE_TIME: '15m',
      PMNAMECHEAP_COLLECT_EVERY: '90',
      REDIS_SENTINEL_NAME: 'mymaster',
    });
    expect(faults).toEqual([
      'PMNAMECHEAP_COLLECT_EVERY is "90": give a duration such as 90s, 20m or 12h',
      'REDIS_SENTINELS is not set: give the sentinels as host:port,host:port, or remove REDIS_SENTINEL_NAME',
      'PMNAMECHEAP_SETTLE_TIME is "15m": give at least twice PMNAMECHEAP_HTTP_TIMEOUT (10m): 20m or more',
    ]);
  });

  it('say so when the defaults no longer fit: the settle time follows neither', () => {
    expect(listFaults({ PMNAMECHEAP_SETTLE_TIME: '2m' })).toHaveLength(1);
    expect(listFaults({ PMNAMECHEAP_SETTLE_TIME: '3m' })).toEqual([]);
  });

  it('refuse two places for Redis', () => {
    const faults = listFaults({ REDIS_URL: 'redis://h:1', REDIS_CLUSTER: 'h:1' });
    expect(faults).toEqual([
      'REDIS_CLUSTER is "h:1": only one of REDIS_URL, REDIS_SENTINELS and REDIS_CLUSTER may be set: remove it or REDIS_URL',
    ]);
  });

  it('refuse sentinels without the name of the primary', () => {
    expect(listFaults({ REDIS_SENTINELS: 'h:1' })).toEqual([
      'REDIS_SENTINEL_NAME is not set: give the name under which the sentinels know the primary, such as mymaster',
    ]);
  });

  it.each(['plain', '{}', '}x{'])('refuse the prefix %s in a Cluster', (prefix) => {
    expect(listFaults({ REDIS_CLUSTER: 'h:1', PMNAMECHEAP_PREFIX: prefix })[0]).toContain('{hash tag}');
    expect(listFaults({ REDIS_CLUSTER: 'h:1', PMNAMECHEAP_PREFIX: 'a{b}c' })).toEqual([]);
  });
});

describe('secrets', () => {
  it('never appear in a fault', () => {
    const faults = listFaults({
      REDIS_URL: 'redis://app:hunter2secret@h/x',
      PMNAMECHEAP_SECRET_KEY: 'not-32-bytes-at-all',
      PMNAMECHEAP_PREVIOUS_SECRET_KEY: 'short-as-well',
      REDIS_SENTINELS: 'redis://app:hunter2secret@h:1',
    });
    expect(new Set(faults.map((fault) => fault.split(' ')[0]))).toEqual(
      new Set([
        'REDIS_URL',
        'REDIS_SENTINELS',
        'REDIS_SENTINEL_NAME',
        'PMNAMECHEAP_SECRET_KEY',
        'PMNAMECHEAP_PREVIOUS_SECRET_KEY',
      ]),
    );
    expect(faults.join()).not.toMatch(/hunter2|32-bytes-at|short-as/);
  });

  it('are masked in every later message, decoded or not', () => {
    const key = Buffer.alloc(32, 3).toString('base64');
    parse({ REDIS_URL: 'redis://:p%40ssw0rd-x@h:1', PMNAMECHEAP_SECRET_KEY: key });
    expect(redact(`${key} p%40ssw0rd-x p@ssw0rd-x`)).toBe('***** ***** *****');
  });
});

describe('listUnusedVariables', () => {
  it('finds names that mean nothing to this version', () => {
    const env = { PMNAMECHEAP_HTPP_TIMEOUT: '1s', PMNAMECHEAP_PREFIX: 'x', PMNAMECHEAP_A: '1', PATH: '/bin' };
    expect(listUnusedVariables({ ...env, PMNAMECHEAP_EMPTY: '' })).toEqual([
      'PMNAMECHEAP_A',
      'PMNAMECHEAP_HTPP_TIMEOUT',
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { parseDuration, readDuration } from '../../config/duration.js';
import { listUnusedVariables, parseEnvironment } from '../../config/environment.js';
import { parseCsr } from '../../src/certificates/csr.js';
import { normalizePem } from '../../src/certificates/csr-pem.js';
import { readDomain } from '../../src/certificates/names.js';
import { parseMapFile } from '../../src/commands/import-file.js';
import { InputError } from '../../src/errors.js';
import { parseDebugConf } from '../../src/log/debug-conf.js';
import { checkArchive } from '../../src/store/archive-check.js';
import { makeCsr } from '../csr-fixtures.js';
import { sourceOf } from '../helpers/archives.js';
import { demandTyped, fuzz, SEED } from '../helpers/fuzz.js';
import { mutatedText, ODD_TEXTS } from '../helpers/mutated-text.js';
import { TEST_CSR } from '../helpers/test-csr.js';

/** The result, or null where it was refused as input is refused: every fault told, none of it raw. */
function judge<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof InputError)) throw new Error('not refused as input', { cause: error });
    demandTyped(error);
    expect(error.faults.length).toBeGreaterThan(0);
    expect(error.message).not.toMatch(/TypeError|SyntaxError|RangeError|ZodError|\[object |Invalid input/);
    expect(error.message.length).toBeLessThan(100_000);
    return null;
  }
}

describe('debug.conf', () => {
  const corpus = [
    '# comment\nSET max_log_size=104857600\n* 5\npmnamecheap.* 9\npmnamecheap.api 4 # why\ncore.x 3',
    'SET pmnamecheap.max_log_size = 5000\r\npmnamecheap 0\r\npmnamecheap.queue 7 user=1\r\n',
  ];
  fuzz('debug.conf', 8000, mutatedText(corpus), (text) => {
    const { levelOf, maxLogSize, faults } = parseDebugConf(text);
    for (const component of ['api', 'queue', '', '*', 'constructor']) {
      expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).toContain(levelOf(component));
    }
    expect(maxLogSize).toBeGreaterThanOrEqual(4096);
    for (const fault of faults) expect(fault.length).toBeLessThan(250);
  });
});

const VARIABLES: Record<string, string[]> = {
  REDIS_URL: ['redis://127.0.0.1:6379', 'rediss://user:geheim-geheim@redis.example:6380/2'],
  REDIS_SENTINELS: ['a.example:26379,b.example:26379', '[::1]:26379'],
  REDIS_SENTINEL_NAME: ['mymaster'],
  REDIS_CLUSTER: ['a.example:7000,b.example:7001'],
  PMNAMECHEAP_PREFIX: ['{pmnamecheap}', 'plain'],
  PMNAMECHEAP_SECRET_KEY: ['q7Jr0n0X1uVgVfH2o8m1Ff0mIYkq3y4b9o3F2c1x5zE='],
  PMNAMECHEAP_PREVIOUS_SECRET_KEY: ['A7Jr0n0X1uVgVfH2o8m1Ff0mIYkq3y4b9o3F2c1x5zE='],
  PMNAMECHEAP_LOG_FILE: ['var/pmnamecheap.log'],
  PMNAMECHEAP_DEBUG_CONF: ['config/debug.conf'],
  PMNAMECHEAP_HTTP_TIMEOUT: ['90s', '500ms'],
  PMNAMECHEAP_SETTLE_TIME: ['20m', '3m'],
  PMNAMECHEAP_THROTTLE_PAUSE: ['60s'],
  PMNAMECHEAP_ALLOW_VOLATILE: ['1', '0'],
  PMNAMECHEAP_SHUTDOWN_GRACE: ['30s'],
  PMNAMECHEAP_COLLECT_EVERY: ['1m'],
  PMNAMECHEAP_SCAN_CRON: ['*/15 * * * *', '0 0 3 * * *'],
  PMNAMECHEAP_REISSUE_BEFORE: ['60d'],
  PMNAMECHEAP_REISSUE_SPREAD: ['0s'],
  PMNAMECHEAP_WEBHOOK_URL: ['https://billing.example/hook?token=geheim-geheim'],
  PMNAMECHEAP_WEBHOOK_SECRET: ['geheim-geheim-geheim'],
};
const SECRETS = [
  'REDIS_URL',
  'PMNAMECHEAP_SECRET_KEY',
  'PMNAMECHEAP_WEBHOOK_URL',
  'PMNAMECHEAP_WEBHOOK_SECRET',
];

function sampled(good: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...fc.sample(mutatedText(good), { numRuns: 40, seed: SEED }));
}

describe('environment', () => {
  const values = Object.fromEntries(
    Object.entries(VARIABLES).map(([name, good]) => [
      name,
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...good) },
        // Whatever is set as a secret is masked from then on: so only some different ones, or all texts are searched for all.
        { weight: 2, arbitrary: /_(KEY|SECRET)$/.test(name) ? sampled(good) : mutatedText(good) },
      ),
    ]),
  );
  const unknown = fc.dictionary(fc.string(), fc.string(), { maxKeys: 2 });
  const environments = fc.tuple(fc.record(values, { requiredKeys: [] }), unknown);
  fuzz('environment', 5000, environments, ([variables, others]) => {
    const env: Record<string, string | undefined> = { ...others, ...variables };
    const parsed = judge(() => parseEnvironment(env, { exists: () => false }));
    listUnusedVariables(env);
    if (parsed === null) return;
    expect(parsed.settleTimeMs).toBeGreaterThanOrEqual(2 * parsed.httpTimeoutMs);
    for (const ms of Object.values(parsed))
      if (typeof ms === 'number') expect(Number.isSafeInteger(ms)).toBe(true);
  });

  fuzz('environment: a secret with a typing error', 1000, fc.record(values), (variables) => {
    try {
      parseEnvironment(variables, { exists: () => false });
    } catch (error) {
      const { message } = demandTyped(error);
      for (const name of SECRETS) {
        const value = variables[name] ?? '';
        // An odd text that replaced the whole value may stand in another variable, which is shown.
        if (/geheim-geheim|7Jr0n0X1uV/.test(value)) expect(message).not.toContain(value);
      }
    }
  });

  fuzz('durations', 5000, mutatedText(['90s', '1.5h', '500ms', '30d']), (text) => {
    const ms = readDuration(text);
    if (ms === null) expect(judge(() => parseDuration(text))).toBeNull();
    else expect(ms).toBeGreaterThanOrEqual(0);
  });
});

describe('CSRs', async () => {
  const kinds = ['p-256', 'p-384', 'p-521', 'ed25519', 'rsa-1024', 'rsa-2048', 'rsa-pss'] as const;
  const made = await Promise.all([
    ...kinds.map((key) =>
      makeCsr({ commonName: 'csr.example.com', key, sans: ['a.example.com'], organization: 'Ä' }),
    ),
    ...['', '*.example.com', 'x'.repeat(200), '🍓.example', '192.0.2.1', 'a..b', '\u0000.example.com'].map(
      (commonName) => makeCsr({ commonName, sans: ['192.0.2.7'], hash: 'SHA-1' }),
    ),
  ]);
  const corpus = [TEST_CSR, ...made.map(({ csr }) => csr)];
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const odd = [...ODD_TEXTS, certificate, `${TEST_CSR}\n${TEST_CSR}`, 'A'.repeat(40_000)];

  function demandCsr(text: string): void {
    const facts = judge(() => parseCsr(text));
    normalizePem(text);
    if (facts === null) return;
    expect(readDomain(facts.commonName).fault).toBeNull();
    // What was taken is what is sent, and means the same again.
    expect(parseCsr(facts.pem)).toEqual(facts);
  }

  fuzz('CSRs as texts', 4000, fc.oneof(mutatedText(corpus), fc.constantFrom(...odd)), demandCsr);

  const damage = fc.array(fc.record({ at: fc.nat(2000), byte: fc.nat(255) }), { minLength: 1, maxLength: 3 });
  const ders = fc.tuple(fc.constantFrom(...corpus), damage, fc.nat(40)).map(([pem, damages, cut]) => {
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    for (const { at, byte } of damages) der[at % der.length] = byte;
    const bytes = cut < 5 ? der.subarray(0, der.length - cut) : der;
    return `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
  });
  fuzz('CSRs as DER', 4000, ders, demandCsr);
});

describe('files', () => {
  const maps = [
    'serviceId,certificateId,paidTill\n1001,9000001,2027-11-22\n1002,9000002,\n',
    '{"serviceId":"1001","certificateId":9000001}\n{"serviceId":"1002","certificateId":2,"paidTill":"2027-11-22"}',
    '[{"serviceId":"1001","certificateId":9000001,"paidTill":"2027-11-22"}]',
  ];
  fuzz('import maps', 6000, mutatedText(maps), (text) => {
    const rows = judge(() => parseMapFile(text));
    for (const { serviceId, certificateId } of rows ?? []) {
      expect(serviceId).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      expect(Number.isSafeInteger(certificateId) && certificateId > 0).toBe(true);
    }
  });

  const header =
    '{"kind":"pmnamecheap-export","version":1,"at":"2026-11-24T00:00:00.000Z","prefix":"{test}"}';
  const archive = [
    [
      header,
      '{"kind":"certificate","serviceId":"1001","fields":{"record":"{}","version":"1"},"history":["{}"]}',
    ].join('\n'),
    [
      header,
      '{"kind":"account","account":"a","part":"claims","entries":{"1":"1001"}}',
      '{"kind":"end"}',
    ].join('\n'),
  ];
  fuzz('exports', 6000, mutatedText(archive), async (text) => {
    try {
      await checkArchive(sourceOf(text.split('\n')));
    } catch (error) {
      expect(
        judge(() => {
          throw error;
        }),
      ).toBeNull();
    }
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readWholeRedis, run } from '../commands/command-line.js';
import { countCases, FACTOR, SEED } from '../helpers/fuzz.js';
import { mutatedText } from '../helpers/mutated-text.js';
import { useRedis } from '../helpers/redis.js';

const redis = useRedis();

/** Command lines that end by themselves, as they are meant to be written. */
const LINES = [
  'module list',
  'module show default',
  'module remove default',
  'module pause default',
  'module resume default',
  'product list',
  'enqueue order --serviceId 1001 --type PositiveSSL --years 1 --dry-run',
  'enqueue renew --serviceId 1001 --years 1 --json',
  'enqueue close --serviceId 1001',
  'enqueue scan --help',
  'certificate list --due --json',
  'certificate list --status issued',
  'certificate show 1001 --json',
  'certificate resolve 1001 --adopt 9000001',
  'certificate resolve 1001 --not-made',
  'certificate restore missing.jsonl',
  'certificate import --map missing.csv',
  'stock list',
  'stock mark 9000001 --foreign',
  'events --json',
  'rehearse --days 2',
  'status --json',
  'worker --jobs nothing',
  'console --port 99999999',
  'sandbox --port nothing',
];

/** Words that start something that runs until it is stopped; everything else ends by itself. */
const ENDLESS = /^(worker|console|sandbox|demo)$|^--?f(ollow)?$/;

const word = fc.oneof(
  mutatedText([
    '1001',
    'default',
    '--json',
    '--status',
    '--days',
    'issued',
    '9000001',
    '--adopt',
    '--help',
    '-x',
  ]),
  fc.constantFrom(
    'order',
    'certificate',
    'module',
    '--',
    '-',
    '--years',
    '--serviceId=1',
    '--wait=1',
    '--dry-run',
  ),
);
const change = fc.record({ kind: fc.constantFrom('drop', 'set', 'add'), at: fc.nat(8), word });

const lines = fc
  .tuple(fc.constantFrom(...LINES), fc.array(change, { minLength: 1, maxLength: 2 }))
  .map(([line, changes]) =>
    changes.reduce<string[]>((words, one) => {
      const at = one.at % (words.length + 1);
      return words.toSpliced(at, one.kind === 'add' ? 0 : 1, ...(one.kind === 'drop' ? [] : [one.word]));
    }, line.split(' ')),
  );

it(
  'a command line with mistakes is explained, and changes nothing',
  async () => {
    const { client } = redis;
    const { host = '', port = 0, password = '' } = client.options as Record<string, string>; // of one server
    const codes = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(lines, async (argv) => {
        const before = await readWholeRedis(client);
        const env = {
          REDIS_URL: `redis://:${password}@${host}:${port}`,
          PMNAMECHEAP_PREFIX: '{fuzz}',
          PMNAMECHEAP_LOG_FILE: '/dev/null',
        };
        // What would run on is stopped as Ctrl-C does.
        const stop = argv.some((one) => ENDLESS.test(one))
          ? AbortSignal.abort()
          : new AbortController().signal;
        const { code, stdout, stderr } = await run(argv, { env, stop });
        codes.set(code, (codes.get(code) ?? 0) + 1);
        expect([0, 1, 2, 130]).toContain(code);
        if (code === 1 || code === 2) expect(stderr).not.toBe('');
        expect(stdout + stderr).not.toMatch(
          /TypeError|RangeError|ReferenceError|ZodError|ReplyError|\n {4}at /,
        );
        if (code === 2) expect(await readWholeRedis(client)).toBe(before);
      }),
      { seed: SEED, numRuns: countCases(300) },
    );
    expect(codes.get(2) ?? 0).toBeGreaterThan(0);
    process.stdout.write(
      `fuzz: command lines: ${JSON.stringify([...codes])} by exit code, FUZZ_SEED=${SEED}\n`,
    );
  },
  240_000 * Math.max(1, FACTOR),
);

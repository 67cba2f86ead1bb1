import fc from 'fast-check';
import { expect, it } from 'vitest';
import { run as runCommand } from '../commands/command-line.js';
import { countCases, FACTOR, SEED } from '../helpers/fuzz.js';
import { mutatedJson } from '../helpers/mutated-json.js';
import { mutatedText } from '../helpers/mutated-text.js';
import { composeOrder } from '../helpers/orders.js';
import { Play } from '../helpers/play.js';
import { useRedis } from '../helpers/redis.js';
import { listPlaces, readPlace, Snapshot, writePlace } from '../helpers/stored-places.js';

const redis = useRedis();

const COMMANDS = [
  'status --json',
  'certificate list',
  'module list',
  'module show default',
  'stock list --json',
  'certificate export',
  'events --dead',
  'product list',
];

/** Nothing that a person can act on has these words. */
const RAW = /TypeError|SyntaxError|RangeError|ZodError|ReplyError|user_script|big\.js|\n {4}at /;

/** Something of everything that an account holds: issued, unclear and pending services, stock, foreign ids, an audit, a survey. */
async function prepare(play: Play) {
  const { bench } = play;
  const { store, work } = bench;
  const whole = await play.order('whole.example.com', { years: 2 });
  const unclear = await composeOrder('unclear.example.com');
  await bench.accept(unclear);
  await bench.control('_fault', { command: 'ssl.create', fault: 'drop-after', count: 1 });
  await play.run('order', unclear);
  const account = (what: string) => store.keys.account(work.account.id, what);
  const [lane, text] = Object.entries(await store.redis.hgetall(account('lanes')))[0] ?? [];
  if (lane === undefined || text === undefined) throw new Error('no purchase is unclear');
  const purchase = JSON.parse(text) as Record<string, unknown>;
  const other = { ...purchase, id: 'gone', kind: 'renew', key: 'renew-x-1' };
  await store.redis.hset(account('not-made'), 'gone', JSON.stringify(other));
  await play.run('prices', {});
  await play.run('audit', { module: 'default' });
  const stock = { product: 'PositiveSSL Wildcard', type: 'PositiveSSL Wildcard', years: 1, sansToAdd: 0 };
  await store.redis.hset(account('stock'), '7000001', JSON.stringify(stock));
  await store.redis.hset(account('foreign'), '7000002', '2026-11-24T00:00:00.000Z');
  await store.redis.hset(account('listed-order'), '7000002', '{"type":"PositiveSSL","years":1}');
  await store.redis.hset(account('live-names'), 'new.example.com', '{"id":"7000002","endsAt":"1"}');
  await store.redis.hset(account('pause'), 'purchases', '{"reason":"r","until":"1"}');
  await store.redis.set(account('survey'), '{"server":"x","startedAt":1,"nextPage":2}');
  await store.redis.zadd(account('spend'), Date.now(), '1|59900');
  const difference = { part: 'books', text: 'x', since: '2026-11-24T00:00:00.000Z', acceptedAt: 'y' };
  await store.redis.hset(account('differences'), 'books:1', JSON.stringify(difference));
  await store.redis.set(store.keys.placed, '{"rule":1,"cursor":null,"runId":"x"}');
  return { whole, unclear };
}

async function countCharges(play: Play): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${play.bench.sandbox.port}/_ledger`);
  return ((await answer.json()) as { charges: unknown[] }).charges.length;
}

it(
  'any damaged value of an account is met with a typed error, holds up nobody else, and buys nothing twice',
  async () => {
    await using play = await Play.start(redis, { leafDays: 198, balance: '90000' });
    const { whole, unclear } = await prepare(play);
    const { redis: client, keys } = play.bench.store;
    const prefix = keys.open.slice(0, -':open'.length);
    const { host = '', port = 0, password = '' } = client.options as Record<string, string>;
    const env = {
      REDIS_URL: `redis://:${password}@${host}:${port}`,
      PMNAMECHEAP_PREFIX: prefix,
      PMNAMECHEAP_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
      PMNAMECHEAP_LOG_FILE: '/dev/null',
    };
    const snapshot = await Snapshot.take(client, prefix);
    // The record of a service is another test's subject.
    const places = (await listPlaces(client, prefix)).filter(({ key }) => !key.includes(':certificate:'));
    const texts = await Promise.all(places.map((place) => readPlace(client, place)));
    const cases = fc.nat(places.length - 1).chain((at) => {
      const text = texts[at] ?? '';
      const isObject = text.startsWith('{');
      const odd = mutatedText([text, '{}', '[]', 'null', '""']);
      const json = mutatedJson([isObject ? (JSON.parse(text) as unknown) : text]);
      const values = isObject
        ? fc.oneof(
            odd,
            json.map((one) => JSON.stringify([one]).slice(1, -1)),
          )
        : odd;
      return fc.record({ at: fc.constant(at), value: values });
    });
    const struck = new Map<string, number>();
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ at, value }) => {
        const place = places[at];
        if (place === undefined) throw new Error('no such place');
        await snapshot.restore();
        await writePlace(client, place, value);
        const kind = place.key
          .slice(prefix.length)
          .replace(/:account:[^:]+:/, ':account:')
          .replace(/\d{3,}.*/, '');
        struck.set(kind, (struck.get(kind) ?? 0) + 1);
        const before = await countCharges(play);
        const order = await composeOrder('new.example.com');
        // Play throws for whatever is not a typed error.
        const ends = [];
        for (const [job, payload] of [
          ['order', order],
          ['order', unclear],
          ['resolve', { serviceId: unclear.serviceId, decision: 'retry' }],
          ['audit', {}],
          ['audit', { module: 'default' }],
          ['import', {}],
          ['balance', {}],
          ['prices', {}],
        ] as const)
          ends.push(await play.run(job, payload));
        refused += ends.filter((end) => end.kind === 'fail').length;
        for (const end of ends) if (end.kind !== 'done') expect(end.reason).not.toMatch(RAW);
        for (const job of ['collect', 'scan'])
          expect(await play.run(job, {})).toMatchObject({ kind: 'done' });
        expect(await play.run('sync', { serviceId: whole.serviceId })).toMatchObject({ kind: 'done' });
        await play.drain();
        // The new order at most; never the one that may have been bought already.
        expect((await countCharges(play)) - before).toBeLessThanOrEqual(1);
        for (const line of COMMANDS) {
          const { code, stderr } = await runCommand(line.split(' '), { env });
          expect([0, 1, 2], stderr).toContain(code);
          expect(stderr, line).not.toMatch(RAW);
        }
      }),
      { seed: SEED, numRuns: countCases(40), endOnFailure: true },
    );
    expect(refused).toBeGreaterThan(0);
    process.stdout.write(
      `fuzz: stored values of accounts: ${countCases(40)} cases, ${refused} jobs refused, ${JSON.stringify([...struck])}, FUZZ_SEED=${SEED}\n`,
    );
  },
  240_000 * Math.max(1, FACTOR),
);

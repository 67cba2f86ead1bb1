import { describe, expect, it } from 'vitest';
import { readWholeRedis } from '../commands/command-line.js';
import { startNotifyBench, WEBHOOK_SECRET, type NotifyBench } from '../helpers/notify.js';
import { override } from '../helpers/override.js';
import { useRedis } from '../helpers/redis.js';
import { verifyWebhook } from '../../src/webhook/sign.js';

const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;

const redis = useRedis();

/** How often each event arrived. */
function countById({ receiver }: NotifyBench): number[] {
  const counts = new Map<string, number>();
  for (const { id } of receiver.received) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts.values()];
}

it('sends the event as it stands in the stream, signed so that the receiver can check it', async () => {
  await using bench = await startNotifyBench(redis);
  const id = await bench.announce('1001', 'certificate.issued');
  expect(await bench.run()).toEqual({ moved: 1, delivered: 1, failed: 0, dead: 0 });

  const [request] = bench.receiver.received;
  const [entry] = await bench.store.events.readAfter('0', 10);
  expect(request).toMatchObject({
    method: 'POST',
    body: entry?.json,
    headers: {
      'content-type': 'application/json',
      'x-pmnamecheap-event': 'certificate.issued',
      'x-pmnamecheap-event-id': id,
      'x-pmnamecheap-timestamp': String(bench.clock.now / 1000),
    },
  });
  const { headers = {}, body = '' } = request ?? {};
  const check = { secret: WEBHOOK_SECRET, headers, body, now: bench.clock.now };
  expect(verifyWebhook(check)).toBe(true);
  expect(verifyWebhook({ ...check, body: `${body} ` })).toBe(false);
  expect(await bench.run()).toEqual({ moved: 0, delivered: 0, failed: 0, dead: 0 });
});

it('starts at the present end of the stream, and goes on from its own place after that', async () => {
  await using bench = await startNotifyBench(redis);
  await redis.client.del(bench.store.keys.webhook('cursor'));
  await bench.announce('old', 'certificate.issued');
  await bench.store.webhooks.enable();
  await bench.announce('new', 'certificate.issued');
  await bench.store.webhooks.enable();
  await bench.run();
  expect(bench.receiver.received.map(({ serviceId }) => serviceId)).toEqual(['new']);
});

it('does nothing without a receiver', async () => {
  await using bench = await startNotifyBench(redis);
  await bench.announce('1001', 'certificate.issued');
  expect(await bench.run({ webhook: null })).toEqual({ moved: 0, delivered: 0, failed: 0, dead: 0 });
  expect(await bench.run()).toMatchObject({ moved: 1, delivered: 1 });
});

describe('order', () => {
  it('holds per service while single deliveries fail, and nobody waits for a service whose event is refused', async () => {
    await using bench = await startNotifyBench(redis);
    const types = ['certificate.accepted', 'certificate.purchased', 'certificate.activated'];
    for (const type of types)
      for (const service of ['a', 'poisoned', 'b']) await bench.announce(service, type);
    await bench.announce(null, 'module.low-balance');
    let seen = 0;
    bench.receiver.answer = ({ serviceId, type }) => {
      if (serviceId === 'poisoned') return 500;
      return type === 'certificate.purchased' && seen++ < 2 ? 503 : 200;
    };
    await bench.run();
    expect(bench.receiver.listTypes(null)).toEqual(['module.low-balance']);
    expect(bench.receiver.listTypes('a')).toEqual(types.slice(0, 2));

    await bench.pass(5000, 3);
    for (const service of ['a', 'b']) {
      const [first, second, third] = types;
      expect(bench.receiver.listTypes(service)).toEqual([first, second, second, third]);
    }
    expect(new Set(bench.receiver.listTypes('poisoned'))).toEqual(new Set(['certificate.accepted']));
    expect(await bench.store.webhooks.readSummary()).toMatchObject({ waiting: 3, dead: 0 });
  });

  it('holds for more events than one batch moves', async () => {
    await using bench = await startNotifyBench(redis);
    const sent: string[] = [];
    for (let number = 0; number < 230; number++)
      sent.push(await bench.announce(`svc-${number % 3}`, `n.${number}`));
    expect(await bench.run()).toEqual({ moved: 230, delivered: 230, failed: 0, dead: 0 });
    for (const service of ['svc-0', 'svc-1', 'svc-2']) {
      const numbers = bench.receiver.listTypes(service).map((type) => Number(type.slice(2)));
      expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    }
    expect(new Set(bench.receiver.received.map(({ id }) => id))).toEqual(new Set(sent));
  });
});

it('orders by position as a number, also within one millisecond', async () => {
  await using bench = await startNotifyBench(redis);
  const write = (position: string) =>
    redis.client.xadd(
      ...[bench.store.keys.events, position, 'event'],
      JSON.stringify({ id: position, type: position, serviceId: 'a' }),
    );
  for (const position of ['999-0', '1000-2', '1000-10']) await write(position);
  await bench.run();
  expect(bench.receiver.listTypes('a')).toEqual(['999-0', '1000-2', '1000-10']);
});

describe('a receiver that is down', () => {
  it('is not asked sooner because something new happened', async () => {
    await using bench = await startNotifyBench(redis);
    bench.receiver.answer = () => 503;
    for (const type of ['certificate.accepted', 'certificate.purchased']) {
      await bench.announce('a', type);
      await bench.run();
    }
    expect(bench.receiver.listTypes('a')).toEqual(['certificate.accepted']);
  });

  it('for a day loses nothing, though the stream was trimmed meanwhile, and gets nothing twice', async () => {
    await using bench = await startNotifyBench(redis);
    const ids: string[] = [];
    bench.receiver.answer = () => 'drop';
    for (let hour = 0; hour < 24; hour++) {
      for (const service of ['a', 'b', 'c']) ids.push(await bench.announce(service, `hour.${hour}`));
      await bench.pass(QUARTER_MS, 4);
    }
    await redis.client.del(bench.store.keys.events);
    expect(await bench.store.webhooks.readSummary()).toMatchObject({ waiting: 72, dead: 0 });

    bench.receiver.received.length = 0;
    bench.receiver.answer = () => 200;
    await bench.pass(QUARTER_MS, 1);
    expect(bench.receiver.received.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(bench.receiver.listTypes('b')).toEqual(Array.from({ length: 24 }, (_, hour) => `hour.${hour}`));
    expect(await bench.store.webhooks.readSummary()).toMatchObject({ waiting: 0, oldestAt: null });
  });

  it('is asked for few services at a time: the others go out as soon as it is back', async () => {
    await using bench = await startNotifyBench(redis);
    for (let number = 0; number < 40; number++) await bench.announce(`svc-${number}`, 'certificate.issued');
    bench.receiver.answer = () => 'drop';
    expect(await bench.run()).toEqual({ moved: 40, delivered: 0, failed: 8, dead: 0 });
    bench.receiver.answer = () => 200;
    expect(await bench.run()).toMatchObject({ delivered: 32 });
    await bench.pass(5000, 1);
    expect(await bench.store.webhooks.readSummary()).toMatchObject({ waiting: 0 });
  });

  it('is tried less and less often, at least every quarter of an hour', async () => {
    await using bench = await startNotifyBench(redis);
    await bench.announce('a', 'certificate.issued');
    bench.receiver.answer = () => 500;
    await bench.pass(5000, HOUR_MS / 5000);
    const times = bench.receiver.received.map(({ headers }) => Number(headers['x-pmnamecheap-timestamp']));
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    expect(gaps).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
  });
});

describe('a crash', () => {
  it('between delivery and confirmation sends the event again, and loses none', async () => {
    await using bench = await startNotifyBench(redis);
    await bench.announce('a', 'certificate.accepted');
    await bench.announce('a', 'certificate.issued');
    const die = () => Promise.reject(new Error('killed'));
    const webhooks = override(bench.store.webhooks, { confirm: die, unlock: () => Promise.resolve() });
    await expect(bench.run({ store: { ...bench.store, webhooks } })).rejects.toThrow('killed');
    expect(bench.receiver.listTypes('a')).toEqual(['certificate.accepted']);

    // Nobody sends until the dead worker's lock has run out.
    expect(await bench.run()).toMatchObject({ delivered: 0 });
    await redis.client.del(bench.store.keys.webhook('lock'));
    await bench.run();
    expect(bench.receiver.listTypes('a')).toEqual([
      ...['certificate.accepted', 'certificate.accepted', 'certificate.issued'],
    ]);
    expect(countById(bench)).toEqual([2, 1]);
  });

  it('leaves a lock that ends by itself, and that another worker cannot release', async () => {
    await using bench = await startNotifyBench(redis);
    const { webhooks } = bench.store;
    expect(await webhooks.lock('one', 60_000)).toBe(true);
    await webhooks.unlock('other');
    expect(await webhooks.lock('other', 60_000)).toBe(false);
    expect(await webhooks.lock('one', 60_000)).toBe(true);
    const left = await redis.client.pttl(bench.store.keys.webhook('lock'));
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60_000);
  });

  it('of the receiver in the middle of its answer counts by the status it gave', async () => {
    await using bench = await startNotifyBench(redis);
    await bench.announce('a', 'certificate.issued');
    bench.receiver.answer = () => (response) => {
      response.writeHead(202, { 'content-length': 100 });
      response.write('half', () => response.destroy());
    };
    expect(await bench.run()).toMatchObject({ delivered: 1 });
  });
});

it('is sent by one of two workers that run at once, each event once', async () => {
  await using bench = await startNotifyBench(redis);
  for (let number = 0; number < 30; number++) await bench.announce(`svc-${number % 4}`, `n.${number}`);
  await Promise.all([bench.run(), bench.run(), bench.run()]);
  expect(countById(bench)).toEqual(Array.from({ length: 30 }, () => 1));
});

it('moves each entry once, however many workers move at the same time', async () => {
  await using bench = await startNotifyBench(redis);
  for (let number = 0; number < 250; number++) await bench.announce('a', `n.${number}`);
  const fills = await Promise.all([1, 2, 3].map(() => bench.store.webhooks.fill(bench.clock.now)));
  expect(fills.reduce((sum, { moved }) => sum + moved, 0)).toBe(250);
  expect(await bench.store.webhooks.readSummary()).toMatchObject({ waiting: 250 });
});

it('stops without blaming the receiver when the worker stops', async () => {
  await using bench = await startNotifyBench(redis);
  await bench.announce('a', 'certificate.issued');
  const stop = new AbortController();
  bench.receiver.answer = () => () => stop.abort();
  expect(await bench.run({ signal: stop.signal })).toMatchObject({ delivered: 0, failed: 0 });
  bench.receiver.answer = () => 200;
  expect(await bench.run()).toMatchObject({ delivered: 1 });
});

it('skips an entry that is no event, and says so', async () => {
  await using bench = await startNotifyBench(redis);
  await redis.client.xadd(bench.store.keys.events, '*', 'event', '{"id":');
  await redis.client.xadd(bench.store.keys.events, '*', 'other', 'field');
  await bench.announce('a', 'certificate.issued');
  expect(await bench.run()).toMatchObject({ moved: 1, delivered: 1 });
  expect(bench.log.filter((line) => line.includes('is no event'))).toHaveLength(2);
});

it('keeps the secret out of Redis and the log', async () => {
  await using bench = await startNotifyBench(redis);
  await bench.announce('a', 'certificate.issued');
  await bench.announce('b', 'certificate.issued');
  bench.receiver.answer = ({ serviceId }) => (serviceId === 'a' ? 'drop' : 401);
  await bench.run();
  await bench.pass(QUARTER_MS, 5);
  const kept = (await readWholeRedis(redis.client)) + bench.log.join('\n');
  expect(kept).toContain('HTTP 401');
  expect(kept).toContain('ECONNRESET');
  expect(kept).not.toContain(WEBHOOK_SECRET);
  expect(kept).not.toContain('v1=');
});

import { describe, expect, it } from 'vitest';
import { startNotifyBench, type NotifyBench } from '../helpers/notify.js';
import { useRedis } from '../helpers/redis.js';
import { WebhookStore } from '../../src/store/webhooks.js';

const HOUR_MS = 3_600_000;
const QUARTER_MS = 900_000;

const redis = useRedis();

async function listDead({ store }: NotifyBench): Promise<string[]> {
  return (await store.webhooks.dead.list()).map(({ type }) => type);
}

describe('an event is given up', () => {
  it('after an hour of refusals, and its service goes on with the next one', async () => {
    await using bench = await startNotifyBench(redis);
    const id = await bench.announce('a', 'certificate.accepted');
    await bench.announce('a', 'certificate.issued');
    bench.receiver.answer = ({ type }) => (type === 'certificate.accepted' ? 422 : 200);
    await bench.run();
    await bench.pass(QUARTER_MS, 3);
    expect(await listDead(bench)).toEqual([]);
    await bench.pass(QUARTER_MS, 1);
    expect(await bench.store.webhooks.dead.list()).toMatchObject([
      {
        ...{ id, type: 'certificate.accepted', serviceId: 'a', attempts: 5 },
        reason: 'the receiver answered HTTP 422',
        givenUpAt: new Date(bench.clock.now).toISOString(),
        firstFailedAt: new Date(bench.clock.now - HOUR_MS).toISOString(),
      },
    ]);
    expect(bench.receiver.listTypes('a').at(-1)).toBe('certificate.issued');
    expect(bench.log.at(-2)).toContain('given up after 5 tries: the receiver answered HTTP 422');
    expect(await bench.store.webhooks.readSummary()).toMatchObject({ waiting: 0, dead: 1 });
  });

  it.each([408, 425, 429, 500, 302, 'drop'] as const)('after 72 hours of %s, not before', async (answer) => {
    await using bench = await startNotifyBench(redis);
    await bench.announce('a', 'certificate.issued');
    bench.receiver.answer = () => answer;
    await bench.run();
    await bench.pass(HOUR_MS, 71);
    expect(await listDead(bench)).toEqual([]);
    await bench.pass(HOUR_MS, 1);
    expect(await listDead(bench)).toEqual(['certificate.issued']);
  });

  it('only when the refusals had no other failure between them', async () => {
    await using bench = await startNotifyBench(redis);
    await bench.announce('a', 'certificate.issued');
    let tries = 0;
    bench.receiver.answer = () => (++tries % 4 === 0 ? 503 : 404);
    await bench.run();
    await bench.pass(QUARTER_MS, 40);
    expect(await listDead(bench)).toEqual([]);
  });
});

describe('a dead letter', () => {
  async function startWithDead(): Promise<NotifyBench & { ids: string[] }> {
    const bench = await startNotifyBench(redis);
    const ids: string[] = [];
    for (const type of ['n.1', 'n.2', 'n.3']) ids.push(await bench.announce('a', type));
    bench.receiver.answer = ({ type }) => (type === 'n.3' ? 503 : 400);
    await bench.run();
    await bench.pass(QUARTER_MS, 9);
    bench.receiver.received.length = 0;
    return Object.assign(bench, { ids });
  }

  it('goes out again before everything that was written after it', async () => {
    await using bench = await startWithDead();
    expect(await listDead(bench)).toEqual(['n.1', 'n.2']);
    for (const id of bench.ids.slice(0, 2).reverse()) {
      expect(await bench.store.webhooks.dead.replay(id, bench.clock.now)).toBe(true);
    }
    expect(await bench.store.webhooks.readSummary()).toMatchObject({ waiting: 3, dead: 0 });
    bench.receiver.answer = () => 200;
    await bench.run();
    expect(bench.receiver.listTypes('a')).toEqual(['n.1', 'n.2', 'n.3']);
  });

  it('gets another hour, and comes back to the dead when it is refused again', async () => {
    await using bench = await startWithDead();
    const [id = ''] = bench.ids;
    await bench.store.webhooks.dead.replay(id, bench.clock.now);
    await bench.run();
    expect(await listDead(bench)).toEqual(['n.2']);
    await bench.pass(QUARTER_MS, 4);
    expect(await listDead(bench)).toEqual(['n.1', 'n.2']);
  });

  it('is put back once, however often that is asked', async () => {
    await using bench = await startWithDead();
    const [id = ''] = bench.ids;
    const { dead } = bench.store.webhooks;
    const answers = await Promise.all([1, 2, 3].map(() => dead.replay(id, bench.clock.now)));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await dead.replay('no-such-event', bench.clock.now)).toBe(false);
  });
});

it('keeps so many dead letters, the newest, and counts those that had to go', async () => {
  await using bench = await startNotifyBench(redis);
  const webhooks = new WebhookStore(redis.client, bench.store.keys, 2);
  bench.receiver.answer = () => 400;
  for (const type of ['n.1', 'n.2', 'n.3']) await bench.announce('a', type);
  for (let quarter = 0; quarter < 15; quarter++) {
    await bench.run({ store: { ...bench.store, webhooks } });
    bench.clock.now += QUARTER_MS;
  }
  expect(await listDead(bench)).toEqual(['n.2', 'n.3']);
  expect(await webhooks.readSummary()).toMatchObject({ waiting: 0, dead: 2, dropped: 1 });
  expect(bench.log.at(-1)).toContain('1 older dead letters had to go');
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readWholeRedis } from '../commands/command-line.js';
import { findFreePort } from '../helpers/free-port.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';
import { WebhookReceiver } from '../helpers/webhook-receiver.js';
import { verifyWebhook } from '../../src/webhook/sign.js';

const SECRET = 'canary-in-the-webhook-9d21';

async function readSchedulers(system: System): Promise<string[]> {
  const schedulers = await system.app.queues.open('notify').getJobSchedulers();
  return schedulers.map(({ key }) => key);
}

it('a worker announces the whole life of an order, signed, in order; the secret stays in the environment', async () => {
  await using receiver = await WebhookReceiver.start();
  const environment = { PMNAMECHEAP_WEBHOOK_URL: receiver.url, PMNAMECHEAP_WEBHOOK_SECRET: SECRET };
  await using system = await System.start({ environment });
  expect(await readSchedulers(system)).toEqual(['notify']);
  const order = await composeOrder('announced.example.com');
  await system.run('order', order);
  await system.untilRecord(order.serviceId, ({ status }) => status === 'issued');
  await system.run('notify', {});
  await until(
    () => Promise.resolve(receiver.listTypes(order.serviceId).includes('certificate.issued') ? true : null),
    () => Promise.resolve(`arrived: ${receiver.listTypes(order.serviceId).join()}`),
  );
  expect(receiver.listTypes(order.serviceId)).toEqual([
    'certificate.accepted',
    'certificate.purchased',
    'certificate.activated',
    'certificate.issued',
  ]);
  for (const { headers, body } of receiver.received) {
    expect(verifyWebhook({ secret: SECRET, headers, body })).toBe(true);
  }
  await system.logger.close();
  const kept =
    (await readWholeRedis(system.app.store.redis)) +
    (await readFile(path.join(system.folder, 'pmnamecheap.log'), 'utf8'));
  expect(kept).not.toContain(SECRET);
});

it('without a receiver nothing repeats, also where there was one', async () => {
  await using receiver = await WebhookReceiver.start();
  const environment = { PMNAMECHEAP_WEBHOOK_URL: receiver.url, PMNAMECHEAP_WEBHOOK_SECRET: SECRET };
  await using system = await System.start({ environment });
  expect(await readSchedulers(system)).toEqual(['notify']);
  await using plain = await System.start({ redisUrl: system.environment['REDIS_URL'] ?? '' });
  expect(await readSchedulers(plain)).toEqual([]);
});

it('the example receiver takes what is signed, once, and refuses the rest', async () => {
  const port = await findFreePort();
  const script = path.resolve(import.meta.dirname, '../../examples/webhook-receiver.mjs');
  const child = spawn(process.execPath, [script], {
    env: { PMNAMECHEAP_WEBHOOK_SECRET: SECRET, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = { text: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
  const exited = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    const url = `http://127.0.0.1:${port}/`;
    expect((await fetch(url, { method: 'POST', body: '{"id":"forged"}' })).status).toBe(401);
    const environment = { PMNAMECHEAP_WEBHOOK_URL: url, PMNAMECHEAP_WEBHOOK_SECRET: SECRET };
    await using system = await System.start({ environment });
    const order = await composeOrder('example.example.com');
    await system.run('order', order);
    await system.run('notify', {});
    await until(
      () => Promise.resolve(output.text.includes('certificate.purchased') ? true : null),
      () => Promise.resolve(output.text),
    );
    const { events, redis, keys } = system.app.store;
    const [entry] = await events.readAfter('0', 1);
    await redis.xadd(keys.events, '*', 'event', entry?.json ?? '');
    await system.run('notify', {});
    await until(
      () => Promise.resolve(output.text.includes('repeated') ? true : null),
      () => Promise.resolve(output.text),
    );
    expect(output.text.match(/certificate\.accepted/g)).toHaveLength(1);
    expect(output.text).not.toContain('forged');
  } finally {
    child.kill();
    await exited;
  }
});

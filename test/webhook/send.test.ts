import { expect, it } from 'vitest';
import { createWebhook, type SenderOptions } from '../../src/webhook/send.js';
import { WebhookReceiver } from '../helpers/webhook-receiver.js';

const event = {
  id: 'e1',
  type: 'certificate.issued',
  json: '{"id":"e1","type":"certificate.issued","serviceId":"ü"}',
};

function open(url: string, changes: Partial<SenderOptions> = {}) {
  const webhook = createWebhook({
    url,
    secret: 'sixteen-letters!',
    now: () => 1_800_000_000_000,
    ...changes,
  });
  return (signal = new AbortController().signal) => webhook.send(event, signal);
}

it.each([200, 204, 400, 429, 500, 503])('tells the status %d, asked once', async (status) => {
  await using receiver = await WebhookReceiver.start();
  receiver.answer = () => status;
  expect(await open(receiver.url)()).toEqual({ kind: 'answered', status });
  expect(receiver.received).toHaveLength(1);
  expect(receiver.received[0]?.body).toBe(event.json);
});

it('does not follow a redirect', async () => {
  await using elsewhere = await WebhookReceiver.start();
  await using receiver = await WebhookReceiver.start();
  receiver.answer = () => (response) => response.writeHead(307, { location: elsewhere.url }).end();
  expect(await open(receiver.url)()).toEqual({ kind: 'answered', status: 307 });
  expect(elsewhere.received).toEqual([]);
});

it('gives up on a receiver that does not answer in time', async () => {
  await using receiver = await WebhookReceiver.start();
  receiver.answer = () => () => undefined;
  expect(await open(receiver.url, { timeoutMs: 200 })()).toEqual({ kind: 'failed', code: 'ETIMEDOUT' });
});

it('cuts off a receiver that talks without end', async () => {
  await using receiver = await WebhookReceiver.start();
  const cut = new Promise<void>((resolve) => {
    receiver.answer = () => (response) => {
      response.writeHead(200);
      const talk = () => response.write(Buffer.alloc(16_384));
      response.on('drain', talk);
      response.on('close', resolve);
      while (talk());
    };
  });
  expect(await open(receiver.url)()).toEqual({ kind: 'answered', status: 200 });
  await cut;
});

it('tells a code and nothing else when nobody listens', async () => {
  const receiver = await WebhookReceiver.start();
  const { url } = receiver;
  await receiver[Symbol.asyncDispose]();
  expect(await open(`${url}?token=abc`)()).toEqual({ kind: 'failed', code: 'ECONNREFUSED' });
});

it('stops when told to', async () => {
  await using receiver = await WebhookReceiver.start();
  const stop = new AbortController();
  receiver.answer = () => () => stop.abort();
  expect(await open(receiver.url)(stop.signal)).toEqual({ kind: 'failed', code: 'ABORTED' });
});

import { execFile } from 'node:child_process';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { createGzip } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { InputError } from '../../src/errors.js';
import { AnswerError } from '../../src/namecheap/answer-error.js';
import { checkEndpoint } from '../../src/namecheap/endpoint.js';
import { parseXml } from '../../src/namecheap/xml.js';
import { API_KEY, catchNamecheapError, connect, listen, STANDARD, startWire } from '../namecheap/wire.js';
import { createTlsAuthority } from '../helpers/tls-authority.js';

const compiled = (file: string) => JSON.stringify(new URL(`../../dist/src/${file}`, import.meta.url).href);

describe('XML that means harm is refused before it grows', () => {
  const levels = Array.from({ length: 12 }, (_unused, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`);
  it.each([
    ['a billion laughs', `<!DOCTYPE x [<!ENTITY l0 "ha">${levels.join('')}]><x>&l12;</x>`],
    [
      'a quadratic blow-up',
      `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(50_000)}">]><x>${'&a;'.repeat(50_000)}</x>`,
    ],
    ['a file of this machine', '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'],
    ['parameter entities', '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/e"> %p;]><x/>'],
    [
      'a DTD behind a comment',
      '<?xml version="1.0"?><!-- x --><!DOCTYPE x SYSTEM "http://127.0.0.1:1/"><x/>',
    ],
    ['an entity without a DTD', '<x>&l12;</x>'],
    ['nesting', `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`],
    ['nesting that is never closed', '<a>'.repeat(500_000)],
    ['more than eight megabytes in one attribute', `<x a="${'a'.repeat(8 * 1024 * 1024)}"/>`],
    ['a name of Object', '<x><__proto__><a>1</a></__proto__></x>'],
  ])('%s', (_name, text) => {
    expect(() => parseXml(text)).toThrow(AnswerError);
  });

  it('large but harmless: many attributes, a long one, many elements', () => {
    const attributes = Array.from({ length: 20_000 }, (_unused, n) => `a${n}="${n}"`).join(' ');
    expect(Object.keys(parseXml(`<x ${attributes}/>`)['x'] ?? {})).toHaveLength(20_000);
    expect(parseXml(`<x a="${'a'.repeat(1_000_000)}"/>`)['x']).toEqual({ '@a': 'a'.repeat(1_000_000) });
    expect(parseXml(`<x>${'<ssl/>'.repeat(100_000)}</x>`)['x']).toMatchObject({ ssl: { length: 100_000 } });
  });
});

describe('answers without end', () => {
  /** The most that buffers held while the call ran, above what they held before, in MB. */
  async function measurePeak(call: () => Promise<unknown>): Promise<number> {
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().arrayBuffers - before)), 1);
    await call().finally(() => clearInterval(timer));
    return peak / 1024 / 1024;
  }

  it('plain: cut off after eight megabytes, the outcome is unclear', async () => {
    let sent = 0;
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const wire = await startWire((response) => {
      const pump = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        if (!response.destroyed) response.once('drain', pump);
      };
      response.writeHead(200);
      pump();
    });
    const peak = await measurePeak(async () => {
      const error = await catchNamecheapError(connect(wire.endpoint).create(STANDARD));
      expect(error).toMatchObject({ outcome: 'unclear' });
      expect(error.message).toContain('ERR_ANSWER_TOO_LONG');
    });
    expect(peak).toBeLessThan(64);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('compressed: a gigabyte in a megabyte is never unpacked', async () => {
    let unpacked = 0;
    const chunk = Buffer.alloc(1024 * 1024);
    const wire = await startWire((response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const gzip = createGzip();
      gzip.pipe(response);
      response.on('close', () => gzip.destroy());
      const pump = (): void => {
        while (!gzip.destroyed && unpacked < 1024 && gzip.write(chunk)) unpacked += 1;
        if (unpacked >= 1024) gzip.end();
        else if (!gzip.destroyed) gzip.once('drain', pump);
      };
      gzip.on('error', () => undefined);
      pump();
    });
    const peak = await measurePeak(async () => {
      expect(await catchNamecheapError(connect(wire.endpoint).create(STANDARD))).toMatchObject({
        outcome: 'unclear',
        message: expect.stringContaining('ERR_ANSWER_TOO_LONG') as string,
      });
    });
    expect(peak).toBeLessThan(128);
  });

  it('a byte now and then: ends at the timeout, however busy the line is', async () => {
    const wire = await startWire((response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(timer));
    });
    const client = connect(wire.endpoint, { timeoutMs: 300 });
    const error = await catchNamecheapError(client.create(STANDARD));
    expect(error).toMatchObject({ outcome: 'unclear' });
    expect(error.message).toContain('ETIMEDOUT');
  });
});

it.each([301, 302, 303, 307, 308])(
  'HTTP %i to another host: not followed, the key goes nowhere',
  async (status) => {
    const elsewhere = await startWire('<ApiResponse/>');
    const wire = await startWire((response) =>
      response.writeHead(status, { location: elsewhere.endpoint.replace('127.0.0.1', 'localhost') }).end(),
    );
    expect(await catchNamecheapError(connect(wire.endpoint).create(STANDARD))).toMatchObject({
      outcome: 'unclear',
    });
    expect({ first: wire.requests.length, second: elsewhere.requests.length }).toEqual({
      first: 1,
      second: 0,
    });
  },
);

/** Hosts that look like this machine and are not, or would be only by a name's resolution. */
const DISGUISES = [
  'http://127.0.0.1@evil.example/x',
  'http://127.0.0.1:80@evil.example/x',
  'http://localhost.evil.example/x',
  'http://localhost%2eevil.example/x',
  'http://127.0.0.1.evil.example/x',
  'http://evil.example\\@127.0.0.1/x',
  'http://localhost./x',
  'http://foo.localhost/x',
  'http://ⓛocalhost.example/x',
  'http://127.0.0.1.nip.io/x',
  'http://localtest.me/x',
  'http://0.0.0.0/x',
  'http://[::]/x',
  'http://[::ffff:10.0.0.1]/x',
  'http://10.0.0.1/x',
  'http://169.254.169.254/latest/meta-data',
  'http://2852039166/x',
  'http://0xa9fea9fe/x',
  'http://128.0.0.1/x',
  'ws://127.0.0.1/x',
  'javascript:alert(1)',
  'data:text/xml,<x/>',
];

describe('http is for this machine only', () => {
  it.each(DISGUISES)('%s is refused for the API', (url) => {
    expect(() => checkEndpoint(url)).toThrow(InputError);
  });

  it.each(DISGUISES)('%s is refused for the webhook', (url) => {
    const environment = { PMNAMECHEAP_WEBHOOK_URL: url, PMNAMECHEAP_WEBHOOK_SECRET: 'sixteen-letters!' };
    expect(() => parseEnvironment(environment)).toThrow(/PMNAMECHEAP_WEBHOOK_URL/);
  });

  it.each([
    'http://2130706433/x',
    'http://0x7f.1/x',
    'http://0177.0.0.1/x',
    'http://127.1/x',
    'http://LOCALHOST/x',
  ])('%s is this machine, in another spelling', (url) => {
    expect(() => checkEndpoint(url)).not.toThrow();
  });
});

describe('NODE_TLS_REJECT_UNAUTHORIZED=0 does not switch the check of certificates off', () => {
  async function callUntrusted(
    script: (endpoint: string) => string,
  ): Promise<{ end: unknown; received: number }> {
    const { cert, key } = await createTlsAuthority();
    let received = 0;
    const open = new Set<TLSSocket>();
    const server = createTlsServer({ cert, key }, (socket) => {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => (received += chunk.length));
    });
    server.on('tlsClientError', () => undefined);
    const endpoint = await listen(server, 'https');
    onTestFinished(() => {
      for (const socket of open) socket.destroy();
    });
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const argv = [
      '--input-type=module',
      '-e',
      `${script(endpoint)} process.stdout.write(JSON.stringify(end));`,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, argv, { env });
    return { end: JSON.parse(stdout), received };
  }

  it('for a purchase: not made, not a byte is sent', async () => {
    const { end, received } = await callUntrusted(
      (endpoint) => `
        import { createNamecheap } from ${compiled('namecheap/client.js')};
        const names = { apiUser: 'berry', userName: 'berry', apiKey: ${JSON.stringify(API_KEY)}, clientIp: '192.0.2.7' };
        const client = createNamecheap({ endpoint: '${endpoint}', ...names }, { timeoutMs: 1000 });
        const end = await client.create({ type: 'Standard SSL', years: 1 }).catch(({ outcome }) => outcome);`,
    );
    expect({ end, received }).toEqual({ end: 'not-made', received: 0 });
  });

  it('for a webhook: not sent', async () => {
    const { end, received } = await callUntrusted(
      (endpoint) => `
        import { createWebhook } from ${compiled('webhook/send.js')};
        const webhook = createWebhook({ url: '${endpoint}', secret: 'sixteen-letters!', now: Date.now, timeoutMs: 1000 });
        const end = await webhook.send({ id: '1', type: 't', json: '{}' }, new AbortController().signal);`,
    );
    expect({ end, received }).toEqual({
      end: { kind: 'failed', code: expect.stringMatching(/CERT|SIGNATURE/) as string },
      received: 0,
    });
  });
});

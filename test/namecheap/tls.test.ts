import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import {
  API_KEY,
  catchNamecheapError,
  connect,
  listen,
  readFixture,
  STANDARD,
  startSocketServer,
} from './wire.js';

let identity: { cert: string; key: string };

/** A certificate of nobody: no client trusts it unless told to. */
beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [notBefore, notAfter] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000));
  const extensions = [new SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])];
  const details = { name: 'CN=127.0.0.1', keys, signingAlgorithm: algorithm, extensions };
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { ...details, ...(notBefore && notAfter ? { notBefore, notAfter } : {}) },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  identity = {
    cert: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  };
});

/** A TLS server that counts what reaches it inside the encryption. */
async function startTlsServer(
  serve: (socket: TLSSocket) => void,
): Promise<{ endpoint: string; received: () => number; closed: Promise<void> }> {
  let received = 0;
  const open = new Set<TLSSocket>();
  const server: Server = createServer(identity, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (received += chunk.length));
    serve(socket);
  });
  server.on('tlsClientError', () => undefined);
  const closed = new Promise<void>((resolve) =>
    server.on('connection', (raw: Socket) => raw.on('close', () => resolve())),
  );
  const endpoint = await listen(server, 'https');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
  });
  return { endpoint, received: () => received, closed };
}

/**
 * Buys in a process of its own: which authorities Node trusts is decided when it starts. It runs the compiled client.
 * @returns what `create` ended with, as JSON.
 */
async function buyTrusting(endpoint: string): Promise<unknown> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-tls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const authority = path.join(folder, 'authority.pem');
  await writeFile(authority, identity.cert);
  const script = `
    import { createNamecheap } from ${JSON.stringify(new URL('../../dist/src/namecheap/client.js', import.meta.url).href)};
    const names = { apiUser: 'berry', userName: 'berry', apiKey: ${JSON.stringify(API_KEY)}, clientIp: '192.0.2.7' };
    const client = createNamecheap({ endpoint: ${JSON.stringify(endpoint)}, ...names }, { timeoutMs: 10000 });
    const end = await client.create({ type: 'Standard SSL', years: 1 }).catch(({ outcome, errorClass }) => ({ outcome, errorClass }));
    process.stdout.write(JSON.stringify(end));
  `;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: authority };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env,
  });
  return JSON.parse(stdout);
}

it('a certificate that nobody vouches for: not made, and not a byte of the request is sent', async () => {
  const { endpoint, received, closed } = await startTlsServer(() => undefined);
  const error = await catchNamecheapError(connect(endpoint).create(STANDARD));
  expect(error).toMatchObject({
    outcome: 'not-made',
    errorClass: 'transient',
    verdict: 'retry',
    httpStatus: null,
  });
  expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
  await closed;
  expect(received()).toBe(0);
});

it('a server that speaks no TLS: not made', async () => {
  const endpoint = await startSocketServer((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  );
  expect(
    await catchNamecheapError(connect(endpoint.replace('http:', 'https:')).create(STANDARD)),
  ).toMatchObject({ outcome: 'not-made', errorClass: 'transient' });
});

it('a handshake that is reset, or never answered: not made', async () => {
  const reset = await startSocketServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
  expect(await catchNamecheapError(connect(reset.replace('http:', 'https:')).create(STANDARD))).toMatchObject(
    { outcome: 'not-made' },
  );
  const silent = await startSocketServer((socket) => socket.resume());
  const client = connect(silent.replace('http:', 'https:'), { timeoutMs: 150 });
  const error = await catchNamecheapError(client.create(STANDARD));
  expect(error).toMatchObject({ outcome: 'not-made', errorClass: 'transient' });
  expect(error.message).toContain('ETIMEDOUT');
});

it('a reset after the handshake: unclear', async () => {
  const { endpoint, received } = await startTlsServer((socket) =>
    socket.once('data', () => socket.destroy()),
  );
  expect(await buyTrusting(endpoint)).toEqual({ outcome: 'unclear', errorClass: 'unclear' });
  expect(received()).toBeGreaterThan(0);
});

it('an answer over TLS: made', async () => {
  const { endpoint } = await startTlsServer((socket) =>
    socket.once('data', () =>
      socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${readFixture('create.ok.xml')}`),
    ),
  );
  expect(await buyTrusting(endpoint)).toMatchObject({ certificateId: 5550101 });
});

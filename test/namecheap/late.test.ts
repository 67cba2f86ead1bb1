import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { postForm } from '../../src/namecheap/transport.js';

it('a process that slept until after the timeout sends nothing any more, although its connection opens', async () => {
  const seen = { connections: 0, bytes: 0 };
  const server = createServer((socket) => {
    seen.connections++;
    socket.on('error', () => undefined);
    socket.on('data', (data) => (seen.bytes += data.length));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // Begun at 0, and the first thing that happens after the sleep is that the connection is open.
  const clock = vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(10_001);
  try {
    const request = { endpoint: `http://127.0.0.1:${port}/xml.response`, form: { Command: 'x' } };
    const outcome = await postForm({ ...request, timeoutMs: 10_000 });
    expect(outcome).toEqual({ kind: 'failed', code: 'ETIMEDOUT', status: null, hasOpened: false });
    expect(seen).toEqual({ connections: 1, bytes: 0 });
  } finally {
    clock.mockRestore();
    server.close();
  }
});

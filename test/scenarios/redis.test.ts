import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { findServerBinary } from '../../src/embedded/redis.js';
import { composeOrder } from '../helpers/orders.js';
import { System, until } from '../helpers/system.js';

const binary = findServerBinary(process.env['PATH'] ?? '');

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A Redis with purchase-grade settings that the test may kill and start again on its data. */
class KillableRedis implements AsyncDisposable {
  readonly #folder: string;
  readonly #port: number;
  #child: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async start(): Promise<KillableRedis> {
    const redis = new KillableRedis(
      await mkdtemp(path.join(tmpdir(), 'pmnamecheap-killable-')),
      await findFreePort(),
    );
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const durable = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--maxmemory-policy',
      'noeviction',
      '--save',
      '',
    ];
    const args = ['--bind', '127.0.0.1', '--port', String(this.#port), '--dir', this.#folder, ...durable];
    this.#child = spawn(binary ?? 'redis-server', args, { stdio: 'ignore' });
    const client = new Redis(this.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    await until(
      async () => ((await client.ping().catch(() => '')) === 'PONG' ? true : null),
      () => Promise.resolve('no answer'),
    );
    client.disconnect();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const unlimited = { limits: [0, 0, 0] as [number, number, number] };

describe.skipIf(binary === null)(
  'Redis killed with kill -9 (needs redis-server or valkey-server on PATH)',
  () => {
    it(
      'and started again: workers come back by themselves, what was accepted is bought',
      { timeout: 90_000 },
      async () => {
        await using redis = await KillableRedis.start();
        await using system = await System.start({
          redisUrl: redis.url,
          sandbox: unlimited,
          worker: { lockTimes: { lockMs: 2000, stalledCheckMs: 1000 } },
        });
        const before = await composeOrder('before.example.com');
        await system.run('order', before);
        await redis.kill();
        await expect(
          system.app.enqueue('order', await composeOrder('meanwhile.example.com')),
        ).rejects.toThrow();
        await redis.start();
        const after = await composeOrder('after.example.com');
        await until(
          async () => await system.app.enqueue('order', after).catch(() => null),
          () => Promise.resolve('no order was taken after the restart'),
        );
        for (const { serviceId } of [before, after]) {
          await system.untilRecord(serviceId, ({ status }) => status === 'issued', 60_000);
        }
        expect((await system.readLedger()).charges).toHaveLength(2);
      },
    );

    it(
      'while a purchase is under way: one charge, and the certificate is ours',
      { timeout: 90_000 },
      async () => {
        await using redis = await KillableRedis.start();
        await using system = await System.start({
          redisUrl: redis.url,
          sandbox: unlimited,
          worker: { leaseMarginMs: 500, lockTimes: { lockMs: 2000, stalledCheckMs: 1000 } },
        });
        await system.control('_fault', { command: 'ssl.create', fault: 'slow', count: 1, delayMs: 1500 });
        const payload = await composeOrder('under-way.example.com');
        await system.app.enqueue('order', payload);
        await until(
          async () => ((await system.readLedger()).charges.length === 1 ? true : null),
          () => Promise.resolve('nothing was bought'),
        );
        await redis.kill();
        await redis.start();
        const record = await until(
          async () => {
            const seen = await system.readRecord(payload.serviceId).catch(() => null);
            return seen?.status === 'issued' ? seen : null;
          },
          async () => JSON.stringify(await system.readRecord(payload.serviceId)),
          80_000,
        );
        const { charges } = await system.readLedger();
        expect(charges).toHaveLength(1);
        expect(record.certificateId).toBe(charges[0]?.certificateId);
      },
    );
  },
);

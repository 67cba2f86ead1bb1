import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { findFreePort } from './free-port.js';
import { createTlsAuthority } from './tls-authority.js';

const ACL = path.resolve(import.meta.dirname, '../../config/redis-acl.conf');

export const PASSWORDS = {
  'pm-admin': 'admin-password-of-a-test',
  'pm-worker': 'worker-password-of-a-test',
  'pm-producer': 'producer-password-of-a-test',
  'pm-client': 'client-password-of-a-test',
  'pm-monitor': 'monitor-password-of-a-test',
} as const;
export type User = keyof typeof PASSWORDS;

/** A real Redis with TLS, the users of config/redis-acl.conf and purchase-grade settings; besides, a plain port. */
export class SecureRedis implements AsyncDisposable {
  readonly caFile: string;
  readonly admin: Redis;
  readonly port: number;
  readonly plainPort: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ca: string;

  private constructor(parts: {
    folder: string;
    child: ChildProcess;
    port: number;
    plainPort: number;
    ca: string;
  }) {
    this.#folder = parts.folder;
    this.#child = parts.child;
    this.#ca = parts.ca;
    this.port = parts.port;
    this.plainPort = parts.plainPort;
    this.caFile = path.join(parts.folder, 'ca.pem');
    this.admin = this.connect('pm-admin');
  }

  /** @param binary a redis-server or valkey-server with TLS */
  static async start(binary: string): Promise<SecureRedis> {
    const folder = await mkdtemp(path.join(tmpdir(), 'pmnamecheap-secure-'));
    const { ca, cert, key } = await createTlsAuthority();
    const acl = Object.entries(PASSWORDS).reduce(
      (text, [user, password]) =>
        text.replace(`>${user.replace('pm-', '').toUpperCase()}_PASSWORD`, `>${password}`),
      await readFile(ACL, 'utf8'),
    );
    const files = { 'ca.pem': ca, 'redis.crt': cert, 'redis.key': key, 'users.acl': acl };
    for (const [name, text] of Object.entries(files))
      await writeFile(path.join(folder, name), text, { mode: 0o600 });
    const [port, plainPort] = [await findFreePort(), await findFreePort()];
    const at = (name: string) => path.join(folder, name);
    const args = [
      ...['--bind', '127.0.0.1', '--port', String(plainPort), '--tls-port', String(port), '--dir', folder],
      ...['--tls-cert-file', at('redis.crt'), '--tls-key-file', at('redis.key')],
      ...['--tls-ca-cert-file', at('ca.pem'), '--tls-auth-clients', 'no', '--aclfile', at('users.acl')],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', '--save', ''],
    ];
    const child = spawn(binary, args, { stdio: 'ignore' });
    const redis = new SecureRedis({ folder, child, port, plainPort, ca });
    const ended = once(child, 'exit').then(() => {
      throw new Error('the secured Redis ended at once: does it speak TLS, and take config/redis-acl.conf?');
    });
    await Promise.race([redis.admin.ping(), ended]);
    ended.catch(() => undefined);
    return redis;
  }

  url(user: User): string {
    return `rediss://${user}:${PASSWORDS[user]}@127.0.0.1:${this.port}`;
  }

  connect(user: User): Redis {
    const client = new Redis(this.url(user), {
      tls: { ca: this.#ca },
      retryStrategy: () => 50,
      maxRetriesPerRequest: null,
    });
    client.on('error', () => undefined);
    return client;
  }

  /** What the users were refused, as `user command reason object`; forgotten by reading it. */
  async takeRefusals(): Promise<string[]> {
    const entries = (await this.admin.call('ACL', 'LOG')) as unknown[][];
    await this.admin.call('ACL', 'LOG', 'RESET');
    const refusals = entries.map((flat) => {
      const read = (name: string) => String(flat[flat.indexOf(name) + 1]);
      return `${read('username')} ${read('context')} ${read('reason')} ${read('object')}`;
    });
    // From Redis 7.2 on clients introduce themselves; older ones do not know the word, so the file cannot allow it.
    return refusals.filter((text) => !text.endsWith('client|setinfo'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.admin.disconnect();
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

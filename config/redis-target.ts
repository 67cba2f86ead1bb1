import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { keepSecret } from '../src/redact.js';

export interface RedisNode {
  host: string;
  port: number;
}

/** Where Redis is: one server, a primary found through Sentinel, or a Cluster. */
export type RedisTarget =
  /** `ca`: PEM of the only authorities trusted for this server; absent: those that Node trusts. */
  | { kind: 'url'; url: string; ca?: string }
  | { kind: 'sentinel'; sentinels: RedisNode[]; name: string }
  | { kind: 'cluster'; nodes: RedisNode[] };

const URL_REMEDY = 'give redis://host:port or rediss://user:password@host:port/0';
const NODES_REMEDY = 'give host:port, several separated by commas, such as 10.0.0.1:26379,10.0.0.2:26379';

/** A Redis URL. Its password is masked in every message and log line from here on. */
export const redisUrl = z.string().refine((text) => {
  // In lower case: ioredis would take "REDISS:" for a plain connection, and send the password in the clear.
  if (!/^rediss?:/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  keepSecret(url.password);
  keepPassword(url);
  return url.hostname !== '' && /^(\/\d*)?$/.test(url.pathname);
}, URL_REMEDY);

/** The clear text of a percent-encoded password, which is what error messages of a server would hold. */
function keepPassword(url: URL): void {
  try {
    keepSecret(decodeURIComponent(url.password));
  } catch {
    // not percent-encoding: the password as written is masked already
  }
}

/**
 * The path of a PEM file with the authority that signed Redis's certificate; comes out as its text. It is trusted for
 * Redis alone: one that Node trusts for everything could vouch for an "api.namecheap.com" of its own.
 */
export const redisCaFile = z.string().transform((file, context): string => {
  try {
    const pem = readFileSync(file, 'utf8');
    // Throws for anything that does not begin with a certificate; a private key pasted by mistake is one.
    new X509Certificate(pem);
    if (!/PRIVATE KEY/.test(pem)) return pem;
  } catch {
    // told below, whatever it was
  }
  context.addIssue({
    code: 'custom',
    message: 'give the path of a readable PEM file with certificates only',
  });
  return z.NEVER;
});

/** The authority is of use with TLS only: beside a plain connection it would promise what is not there. */
export function checkRedisCa(fields: object, report: (name: 'REDIS_CA_FILE', message: string) => void): void {
  const url = 'REDIS_URL' in fields ? String(fields.REDIS_URL) : '';
  if ('REDIS_CA_FILE' in fields && !url.startsWith('rediss:'))
    report('REDIS_CA_FILE', 'it needs a REDIS_URL that starts with rediss://; give one, or remove it');
}

function parseNode(text: string): RedisNode | null {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-f:.]+)\]|([^\s:/@,]+)):(\d{1,5})$/i.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? null : { host, port: number };
}

/** A list `host:port,host:port`; IPv6 addresses in brackets. */
export const redisNodes = z.string().transform((text, context): RedisNode[] => {
  const nodes = text.split(',').map(parseNode);
  if (nodes.every((node) => node !== null)) return nodes;
  context.addIssue({ code: 'custom', message: NODES_REMEDY });
  return z.NEVER;
});

/** Whether all keys that start with the prefix live in one slot of a Redis Cluster (the rule of its specification). */
export function hasHashTag(prefix: string): boolean {
  return /^[^{]*\{[^}]+\}/.test(prefix);
}

import { isIP } from 'node:net';
import { getDomain } from 'tldts';
import type { Coverage } from './catalogue.js';

const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/u;
const INTERNAL_SUFFIXES = new Set(['local', 'localhost', 'internal', 'lan', 'home', 'corp']);
const MAILBOXES = ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'];

/** `example.com` of `*.example.com`. */
export function dropWildcard(name: string): string {
  return name.replace(/^\*\./u, '');
}

export function isWildcard(name: string): boolean {
  return name.startsWith('*.');
}

/** A host name that a public CA would put into a certificate: two labels or more, no IP address, no internal suffix. */
export function isPublicName(name: string): boolean {
  const labels = dropWildcard(name).split('.');
  return (
    isIP(name) === 0 &&
    name.length <= 253 &&
    labels.length >= 2 &&
    labels.every((label) => LABEL.test(label)) &&
    !INTERNAL_SUFFIXES.has(labels.at(-1) ?? '')
  );
}

/** The SAN list of the leaf: Namecheap adds the www/bare twin to single names, and the bare name to wildcards. */
export function listCertificateNames(
  coverage: Coverage,
  commonName: string,
  sans: readonly string[],
): string[] {
  if (coverage === 'wildcard') return [commonName, dropWildcard(commonName)];
  if (coverage === 'multi-domain') return [...new Set([commonName, ...sans])];
  const twin = commonName.startsWith('www.') ? commonName.slice('www.'.length) : `www.${commonName}`;
  return [commonName, twin];
}

/** The mailboxes that may approve a name: five at the name and at each of its parents down to the registrable domain. */
export function listApproverEmails(name: string): string[] {
  const host = dropWildcard(name.toLowerCase());
  const registrable = getDomain(host) ?? host;
  const domains = [host];
  for (let parent = host; parent !== registrable && parent.includes('.');) {
    parent = parent.slice(parent.indexOf('.') + 1);
    domains.push(parent);
  }
  return domains.flatMap((domain) => MAILBOXES.map((mailbox) => `${mailbox}@${domain}`));
}

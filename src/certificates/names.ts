import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import { parse } from 'tldts';
import type { Coverage } from '../../config/products.js';
import { InputError } from '../errors.js';

export type DomainReading = { domain: string; fault: null } | { domain: null; fault: string };

/** RFC 1035, 2.3.4: 255 octets on the wire are 253 characters in text. */
const MAX_NAME = 253;

const MAX_LABEL = 63;

/** Letters, digits, hyphens, none at the ends (RFC 1123, 2.1). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** Long texts that were never a name are not repeated whole. */
const SHOWN = 80;

const fault = (text: string): DomainReading => ({ domain: null, fault: text });

/**
 * Reads a host name as it goes into a certificate: lower case, IDN as A-labels (RFC 5890), without a final dot, a
 * wildcard only as the whole leftmost label. Names that no public CA may certify are faults: IP addresses, internal
 * names and public suffixes (CA/Browser Forum Baseline Requirements 4.2.2, 7.1.4.2.1 and 3.2.2.6).
 */
export function readDomain(name: string): DomainReading {
  const text = name.trim().toLowerCase();
  const prefix = text.startsWith('*.') ? '*.' : '';
  const host = text.slice(prefix.length).replace(/\.$/, '');
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  if (host === '') return fault('a host name is missing');
  if (host.includes('*'))
    return fault(`${shown} is not a wildcard name: "*." may stand only once, at its beginning`);
  if (isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0) return fault(explainIp(shown));
  const ascii = toAscii(host);
  if (ascii === null)
    return fault(`${shown} is not a host name: write only the name, such as www.example.com`);
  // Full-width digits become an address only when they are converted.
  if (isIP(ascii) !== 0) return fault(explainIp(shown));
  const problem = findFault(ascii, prefix.length);
  return problem === null ? { domain: prefix + ascii, fault: null } : fault(`${shown} ${problem}`);
}

function explainIp(shown: string): string {
  return `${shown} is an IP address; these certificates are issued for domain names only`;
}

/** The A-label form, or null when the name holds what no host name may. */
function toAscii(host: string): string | null {
  // The URL parser behind domainToASCII would decode %41 and read 0x7f.1 as an address: ASCII is never handed to it unchecked.
  const ascii = host.replace(/\P{ASCII}/gu, '');
  if (!/^[a-z0-9.-]*$/.test(ascii)) return null;
  if (ascii === host && !/(^|\.)xn--/.test(host)) return host;
  const converted = domainToASCII(host);
  return converted === '' ? null : converted;
}

function findFault(host: string, prefixLength: number): string | null {
  if (host.length + prefixLength > MAX_NAME) return `is longer than ${MAX_NAME} characters`;
  for (const label of host.split('.')) {
    if (label.length > MAX_LABEL) return `has a part of more than ${MAX_LABEL} characters`;
    if (!LABEL.test(label)) return 'is not a host name: its parts may hold letters, digits and inner hyphens';
    // RFC 5890, 2.3.1: "--" at this place is reserved; only xn-- has a meaning.
    if (label.startsWith('--', 2) && !label.startsWith('xn--'))
      return 'has a part with "--" at its third character';
  }
  const { isIcann, publicSuffix } = parse(host, { allowPrivateDomains: false });
  if (isIcann !== true) return 'is not a public domain name: no CA issues certificates for internal names';
  return publicSuffix === host ? 'is a public suffix, under which others register their domains' : null;
}

/**
 * The name in the form of {@link readDomain}.
 * @throws InputError naming the fault.
 */
export function normalizeDomain(name: string): string {
  const reading = readDomain(name);
  if (reading.fault !== null) throw new InputError([reading.fault], 'The domain name');
  return reading.domain;
}

/** True for `*.example.com`. */
export function isWildcard(name: string): boolean {
  return name.startsWith('*.');
}

/**
 * The domain that somebody registered, such as `example.co.uk` for `*.shop.example.co.uk`; null for a name without
 * one. The public suffix list without its private part decides: `github.io` counts as registered.
 */
export function findRegistrableDomain(name: string): string | null {
  return parse(isWildcard(name) ? name.slice(2) : name, { allowPrivateDomains: false }).domain;
}

/**
 * Names that a CA adds at no charge to a certificate for one name: the `www`/bare twin, and the bare domain of a
 * wildcard. They may stand in the CSR, but the certificate need not hold them. Expects a normalised name.
 */
export function listImpliedNames(commonName: string, coverage: Coverage): string[] {
  if (coverage === 'multi') return [];
  if (coverage === 'wildcard') return isWildcard(commonName) ? [commonName.slice(2)] : [];
  const twin = commonName.startsWith('www.') ? commonName.slice('www.'.length) : `www.${commonName}`;
  return readDomain(twin).fault === null ? [twin] : [];
}

/**
 * Whether a certificate with these names is valid for `name`: the same name, or a wildcard for exactly one label
 * (RFC 9525, 6.3). A wildcard name is covered by itself only.
 */
export function coversName(certificateNames: readonly string[], name: string): boolean {
  const wanted = name.toLowerCase();
  const wildcard = isWildcard(wanted) ? wanted : wanted.replace(/^[^.]+/, '*');
  return certificateNames.some((held) => [wanted, wildcard].includes(held.toLowerCase()));
}

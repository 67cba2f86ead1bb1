import { X509Certificate } from 'node:crypto';
import { FailError } from '../errors.js';
import { hashPublicKey } from './csr-key.js';
import { coversName } from './names.js';

const DAY_MS = 86_400_000;

/** What an issuance must fit. */
export interface IssuedInput {
  /** PEM of the leaf. */
  certificate: string;
  /** PEM of the intermediates, in any order; may be empty. */
  chain: readonly string[];
  /** Of the CSR, see {@link hashPublicKey}. */
  csrPublicKeyHash: string;
  /** Every one must be covered by the certificate. */
  names: readonly string[];
  /** ms. */
  now: number;
}

/** A certificate that fits. Times in ms. */
export interface IssuedLeaf {
  certificate: string;
  /** From the leaf's issuer towards the root. What does not belong to the leaf's path is left out. */
  chain: string[];
  notBefore: number;
  notAfter: number;
  /** DNS names of the SAN extension, lower case. */
  names: string[];
  /** Hex. */
  serialNumber: string;
  issuer: string;
  /** SHA-256, hex without colons. */
  fingerprint256: string;
}

/** What a certificate says of itself, nothing judged. */
export interface SeenLeaf extends IssuedLeaf {
  /** See {@link hashPublicKey}. */
  publicKeyHash: string;
}

/** Reads a certificate that somebody else asked for. @throws FailError ERR_CERTIFICATE_MISMATCH when it cannot be read. */
export function readLeaf({ certificate, chain }: Pick<IssuedInput, 'certificate' | 'chain'>): SeenLeaf {
  const { leaf, available } = readAll(certificate, chain);
  return { ...describeLeaf(leaf, buildPath(leaf, available)), publicKeyHash: hashPublicKey(leaf.publicKey) };
}

function readAll(certificate: string, chain: readonly string[]) {
  const leaf = readCertificate(certificate, 'certificate');
  const available = chain.map((pem, index) => readCertificate(pem, `chain certificate ${index + 1}`));
  return { leaf, available };
}

/**
 * Checks that an issued certificate is the one that was asked for, before it is handed on.
 * @throws FailError ERR_CERTIFICATE_MISMATCH with a sentence that says everything in which it differs.
 */
export function verifyIssued(input: IssuedInput): IssuedLeaf {
  const { leaf, available } = readAll(input.certificate, input.chain);
  const path = buildPath(leaf, available);
  const facts = describeLeaf(leaf, path);
  const differences = [
    ...listKeyDifferences(leaf, input.csrPublicKeyHash),
    ...listNameDifferences(facts.names, input.names),
    ...listTimeDifferences(facts.notBefore, facts.notAfter, input.now),
    ...listChainDifferences(path, available, input.now),
  ];
  if (differences.length > 0) throw refuse(differences);
  return facts;
}

function describeLeaf(leaf: X509Certificate, path: readonly X509Certificate[]): IssuedLeaf {
  return {
    certificate: leaf.toString(),
    chain: path.map((certificate) => certificate.toString()),
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
    names: readDnsNames(leaf),
    serialNumber: leaf.serialNumber,
    issuer: leaf.issuer.replaceAll('\n', ', '),
    fingerprint256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function refuse(differences: readonly string[]): FailError {
  return new FailError(
    `The issued certificate does not fit the order: ${differences.join('; ')}. It was not handed on; ` +
      'compare it with the order at Namecheap and reissue it with the right CSR, or ask their support.',
    'ERR_CERTIFICATE_MISMATCH',
  );
}

function readCertificate(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw refuse([`the ${what} cannot be read`]);
  }
}

function readDnsNames(leaf: X509Certificate): string[] {
  const entries = leaf.subjectAltName?.split(', ') ?? [];
  return entries
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice('DNS:'.length).toLowerCase());
}

function listKeyDifferences(leaf: X509Certificate, csrPublicKeyHash: string): string[] {
  return hashPublicKey(leaf.publicKey) === csrPublicKeyHash ? [] : ['its key is not the key of the CSR'];
}

function listNameDifferences(held: readonly string[], wanted: readonly string[]): string[] {
  const missing = wanted.filter((name) => !coversName(held, name));
  return missing.length === 0
    ? []
    : [`it does not cover ${missing.join(', ')} (but ${held.join(', ') || 'no name'})`];
}

/** A day is allowed for clocks and for CAs that date ahead. */
function listTimeDifferences(notBefore: number, notAfter: number, now: number): string[] {
  if (notAfter <= now) return [`it expired at ${new Date(notAfter).toISOString()}`];
  if (notBefore > now + DAY_MS) return [`it is not valid before ${new Date(notBefore).toISOString()}`];
  return [];
}

/** The leaf's issuer, its issuer and so on, as far as the given certificates go; each link is verified by its signature. */
function buildPath(leaf: X509Certificate, available: readonly X509Certificate[]): X509Certificate[] {
  const path: X509Certificate[] = [];
  for (let current = leaf; !isIssuedBy(current, current);) {
    const candidates = available.filter(
      (issuer) => isIssuedBy(current, issuer) && !path.some((seen) => seen.raw.equals(issuer.raw)),
    );
    // Of a root and its cross-signed twin the latter leads on, to the root that older clients know.
    const next = candidates.find((candidate) => !isIssuedBy(candidate, candidate)) ?? candidates[0];
    if (next === undefined) break;
    path.push(next);
    current = next;
  }
  return path;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** An empty chain is no fault: Namecheap may deliver it later. One that does not lead to the leaf is. */
function listChainDifferences(
  path: readonly X509Certificate[],
  available: readonly X509Certificate[],
  now: number,
): string[] {
  if (available.length === 0) return [];
  if (path.length === 0) return ['its chain does not verify: none of its certificates issued the leaf'];
  const expired = path.find((certificate) => Date.parse(certificate.validTo) <= now);
  return expired === undefined
    ? []
    : [`its chain does not verify: ${expired.subject.replaceAll('\n', ', ')} has expired`];
}

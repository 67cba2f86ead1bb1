import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

type CryptoKey = webcrypto.CryptoKey;

const ALGORITHMS = {
  'rsa-1024': { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024 },
  'rsa-2048': { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048 },
  'rsa-3072': { name: 'RSASSA-PKCS1-v1_5', modulusLength: 3072 },
  'rsa-pss': { name: 'RSA-PSS', modulusLength: 2048 },
  'p-256': { name: 'ECDSA', namedCurve: 'P-256' },
  'p-384': { name: 'ECDSA', namedCurve: 'P-384' },
  'p-521': { name: 'ECDSA', namedCurve: 'P-521' },
  ed25519: { name: 'Ed25519' },
};
export type KeyKind = keyof typeof ALGORITHMS;

export interface CsrOptions {
  commonName: string;
  /** DNS names; an IPv4 address becomes an IP entry. */
  sans?: readonly string[];
  /** Default `p-256`, which is quick to make. */
  key?: KeyKind;
  hash?: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';
  organization?: string;
  country?: string;
  publicExponent?: readonly number[];
  /** Further parts of the subject, such as `{ L: ['Berlin'] }`. */
  subject?: readonly Record<string, string[]>[];
}

export interface MadeCsr {
  /** PEM. */
  csr: string;
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

interface KeyPair {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

async function makeKeys(kind: KeyKind, hash: string, exponent: readonly number[]): Promise<KeyPair> {
  const algorithm = { ...ALGORITHMS[kind], hash, publicExponent: new Uint8Array(exponent) };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error(`${kind} gave no key pair`);
  return keys;
}

function composeSans(sans: readonly string[]): SubjectAlternativeNameExtension[] {
  if (sans.length === 0) return [];
  const type = (value: string) => (/^[\d.]+$/.test(value) ? ('ip' as const) : ('dns' as const));
  return [new SubjectAlternativeNameExtension(sans.map((value) => ({ type: type(value), value })))];
}

/** A signed request with a new key. */
export async function makeCsr(options: CsrOptions): Promise<MadeCsr> {
  const { commonName, sans = [], key = 'p-256', hash = 'SHA-256', organization, country } = options;
  const keys = await makeKeys(key, hash, options.publicExponent ?? [1, 0, 1]);
  const name = [
    ...(country === undefined ? [] : [{ C: [country] }]),
    ...(organization === undefined ? [] : [{ O: [organization] }]),
    ...(options.subject ?? []),
    ...(commonName === '' ? [] : [{ CN: [commonName] }]),
  ];
  const request = await Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: { ...ALGORITHMS[key], hash, saltLength: 32 },
    extensions: composeSans(sans),
  });
  return { csr: `${request.toString('pem')}\n`, ...keys };
}

/** Something that can sign certificates. */
export interface TestAuthority {
  /** PEM. */
  certificate: string;
  name: string;
  privateKey: CryptoKey;
}

export interface CertificateOptions {
  commonName: string;
  sans?: readonly string[];
  publicKey: CryptoKey;
  issuer: TestAuthority;
  /** ms */
  notBefore: number;
  /** ms */
  notAfter: number;
  serialNumber?: string;
  isAuthority?: boolean;
}

const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };

/** A root, valid from 2020 to 2040 unless said otherwise. */
export async function makeRoot(name: string): Promise<TestAuthority & KeyPair> {
  const keys = await makeKeys('p-256', 'SHA-256', []);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: SIGNING,
    notBefore: new Date('2020-01-01'),
    notAfter: new Date('2040-01-01'),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return { certificate: certificate.toString('pem'), name, ...keys };
}

/** A CA certificate under another one; `keys` makes a cross-signed twin of an existing authority. */
export async function makeIntermediate(
  name: string,
  issuer: TestAuthority,
  { notAfter = Date.UTC(2039, 0, 1), keys }: { notAfter?: number; keys?: KeyPair } = {},
): Promise<TestAuthority & KeyPair> {
  const pair = keys ?? (await makeKeys('p-256', 'SHA-256', []));
  const certificate = await makeCertificate({
    ...{ commonName: name, issuer, publicKey: pair.publicKey },
    ...{ notBefore: Date.UTC(2020, 0, 2), notAfter, isAuthority: true },
  });
  return { ...pair, certificate, name };
}

/** PEM of a certificate for a key that was made elsewhere. */
export async function makeCertificate(options: CertificateOptions): Promise<string> {
  const { commonName, sans = [], publicKey, issuer, notBefore, notAfter, serialNumber = '01' } = options;
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: `CN=${issuer.name}`,
    publicKey,
    signingKey: issuer.privateKey,
    signingAlgorithm: SIGNING,
    serialNumber,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    extensions: [new BasicConstraintsExtension(options.isAuthority === true), ...composeSans(sans)],
  });
  return certificate.toString('pem');
}

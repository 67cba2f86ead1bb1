import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { DAY } from './clock.js';

/** The content of one certificate to be signed. Times are ms since the epoch. */
export interface LeafContent {
  commonName: string;
  names: readonly string[];
  /** SubjectPublicKeyInfo, DER. */
  publicKey: ArrayBuffer;
  notBefore: number;
  notAfter: number;
}

const KEY = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const ROOT_NAME = 'CN=pmnamecheap sandbox root, O=pmnamecheap sandbox';
const INTERMEDIATE_NAME = 'CN=pmnamecheap sandbox intermediate, O=pmnamecheap sandbox';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const LIFE_DAYS = 10_000;

type KeyPair = webcrypto.CryptoKeyPair;

async function makeKeys(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(KEY, false, ['sign', 'verify']);
}

/** RFC 5280, 4.2.1: what makes a certificate an authority. */
async function listAuthorityExtensions(
  keys: KeyPair,
  issuer: KeyPair,
  depth: number,
): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, depth, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
}

/** A throw-away certificate authority (root and intermediate, ECDSA P-256) that lives as long as the sandbox. */
export class Authority {
  /** The chain above every leaf, PEM: the intermediate, then the root. */
  readonly chain: readonly string[];

  private constructor(
    private readonly keys: KeyPair,
    private readonly intermediate: x509.X509Certificate,
    private readonly root: x509.X509Certificate,
  ) {
    this.chain = [intermediate.toString('pem'), root.toString('pem')];
  }

  /** @param now ms since the epoch; the authority is valid for decades before and after it: clocks are moved here */
  static async create(now: number): Promise<Authority> {
    const [rootKeys, keys] = await Promise.all([makeKeys(), makeKeys()]);
    const life = { notBefore: new Date(now - LIFE_DAYS * DAY), notAfter: new Date(now + LIFE_DAYS * DAY) };
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      ...life,
      name: ROOT_NAME,
      keys: rootKeys,
      signingAlgorithm: KEY,
      extensions: await listAuthorityExtensions(rootKeys, rootKeys, 1),
    });
    const intermediate = await x509.X509CertificateGenerator.create({
      ...life,
      subject: INTERMEDIATE_NAME,
      issuer: ROOT_NAME,
      publicKey: keys.publicKey,
      signingKey: rootKeys.privateKey,
      signingAlgorithm: KEY,
      extensions: await listAuthorityExtensions(keys, rootKeys, 0),
    });
    return new Authority(keys, intermediate, root);
  }

  /** Signs a leaf and returns it as PEM. X.509 times have whole seconds: fractions are cut off. */
  async sign(content: LeafContent): Promise<string> {
    const leaf = await x509.X509CertificateGenerator.create({
      subject: [{ CN: [content.commonName] }],
      issuer: INTERMEDIATE_NAME,
      notBefore: new Date(content.notBefore),
      notAfter: new Date(content.notAfter),
      publicKey: content.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: KEY,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
        new x509.SubjectAlternativeNameExtension(
          content.names.map((value) => ({ type: 'dns' as const, value })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(this.keys.publicKey),
      ],
    });
    return leaf.toString('pem');
  }

  /** The leaf and its chain as one PKCS #7 bundle, PEM. */
  bundle(leaf: string): string {
    const all = new x509.X509Certificates([new x509.X509Certificate(leaf), this.intermediate, this.root]);
    return all.toString('pem').replaceAll(' CMS-----', ' PKCS7-----');
  }
}

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';

export interface TestCsr {
  pem: string;
  der: Buffer;
  /** SubjectPublicKeyInfo, DER. */
  publicKey: Buffer;
}

const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
};

/** A request for the subject, `CN=shop.example`, with a fresh key. */
export async function makeCsr(subject: string, kind: 'ec' | 'rsa' = 'ec'): Promise<TestCsr> {
  const algorithm = ALGORITHMS[kind];
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: subject,
    keys,
    signingAlgorithm: algorithm,
  });
  return {
    pem: csr.toString('pem'),
    der: Buffer.from(csr.rawData),
    publicKey: Buffer.from(await webcrypto.subtle.exportKey('spki', keys.publicKey)),
  };
}

/** The same request with its last byte, part of the signature, changed. */
export function breakSignature({ der }: TestCsr): string {
  const broken = Buffer.from(der);
  broken.writeUInt8(broken.readUInt8(broken.length - 1) ^ 1, broken.length - 1);
  const lines = broken.toString('base64').match(/.{1,64}/gu) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----'].join('\n');
}

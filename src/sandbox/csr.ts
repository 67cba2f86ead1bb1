import 'reflect-metadata';
import { createHash, createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { demand } from './refusal.js';

export interface SigningRequest {
  /** As it was sent. */
  pem: string;
  /** Lower case; empty when the subject has none. */
  commonName: string;
  subject: Readonly<Record<'O' | 'OU' | 'L' | 'ST' | 'C' | 'E', string>>;
  dnsNames: readonly string[];
  /** SubjectPublicKeyInfo, DER. */
  publicKey: ArrayBuffer;
  /** SHA-256 of the SubjectPublicKeyInfo, hex. */
  publicKeyHash: string;
  /** Hashes of the DER request, upper-case hex: what the CA's HTTP and DNS validation values are made of. */
  md5: string;
  sha256: string;
}

const PEM =
  /-----BEGIN (NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END (?:NEW )?CERTIFICATE REQUEST-----/u;
const MIN_RSA_BITS = 2048;
const EC_CURVES = new Set(['prime256v1', 'secp384r1']);

function hash(algorithm: 'md5' | 'sha256', bytes: ArrayBuffer): string {
  return createHash(algorithm).update(new Uint8Array(bytes)).digest('hex');
}

function decode(pem: string): Pkcs10CertificateRequest | null {
  const body = PEM.exec(pem)?.[2];
  if (body === undefined) return null;
  try {
    return new Pkcs10CertificateRequest(Buffer.from(body, 'base64'));
  } catch {
    return null;
  }
}

/** What the CA accepts (CA/Browser Forum Baseline Requirements 6.1.5): RSA from 2048 bits, P-256 and P-384. */
function isAcceptedKey(publicKey: ArrayBuffer): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'rsa')
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
    return key.asymmetricKeyType === 'ec' && EC_CURVES.has(key.asymmetricKeyDetails?.namedCurve ?? '');
  } catch {
    return false;
  }
}

async function isSelfSigned(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify();
  } catch {
    return false;
  }
}

function readDnsNames(request: Pkcs10CertificateRequest): string[] {
  const names = request.extensions.find((extension) => extension instanceof SubjectAlternativeNameExtension);
  const items = names?.names.items ?? [];
  return items.filter((item) => item.type === 'dns').map((item) => item.value.toLowerCase());
}

/**
 * Reads a PKCS #10 request (RFC 2986) and checks its key and its signature.
 * @throws Refusal `unreadable` (the command's own number) when it cannot be read, 3011296 when key or signature fail
 */
export async function readCsr(pem: string, unreadable: number): Promise<SigningRequest> {
  const request = decode(pem);
  demand(request !== null, unreadable, 'Parameter CSR is Invalid');
  const publicKey = request.publicKey.rawData;
  demand(
    isAcceptedKey(publicKey),
    3011296,
    'Invalid CSR (the key must be RSA of 2048 bits or more, P-256 or P-384)',
  );
  demand(await isSelfSigned(request), 3011296, 'Invalid CSR (the signature does not match the key)');
  const read = (field: string): string => request.subjectName.getField(field)[0] ?? '';
  return {
    pem,
    commonName: read('CN').toLowerCase(),
    subject: { O: read('O'), OU: read('OU'), L: read('L'), ST: read('ST'), C: read('C'), E: read('E') },
    dnsNames: readDnsNames(request),
    publicKey,
    publicKeyHash: hash('sha256', publicKey),
    md5: hash('md5', request.rawData).toUpperCase(),
    sha256: hash('sha256', request.rawData).toUpperCase(),
  };
}

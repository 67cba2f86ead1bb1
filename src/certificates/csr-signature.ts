import { verify, type KeyObject } from 'node:crypto';

export interface RequestSignature {
  /** As the library names it (`ECDSA`), or the OID of one that it does not know. */
  scheme: string;
  /** Such as `SHA-256`. */
  hash: string;
  value: Buffer;
}

/** MD5 and SHA-1 are broken; CAs refuse them. */
const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const SIGNATURE_SCHEMES = ['RSASSA-PKCS1-v1_5', 'ECDSA'];

/**
 * Checks that a request (DER) was signed with its own key; what is wrong is added to `faults`.
 * @returns the hash of the signature in Node's spelling, empty after a fault
 */
export function checkSignature(
  signature: RequestSignature,
  der: Buffer,
  key: KeyObject,
  faults: string[],
): string {
  const hash = SIGNATURE_HASHES[signature.hash];
  if (hash === undefined || !SIGNATURE_SCHEMES.includes(signature.scheme)) {
    const used = `${signature.scheme} with ${signature.hash}`;
    faults.push(`it is signed by ${used}; make it again with SHA-256 (openssl req -sha256)`);
    return '';
  }
  const signed = readSignedPart(der);
  if (signed === null || !verify(hash, signed, key, signature.value)) {
    faults.push('its signature does not fit its key: it was changed after it was made; make a new one');
  }
  return hash;
}

/** The bytes that the signature covers: the first element of the outer SEQUENCE (RFC 2986, 4.2). Null when it is not DER. */
function readSignedPart(der: Buffer): Buffer | null {
  const outer = readElement(der, 0);
  if (outer?.end !== der.length) return null;
  const inner = readElement(der, outer.contentStart);
  return inner === null ? null : der.subarray(outer.contentStart, inner.end);
}

/** Where the content of the DER element at `start` begins and ends (X.690, 8.1.3; definite lengths only). */
function readElement(der: Buffer, start: number): { contentStart: number; end: number } | null {
  const first = der[start + 1];
  if (first === undefined || first === 0x80 || first > 0x84) return null;
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const contentStart = start + 2 + lengthBytes;
  if (contentStart > der.length) return null;
  const end = contentStart + (lengthBytes === 0 ? first : der.readUIntBE(start + 2, lengthBytes));
  return end > der.length ? null : { contentStart, end };
}

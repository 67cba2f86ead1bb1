import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** A key that CAs accept. */
export interface KeyFacts {
  keyType: 'rsa' | 'ec';
  keyBits: number;
  curve?: 'P-256' | 'P-384';
}

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192;
const MIN_EXPONENT = 65_537n;
const MAX_EXPONENT = 2n ** 256n - 1n;

const CURVES: Readonly<Record<string, { curve: 'P-256' | 'P-384'; keyBits: number }>> = {
  prime256v1: { curve: 'P-256', keyBits: 256 },
  secp384r1: { curve: 'P-384', keyBits: 384 },
};

const KEY_REMEDY = `make a new key: RSA of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, P-256 or P-384`;

/** SHA-256 of the DER SubjectPublicKeyInfo, hex. */
export function hashPublicKey(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

/** The key of a DER SubjectPublicKeyInfo; null when it cannot be read. */
export function importKey(der: Buffer): KeyObject | null {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

/**
 * Judges a key by the CA/Browser Forum Baseline Requirements 6.1.5 and 6.1.6; what is wrong is added to `faults`.
 * @returns null only after a fault
 */
export function readKey(key: KeyObject | null, faults: string[]): KeyFacts | null {
  if (key === null) {
    faults.push(`its public key cannot be read; ${KEY_REMEDY}`);
    return null;
  }
  if (key.asymmetricKeyType === 'ec') {
    const namedCurve = key.asymmetricKeyDetails?.namedCurve ?? 'an unnamed curve';
    const known = CURVES[namedCurve];
    if (known !== undefined) return { keyType: 'ec', ...known };
    faults.push(`its key is on ${namedCurve}; ${KEY_REMEDY}`);
    return null;
  }
  if (key.asymmetricKeyType === 'rsa') return readRsaKey(key, faults);
  faults.push(`its key is of the type ${key.asymmetricKeyType ?? 'unknown'}; ${KEY_REMEDY}`);
  return null;
}

function readRsaKey(key: KeyObject, faults: string[]): KeyFacts {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS || modulusLength % 8 !== 0) {
    faults.push(`its RSA key has ${modulusLength} bits; ${KEY_REMEDY}`);
  }
  if (publicExponent < MIN_EXPONENT || publicExponent > MAX_EXPONENT || publicExponent % 2n === 0n) {
    faults.push('the public exponent of its RSA key is not safe; make a new key with the exponent 65537');
  }
  return { keyType: 'rsa', keyBits: modulusLength };
}

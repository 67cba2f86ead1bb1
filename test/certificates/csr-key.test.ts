import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importKey, readKey } from '../../src/certificates/csr-key.js';

const encode = (value: bigint): string => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
};

/** A public RSA key of that size; nobody knows its factors, which no check asks for. */
function makeRsaKey(bits: number, exponent: bigint): KeyObject {
  const modulus = (1n << BigInt(bits - 1)) + 1n;
  return createPublicKey({ key: { kty: 'RSA', n: encode(modulus), e: encode(exponent) }, format: 'jwk' });
}

function findFaults(key: KeyObject | null): string[] {
  const faults: string[] = [];
  readKey(key, faults);
  return faults;
}

describe('readKey', () => {
  it.each([2048, 3072, 4096, 8192])('accepts RSA of %i bits', (bits) => {
    const faults: string[] = [];
    expect(readKey(makeRsaKey(bits, 65_537n), faults)).toEqual({ keyType: 'rsa', keyBits: bits });
    expect(faults).toEqual([]);
  });

  it.each([512, 1024, 2040, 2047, 2049, 8200])('refuses RSA of %i bits', (bits) => {
    expect(findFaults(makeRsaKey(bits, 65_537n))).toEqual([
      expect.stringContaining(`${bits} bits; make a new key`),
    ]);
  });

  it.each([3n, 17n, 65_535n, 65_538n, 2n ** 256n + 1n])('refuses the exponent %i', (exponent) => {
    expect(findFaults(makeRsaKey(2048, exponent))).toEqual([expect.stringContaining('exponent')]);
  });

  it.each([65_537n, 65_539n, 2n ** 256n - 1n])('accepts the exponent %i', (exponent) => {
    expect(findFaults(makeRsaKey(2048, exponent))).toEqual([]);
  });

  it('refuses other kinds of keys', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    expect(findFaults(publicKey)).toEqual([expect.stringContaining('secp256k1')]);
    expect(findFaults(generateKeyPairSync('x25519').publicKey)).toEqual([expect.stringContaining('x25519')]);
    expect(findFaults(null)).toEqual([expect.stringContaining('cannot be read')]);
  });
});

it('importKey answers null for what is no key', () => {
  expect(importKey(Buffer.from('300506032b6570', 'hex'))).toBeNull();
  expect(importKey(Buffer.alloc(0))).toBeNull();
});

import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseCsr } from '../../src/certificates/csr.js';
import { verifyIssued } from '../../src/certificates/leaf.js';
import { FailError } from '../../src/errors.js';
import {
  makeCertificate,
  makeCsr,
  makeIntermediate,
  makeRoot,
  type CertificateOptions,
} from '../csr-fixtures.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 22, 12);

const names = ['example.com', 'www.example.com'];

async function prepare() {
  const [root, stranger, request, other] = await Promise.all([
    makeRoot('Test Root'),
    makeRoot('Stranger'),
    makeCsr({ commonName: 'example.com', sans: names }),
    makeCsr({ commonName: 'example.com' }),
  ]);
  const upper = await makeIntermediate('Test Upper CA', root);
  const lower = await makeIntermediate('Test Issuing CA', upper);
  return {
    root,
    stranger,
    upper,
    lower,
    request,
    other,
    csrPublicKeyHash: parseCsr(request.csr).publicKeyHash,
  };
}

let pki: Awaited<ReturnType<typeof prepare>>;
beforeAll(async () => {
  pki = await prepare();
});

async function issue(changes: Partial<CertificateOptions> = {}): Promise<string> {
  const { request, lower } = pki;
  return await makeCertificate({
    ...{ commonName: 'example.com', sans: names, publicKey: request.publicKey, issuer: lower },
    ...{ notBefore: Date.UTC(2026, 10, 22), notAfter: Date.UTC(2027, 5, 8), serialNumber: '0a1b2c' },
    ...changes,
  });
}

function verify(
  certificate: string,
  chain: readonly string[] = [],
  wanted: readonly string[] = names,
  now = NOW,
) {
  return verifyIssued({ certificate, chain, csrPublicKeyHash: pki.csrPublicKeyHash, names: wanted, now });
}

function refuse(...input: Parameters<typeof verify>): string {
  try {
    verify(...input);
  } catch (error) {
    if (error instanceof FailError && error.code === 'ERR_CERTIFICATE_MISMATCH') return error.message;
    throw error;
  }
  return 'accepted';
}

const identify = (pem: string): string => new X509Certificate(pem).fingerprint256;

describe('verifyIssued', () => {
  it('tells what it reads from the leaf', async () => {
    const pem = await issue({ sans: ['Example.com', 'www.example.com', '*.shop.example.com', '192.0.2.1'] });
    const x509 = new X509Certificate(pem);
    expect(verify(pem)).toEqual({
      certificate: x509.toString(),
      chain: [],
      notBefore: Date.UTC(2026, 10, 22),
      notAfter: Date.UTC(2027, 5, 8),
      names: ['example.com', 'www.example.com', '*.shop.example.com'],
      serialNumber: '0A1B2C',
      issuer: 'CN=Test Issuing CA',
      fingerprint256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    });
  });

  it('orders the chain from the issuer to the root, whatever its order', async () => {
    const { root, upper, lower } = pki;
    const pem = await issue();
    const [a, b, c] = [lower.certificate, upper.certificate, root.certificate];
    for (const chain of [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
      [c, b, b, a, a],
    ]) {
      expect(verify(pem, chain).chain.map(identify)).toEqual([a, b, c].map(identify));
    }
    expect(verify(pem, [b, a]).chain.map(identify)).toEqual([a, b].map(identify));
  });

  it('takes the intermediate and leaves a stray certificate out', async () => {
    const { lower, stranger } = pki;
    const { chain } = verify(await issue(), [stranger.certificate, lower.certificate]);
    expect(chain.map(identify)).toEqual([identify(lower.certificate)]);
  });

  it('follows a cross-signed root to the older one', async () => {
    const [young, old] = await Promise.all([makeRoot('Young Root'), makeRoot('Old Root')]);
    const crossed = await makeIntermediate('Young Root', old, { keys: young });
    const pem = await issue({ issuer: young });
    const { chain } = verify(pem, [young.certificate, old.certificate, crossed.certificate]);
    expect(chain.map(identify)).toEqual([crossed, old].map(({ certificate }) => identify(certificate)));
  });

  it('ends also where two authorities certify each other', async () => {
    const [one, two] = await Promise.all([makeRoot('One'), makeRoot('Two')]);
    const oneByTwo = await makeIntermediate('One', two, { keys: one });
    const twoByOne = await makeIntermediate('Two', one, { keys: two });
    const { chain } = verify(await issue({ issuer: one }), [twoByOne.certificate, oneByTwo.certificate]);
    expect(chain.map(identify)).toEqual([oneByTwo, twoByOne].map(({ certificate }) => identify(certificate)));
  });

  it('accepts a wildcard for a name below it', async () => {
    expect(refuse(await issue({ sans: ['*.example.com', 'example.com'] }))).toBe('accepted');
  });
});

describe('a certificate that does not fit', () => {
  it('has another key', async () => {
    expect(refuse(await issue({ publicKey: pki.other.publicKey }))).toContain(
      'its key is not the key of the CSR',
    );
  });

  it('lacks names', async () => {
    const wanted = [...names, 'shop.example.com', 'example.org'];
    expect(refuse(await issue(), [], wanted)).toContain(
      'it does not cover shop.example.com, example.org (but example.com, www.example.com)',
    );
    expect(refuse(await issue({ sans: [] }))).toContain('(but no name)');
    expect(refuse(await issue(), [], ['*.example.com'])).toContain('does not cover *.example.com');
  });

  it('has expired, or is not valid yet', async () => {
    const pem = await issue({ notBefore: NOW, notAfter: NOW + 47 * DAY });
    expect(refuse(pem, [], names, NOW - DAY)).toBe('accepted');
    expect(refuse(pem, [], names, NOW - DAY - 1)).toContain('not valid before 2026-11-22T12:00:00.000Z');
    expect(refuse(pem, [], names, NOW + 47 * DAY - 1)).toBe('accepted');
    expect(refuse(pem, [], names, NOW + 47 * DAY)).toContain('expired at 2027-01-08T12:00:00.000Z');
  });

  it('has a chain that leads nowhere', async () => {
    const { stranger, root, lower } = pki;
    const sameName = await makeRoot(lower.name);
    for (const chain of [[stranger.certificate], [root.certificate], [sameName.certificate]]) {
      expect(refuse(await issue(), chain)).toContain('its chain does not verify');
    }
  });

  it('has an issuer that is no CA', async () => {
    const { request, lower } = pki;
    const noCa = await issue({ commonName: 'Mallory' });
    const issuer = { certificate: noCa, name: 'Mallory', privateKey: request.privateKey };
    expect(refuse(await issue({ issuer }), [noCa, lower.certificate])).toContain('its chain does not verify');
  });

  it('has an expired intermediate', async () => {
    const expired = await makeIntermediate('Expired CA', pki.root, { notAfter: NOW - 1000 });
    expect(refuse(await issue({ issuer: expired }), [expired.certificate])).toContain(
      'CN=Expired CA has expired',
    );
  });

  it('cannot be read', async () => {
    expect(refuse('no PEM')).toContain('the certificate cannot be read');
    expect(refuse(await issue(), [pki.lower.certificate, ''])).toContain(
      'the chain certificate 2 cannot be read',
    );
  });

  it('differs in everything: all of it is said', async () => {
    const { other, stranger } = pki;
    const message = refuse(await issue({ publicKey: other.publicKey, notAfter: NOW - 1000, sans: [] }), [
      stranger.certificate,
    ]);
    for (const part of ['key', 'does not cover', 'expired', 'chain', 'reissue it'])
      expect(message).toContain(part);
  });
});

import { createHash, webcrypto } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatPem, normalizePem } from '../../src/certificates/csr-pem.js';
import { parseCsr } from '../../src/certificates/csr.js';
import { InputError } from '../../src/errors.js';
import { makeCsr, type CsrOptions } from '../csr-fixtures.js';

/** Made once with `openssl req -md5`: no current library signs so. */
const MD5_CSR = `-----BEGIN CERTIFICATE REQUEST-----
MIICYjCCAUoCAQAwHTEbMBkGA1UEAwwSbGVnYWN5LmV4YW1wbGUubmV0MIIBIjAN
BgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAs82GRtGETkkOQTMVTvpR2RkYFS3v
cPhuK7lhXOPR5tKaqh4BXiXfN8tL9Mt+AYge+gM6i9ST5m+hfZTQs1jlh41gcLQt
fO2BJQGrQBjb2D82zPfpP8PyjhfAkiZQIbMmU2nMZzlt4Ebh2Tx46xMDJpxlXS8K
fiTdc0YfQJWRHjoUykpAl53Eg8OpVmyauSEGslXyL79FIgJDWrpFtXzew+SYnesj
ZWrJgShQ0J0VnMw+SVDdbAEZ9Bdt0vY5TF7TFOhfl66MUnypcEySCtbcwEQl/wr/
MQjWtFN8Pag5nmrvOYnuzT40557TjHlRkla4wXipDdaRoF/1/uLf42Nq5wIDAQAB
oAAwDQYJKoZIhvcNAQEEBQADggEBAJjDFvMu7xRTUcMqp4kOuBlRZMlJbI+Uul9W
/lfd9U/ylYnUiXXgcM+MrggtRe7PuuF8TsfCpOopAoAudPlqEnCx9qR8FWdw+lff
Rybf8lGcZpw1hHaRSZcOYWCCiwDtxjDE4Ng08TrXd7FYiEWX4jCN0FrbSREvgZWU
oA+LWWNxFuiAwxoidqy/5Ut6w+5DBKL800f2Ot9ani+XXl0trY5iSYXUXVRNsB4p
w4E1mhqK5UJ55f2T5IdLR+3fO9SSf2yWBNuF5N/jifa9jm4lRBBPs/XcDiubv6GI
bMe9THIAidXGom/ECnaBHv3PNTNe8G7j27sowqOKIlsnXt3OPYM=
-----END CERTIFICATE REQUEST-----
`;

const make = async (options: Partial<CsrOptions> = {}): Promise<string> =>
  (await makeCsr({ commonName: 'example.com', ...options })).csr;

function decode(csr: string): Buffer {
  return Buffer.from(csr.replace(/-----[^-]+-----/g, ''), 'base64');
}

/** The CSR without changed bytes in its length, but with `from` replaced by `to`. */
function falsify(csr: string, from: string, to: string): string {
  return formatPem(Buffer.from(decode(csr).toString('latin1').replace(from, to), 'latin1'));
}

function findFaults(csr: string): readonly string[] {
  try {
    parseCsr(csr);
  } catch (error) {
    if (error instanceof InputError) return error.faults;
    throw error;
  }
  return [];
}

describe('parseCsr', () => {
  it.each([
    ['rsa-2048', { keyType: 'rsa', keyBits: 2048 }],
    ['rsa-3072', { keyType: 'rsa', keyBits: 3072 }],
    ['p-256', { keyType: 'ec', keyBits: 256, curve: 'P-256' }],
    ['p-384', { keyType: 'ec', keyBits: 384, curve: 'P-384' }],
  ] as const)('reads a %s request', async (key, expected) => {
    const { csr, publicKey } = await makeCsr({ commonName: 'Shop.Example.com', key });
    const facts = parseCsr(csr);
    expect(facts).toMatchObject({
      ...expected,
      commonName: 'shop.example.com',
      sans: [],
      signatureHash: 'sha256',
    });
    const spki = Buffer.from(await webcrypto.subtle.exportKey('spki', publicKey));
    expect(facts.publicKeyHash).toBe(createHash('sha256').update(spki).digest('hex'));
  });

  it('reads subject, names and hash', async () => {
    const csr = await make({
      sans: ['EXAMPLE.com', 'www.example.com', 'www.example.com', '*.shop.example.org'],
      organization: 'Müller, Söhne + Co',
      country: 'DE',
      subject: [{ ST: ['Berlin'] }, { L: ['Mitte'] }, { OU: ['IT'] }, { E: ['root@example.com'] }],
      key: 'p-384',
      hash: 'SHA-384',
    });
    expect(parseCsr(csr)).toMatchObject({
      sans: ['example.com', 'www.example.com', '*.shop.example.org'],
      signatureHash: 'sha384',
      subject: {
        ...{ O: 'Müller, Söhne + Co', C: 'DE', ST: 'Berlin', L: 'Mitte', OU: 'IT' },
        emailAddress: 'root@example.com',
      },
    });
  });

  it('leaves out what the subject does not have', async () => {
    expect(parseCsr(await make()).subject).toEqual({});
  });

  it('normalises every accepted form of the same request to one text', async () => {
    const csr = await make();
    const base64 = decode(csr).toString('base64');
    const normal = parseCsr(csr).pem;
    expect(normal).toMatch(
      /^-----BEGIN CERTIFICATE REQUEST-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END CERTIFICATE REQUEST-----\n$/,
    );
    const forms = [
      normal,
      csr.trim(),
      csr.replaceAll('\n', '\r\n'),
      csr.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'),
      `Certificate Request:\n    Data:\n${csr}\n\n`,
      `-----BEGIN CERTIFICATE REQUEST-----${base64}-----END CERTIFICATE REQUEST-----`,
      csr.replace(/\n(?=[A-Za-z0-9+/=])/g, '\n   '),
    ];
    for (const form of forms) {
      expect(parseCsr(form).pem).toBe(normal);
      expect(normalizePem(form)).toBe(normal);
    }
  });
});

describe('refused keys and signatures', () => {
  it.each([
    [{ key: 'rsa-1024' }, '1024 bits'],
    [{ key: 'p-521' }, 'secp521r1'],
    [{ key: 'ed25519' }, 'ed25519'],
    [{ key: 'rsa-pss' }, 'RSA-PSS'],
    [{ key: 'rsa-2048', hash: 'SHA-1' }, 'SHA-1'],
    [{ key: 'rsa-2048', publicExponent: [3] }, 'exponent'],
  ] as const)('refuses %j', async (options, why) => {
    expect(findFaults(await make(options))).toEqual([expect.stringContaining(why)]);
  });

  it('refuses MD5', () => {
    expect(findFaults(MD5_CSR)).toEqual([expect.stringContaining('openssl req -sha256')]);
  });

  it('refuses a request that was changed after it was signed', async () => {
    for (const key of ['p-256', 'rsa-2048'] as const) {
      const csr = await make({ commonName: 'shop.example.com', key });
      expect(findFaults(falsify(csr, 'shop.example.com', 'evil.example.com'))).toEqual([
        expect.stringContaining('signature'),
      ]);
    }
  });

  it('refuses bytes after the request', async () => {
    const longer = formatPem(Buffer.concat([decode(await make()), Buffer.from([0])]));
    expect(() => parseCsr(longer)).toThrow(InputError);
  });

  it('reads nothing else out of a damaged request, whichever byte is wrong', async () => {
    const { pem, ...facts } = parseCsr(await make({ sans: ['www.example.com'] }));
    const whole = decode(pem);
    let refused = 0;
    for (let index = 0; index < whole.length; index++) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(whole.readUInt8(index) ^ (1 << (index & 7)), index);
      if (findFaults(formatPem(damaged)).length > 0) refused++;
      // The type of the signature stands outside of what is signed; a few of its bits mean nothing.
      else expect(parseCsr(formatPem(damaged))).toMatchObject(facts);
    }
    expect(refused).toBeGreaterThan(whole.length - 5);
  });
});

describe('refused names', () => {
  it.each([
    [{ commonName: '' }, 'one common name'],
    [{ subject: [{ CN: ['www.example.com'] }] }, 'it holds 2'],
    [{ commonName: '192.0.2.1' }, 'IP address'],
    [{ commonName: 'localhost' }, 'internal'],
    [{ commonName: 'co.uk' }, 'public suffix'],
    [{ sans: ['192.0.2.1'] }, '"ip"'],
    [{ sans: ['mail.local'] }, 'SAN: mail.local'],
  ])('refuses %j', async (options, why) => {
    expect(findFaults(await make(options))).toEqual([expect.stringContaining(why)]);
  });

  it('lists every fault at once', async () => {
    const csr = await make({ commonName: 'intranet', sans: ['db.local', '192.0.2.1'], key: 'rsa-1024' });
    expect(findFaults(csr)).toHaveLength(4);
  });
});

describe('refused texts', () => {
  it('refuses a private key and never repeats it', async () => {
    const csr = await make();
    const secret = 'MC4CAQAwBQYDK2VwBCIEIExampleOfAKeyThatNobodyMaySee';
    for (const label of [
      'PRIVATE KEY',
      'RSA PRIVATE KEY',
      'EC PRIVATE KEY',
      'ENCRYPTED PRIVATE KEY',
      'OPENSSH PRIVATE KEY',
    ]) {
      const block = `-----BEGIN ${label}-----\n${secret}\n-----END ${label}-----\n`;
      for (const text of [block, csr + block, block + csr, block.toLowerCase() + csr]) {
        const [fault, ...others] = findFaults(text);
        expect(fault).toContain('must never be sent');
        expect(others).toEqual([]);
        expect(fault?.toLowerCase()).not.toContain(secret.slice(0, 12).toLowerCase());
      }
    }
  });

  it('refuses what is not one whole request', async () => {
    const csr = await make();
    const certificate = csr.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE');
    const [header = '', ...rest] = csr.split('\n');
    const texts = [
      ['', 'not PEM'],
      ['example.com', 'not PEM'],
      [decode(csr).toString('base64'), 'not PEM'],
      [csr + csr, 'exactly one'],
      [certificate, '"CERTIFICATE" block'],
      [csr + certificate, '"CERTIFICATE" block'],
      [header, 'exactly one'],
      [rest.join('\n'), 'exactly one'],
      [csr.replace('-----END', '----END'), 'exactly one'],
      [csr.replaceAll('\n', '\\n'), 'not base64'],
      [csr.replace('M', '!'), 'not base64'],
      [csr.replace(/\n[A-Za-z]/, '\n'), 'not'],
      [formatPem(Buffer.from('no ASN.1 at all')), 'not a certificate request'],
      [formatPem(Buffer.from('3003020100', 'hex')), 'not a certificate request'],
      [csr + ' '.repeat(32_767), '32767'],
    ] as const;
    for (const [text, why] of texts)
      expect(findFaults(text), text.slice(0, 60)).toEqual([expect.stringContaining(why)]);
  });
});

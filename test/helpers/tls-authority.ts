import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralName,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** An authority made for one test, and a server's certificate that it signed. All in PEM. */
export interface TlsAuthority {
  ca: string;
  cert: string;
  key: string;
}

/** By default the server is known as 127.0.0.1 and localhost, for a day. */
export async function createTlsAuthority(
  names: JsonGeneralName[] = [
    { type: 'ip', value: '127.0.0.1' },
    { type: 'dns', value: 'localhost' },
  ],
): Promise<TlsAuthority> {
  const validity = { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
  const caKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      ...{ name: 'CN=authority of one test', keys: caKeys, signingAlgorithm: ALGORITHM, ...validity },
      extensions: [new BasicConstraintsExtension(true, 0, true)],
    },
    webcrypto,
  );
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const leaf = await X509CertificateGenerator.create(
    {
      ...{ subject: 'CN=redis of one test', issuer: ca.subject, signingAlgorithm: ALGORITHM, ...validity },
      ...{ publicKey: keys.publicKey, signingKey: caKeys.privateKey },
      extensions: [new SubjectAlternativeNameExtension(names)],
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    ca: ca.toString('pem'),
    cert: leaf.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`,
  };
}

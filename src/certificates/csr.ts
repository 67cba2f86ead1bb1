import 'reflect-metadata';
import {
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  type Extension,
  type Name,
} from '@peculiar/x509';
import { z } from 'zod';
import { InputError } from '../errors.js';
import { hashPublicKey, importKey, readKey, type KeyFacts } from './csr-key.js';
import { formatPem, readPem } from './csr-pem.js';
import { checkSignature, type RequestSignature } from './csr-signature.js';
import { readDomain } from './names.js';

/** What is known of a CSR that passed every check. Names are normalised as in {@link readDomain}. */
export interface CsrFacts extends KeyFacts {
  /** As we store and send it: see {@link formatPem}. */
  pem: string;
  commonName: string;
  /** The DNS names of the SAN extension, each once, in their order; the common name may be among them. */
  sans: string[];
  /** SHA-256 of the DER SubjectPublicKeyInfo, hex: the same for the certificate that answers this CSR. */
  publicKeyHash: string;
  subject: Partial<Record<'O' | 'OU' | 'C' | 'ST' | 'L' | 'emailAddress', string>>;
  signatureHash: string;
}

/** The parts of a request, all decoded: the library decodes some only when they are read. */
interface DecodedRequest {
  subject: Name;
  extensions: Extension[];
  /** DER. */
  publicKey: Buffer;
  signature: RequestSignature;
}

/** What the library tells of the signature's algorithm; for one that it does not know, `name` is the OID. */
const algorithmSchema = z.object({ name: z.string(), hash: z.object({ name: z.string() }).optional() });

/**
 * Reads and checks a PKCS #10 request (RFC 2986) before money is spent on it: form, signature, key (CA/Browser Forum
 * Baseline Requirements 6.1.5 and 6.1.6) and names.
 * @throws InputError with every fault; a private key in the text is refused and never repeated.
 */
export function parseCsr(pem: string): CsrFacts {
  const reading = readPem(pem);
  if (reading.fault !== null) throw refuse([reading.fault]);
  const request = decodeRequest(reading.der);
  const publicKey = importKey(request.publicKey);
  const faults: string[] = [];
  const key = readKey(publicKey, faults);
  const signatureHash =
    publicKey === null || key === null
      ? ''
      : checkSignature(request.signature, reading.der, publicKey, faults);
  const names = readNames(request, faults);
  if (publicKey === null || key === null || faults.length > 0) throw refuse(faults);
  const publicKeyHash = hashPublicKey(publicKey);
  return {
    pem: formatPem(reading.der),
    ...names,
    ...key,
    publicKeyHash,
    subject: readSubject(request),
    signatureHash,
  };
}

function refuse(faults: readonly string[]): InputError {
  return new InputError(faults, 'The CSR');
}

function decodeRequest(der: Buffer): DecodedRequest {
  try {
    const request = new Pkcs10CertificateRequest(der);
    const { hash, name } = algorithmSchema.parse(request.signatureAlgorithm);
    return {
      subject: request.subjectName,
      extensions: request.extensions,
      publicKey: Buffer.from(request.publicKey.rawData),
      signature: {
        scheme: name,
        hash: hash?.name ?? 'an unknown hash',
        value: Buffer.from(request.signature),
      },
    };
  } catch {
    // The parser speaks of ASN.1 to somebody who pasted a text.
    throw refuse(['it is PEM but not a certificate request: make a new one']);
  }
}

function readNames(request: DecodedRequest, faults: string[]): { commonName: string; sans: string[] } {
  const commonNames = request.subject.getField('CN');
  const [commonName = ''] = commonNames;
  if (commonNames.length !== 1) {
    faults.push(`its subject must hold one common name (CN); it holds ${commonNames.length}`);
  }
  const read = (name: string, what: string): string => {
    const { domain, fault } = readDomain(name);
    if (fault !== null) faults.push(`its ${what}: ${fault}`);
    return domain ?? '';
  };
  const names = request.extensions
    .filter((extension) => extension instanceof SubjectAlternativeNameExtension)
    .flatMap((extension) => extension.names.items);
  const sans = names.map(({ type, value }) => {
    if (type === 'dns') return read(value, 'SAN');
    faults.push(`its SAN extension holds an entry of the type "${type}"; only DNS names are certified`);
    return '';
  });
  return {
    commonName: commonNames.length === 1 ? read(commonName, 'common name') : '',
    sans: [...new Set(sans)],
  };
}

function readSubject(request: DecodedRequest): CsrFacts['subject'] {
  const fields = { O: 'O', OU: 'OU', C: 'C', ST: 'ST', L: 'L', emailAddress: 'E' };
  const values = Object.entries(fields).map(
    ([field, id]) => [field, request.subject.getField(id)[0]] as const,
  );
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

import { randomBytes } from 'node:crypto';
import type { Certificate, Submission } from './certificate.js';
import type { Coverage } from './catalogue.js';
import { checkContacts } from './contact-parameters.js';
import { readCsr, type SigningRequest } from './csr.js';
import { readValidations } from './dcv-parameters.js';
import { isPublicName, isWildcard } from './names.js';
import type { Parameters } from './parameters.js';
import { demand } from './refusal.js';
import type { CertificateAuthorityName } from './type-names.js';

const WEB_SERVERS: ReadonlySet<string> = new Set(
  (
    'apacheopenssl apachessl apacheraven apachessleay apache2 apacheapachessl tomcat cpanel ipswitch plesk weblogic ' +
    'website webstar nginx iis iis4 iis5 c2net ibmhttp iplanet domino dominogo4625 dominogo4626 netscape zeusv3 ' +
    'cobaltseries ensim hsphere other'
  ).split(' '),
);

/**
 * Reads and checks everything that ssl.activate (and ssl.reissue, which takes the same parameters) submits to the CA.
 * @throws Refusal
 */
export async function readActivationRequest(
  parameters: Parameters,
  certificate: Certificate,
  authority: CertificateAuthorityName,
): Promise<Submission> {
  const { coverage, level } = certificate.product;
  const pem = parameters.require('CSR', 2010296);
  parameters.limitLength('CSR', 32_767, 2013296);
  const uniqueValue = readUniqueValue(parameters);
  checkWebServer(parameters);
  const csr = await readCsr(pem, 2011296);
  checkCommonName(csr, coverage);
  const sans = readSans(parameters, csr.commonName, certificate.sansCount);
  const names = readValidations(parameters, coverage, csr.commonName, sans);
  checkContacts(parameters, level, csr);
  return { csr, names, uniqueValue, adminEmail: parameters.get('AdminEmailAddress') ?? '', authority };
}

/** Makes this request's validation values its own; generated when absent, in the shape of the documented samples. */
function readUniqueValue(parameters: Parameters): string {
  parameters.limitLength('UniqueValue', 20, 2013900);
  const value = parameters.get('UniqueValue') ?? randomBytes(7).toString('hex').slice(1);
  demand(/^[A-Za-z0-9]+$/u.test(value), 2011900, 'Parameter UniqueValue is Invalid');
  return value;
}

function checkWebServer(parameters: Parameters): void {
  parameters.limitLength('WebServerType', 50, 2013297);
  const server = parameters.get('WebServerType')?.toLowerCase() ?? 'other';
  demand(WEB_SERVERS.has(server), 2011297, 'Parameter WebServerType is Invalid');
}

function checkCommonName({ commonName }: SigningRequest, coverage: Coverage): void {
  if (coverage === 'wildcard') {
    demand(isWildcard(commonName), 2011296, 'CSR is Invalid: the common name must be of the form *.domain');
  } else {
    demand(!isWildcard(commonName), 2030296, 'A wildcard common name is not supported for this SSLType');
  }
  demand(isPublicName(commonName), 2011296, `CSR is Invalid: "${commonName}" is not a public domain name`);
}

function readSans(parameters: Parameters, commonName: string, allowed: number): string[] {
  const sans = parameters.getList('DNSNames').map((name) => name.toLowerCase());
  demand(sans.length <= allowed, 2010767, `Only ${allowed} SANS can be activated`);
  for (const name of sans) {
    demand(isPublicName(name) && !isWildcard(name), 2011767, `DNSNames: "${name}" is not valid`);
  }
  demand(new Set([commonName, ...sans]).size === sans.length + 1, 2014296, 'DNSNames has duplicate names');
  return sans;
}

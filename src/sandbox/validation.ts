import { cdataElement, element, type XmlElement } from './xml.js';
import type { Submission } from './certificate.js';
import type { SigningRequest } from './csr.js';
import { dropWildcard } from './names.js';

export type DcvMethod = { kind: 'http' } | { kind: 'dns' } | { kind: 'email'; approverEmail: string };

/** How one name is validated. */
export interface NameValidation {
  domain: string;
  method: DcvMethod;
}

/** One set of HTTP and DNS values: the hashes of the CSR and a value that is unique per request. */
export interface ValidationValues {
  fileName: string;
  fileContent: string;
  target: string;
}

const CA_DOMAINS = { 'SSL.com': 'ssl.com', COMODO: 'comodoca.com' };

export function makeValidationValues({ csr, uniqueValue, authority }: Submission): ValidationValues {
  const caDomain = CA_DOMAINS[authority];
  return {
    fileName: `${csr.md5}.txt`,
    fileContent: `${csr.sha256} ${caDomain} ${uniqueValue}`,
    target: `${csr.sha256.slice(0, 32)}.${csr.sha256.slice(32)}.${uniqueValue}.${caDomain}`,
  };
}

/** The CNAME's host: the validated name is part of it, wildcards are validated at their bare name. */
export function makeHostName(csr: SigningRequest, domain: string): string {
  return `_${csr.md5}.${dropWildcard(domain)}`;
}

function wrapBlock(name: string, children: XmlElement[]): XmlElement {
  return element(name, { ValueAvailable: children.length > 0 }, children);
}

/**
 * The two blocks of ssl.activate: one `DNS` element per name. Without any HTTP or DNS name there are none.
 * A wildcard keeps its `*.` in the `domain` attribute.
 */
export function writeValidationBlocks(submission: Submission) {
  const { csr, names } = submission;
  const values = makeValidationValues(submission);
  const http = names.filter((name) => name.method.kind === 'http');
  const dns = names.filter((name) => name.method.kind === 'dns');
  if (http.length + dns.length === 0) return [];
  return [
    wrapBlock(
      'HttpDCValidation',
      http.map(({ domain }) =>
        element('DNS', { domain }, [
          cdataElement('FileName', values.fileName),
          cdataElement('FileContent', values.fileContent),
        ]),
      ),
    ),
    wrapBlock(
      'DNSDCValidation',
      dns.map(({ domain }) =>
        element('DNS', { domain }, [
          cdataElement('HostName', makeHostName(csr, domain)),
          cdataElement('Target', values.target),
        ]),
      ),
    ),
  ];
}

import { findProduct } from '../catalogue.js';
import type { ApiCommand } from '../command.js';
import { readCsr } from '../csr.js';
import { isPublicName } from '../names.js';
import { demand } from '../refusal.js';
import { element, textElement } from '../xml.js';

/** namecheap.ssl.parseCSR: what a CSR says. */
export const parseCsr: ApiCommand = {
  name: 'namecheap.ssl.parseCSR',
  isPostOnly: true,

  async run(_context, parameters) {
    const pem = parameters.require('csr', 2010296);
    parameters.limitLength('csr', 2000, 2013296);
    checkType(parameters.get('CertificateType'));
    const { commonName, subject, dnsNames } = await readCsr(pem, 3022296);
    const details = element('CSRDetails', {}, [
      textElement('CommonName', commonName),
      textElement('DomainName', commonName),
      textElement('Country', subject.C),
      textElement('OrganisationUnit', subject.OU),
      textElement('Organisation', subject.O),
      textElement('ValidTrueDomain', String(isPublicName(commonName))),
      textElement('State', subject.ST),
      textElement('Locality', subject.L),
      textElement('Email', subject.E),
      textElement('DNSNames', (dnsNames.length === 0 ? [commonName] : dnsNames).join(',')),
    ]);
    return { elements: [element('SSLParseCSRResult', {}, [details])] };
  },

  refuse() {
    return [element('SSLParseCSRResult')];
  },
};

function checkType(type: string | null): void {
  const product = type === null ? null : findProduct(type);
  const isKnown = product !== null && product !== 'discontinued';
  demand(type === null || isKnown, 2011300, 'CertificateType is invalid');
}

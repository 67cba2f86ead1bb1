import { findProduct } from '../catalogue.js';
import type { ApiCommand } from '../command.js';
import { isPublicName, listApproverEmails } from '../names.js';
import { demand } from '../refusal.js';
import { element, textElement } from '../xml.js';

/** namecheap.ssl.getApproverEmailList: who may approve a name by e-mail. */
export const getApproverEmailList: ApiCommand = {
  name: 'namecheap.ssl.getApproverEmailList',

  run(_context, parameters) {
    parameters.requireAll({ DomainName: 2011166, CertificateType: 2011300 });
    parameters.limitLength('DomainName', 70, 2011166);
    parameters.limitLength('CertificateType', 50, 2011300);
    const domain = parameters.get('DomainName')?.trim().toLowerCase() ?? '';
    demand(isPublicName(domain), 2011166, 'DomainName is invalid');
    const product = findProduct(parameters.get('CertificateType') ?? '');
    demand(product !== 'discontinued', 2011301, "We're sorry, the requested SSL type has been discontinued");
    demand(product !== null, 2011300, 'CertificateType is invalid');
    const emails = listApproverEmails(domain).map((email) => textElement('email', email));
    const result = element('GetApproverEmailListResult', { Domain: domain }, [
      // Addresses from WHOIS: the CA/Browser Forum ended their use in 2025.
      element('Domainemails'),
      element('Genericemails', {}, emails),
    ]);
    return { elements: [result] };
  },

  refuse() {
    return [];
  },
};

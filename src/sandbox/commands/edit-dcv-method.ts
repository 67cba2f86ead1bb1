import type { Activation } from '../certificate.js';
import { requireCertificate, type ApiCommand } from '../command.js';
import { readApproverEmail, readHashMethod, writeHashMethod } from '../dcv-parameters.js';
import { isWildcard } from '../names.js';
import type { Parameters } from '../parameters.js';
import { demand } from '../refusal.js';
import { makeHostName, makeValidationValues, type DcvMethod, type NameValidation } from '../validation.js';
import { cdataElement, element, type XmlElement } from '../xml.js';

/**
 * namecheap.ssl.editDCVMethod: changes how names are validated while the CA waits for it, or repeats the same method:
 * then the same values come again, and the CA looks again.
 */
export const editDcvMethod: ApiCommand = {
  name: 'namecheap.ssl.editDCVMethod',

  run({ account, lifecycle }, parameters) {
    const certificate = requireCertificate(account, parameters);
    const { status, activation, product, certificateId } = certificate;
    demand(status === 'purchased' && activation !== null, 2011331, 'Status is InValid.');
    const isMultiDomain = product.coverage === 'multi-domain';
    const changes = isMultiDomain
      ? readManyMethods(parameters, activation)
      : [readOneMethod(parameters, activation)];
    const byDomain = new Map(changes.map((change) => [change.domain, change]));
    activation.names = activation.names.map((name) => byDomain.get(name.domain) ?? name);
    lifecycle.restartValidation(activation);
    return {
      elements: [
        element('SSLEditDCVMethodResult', { ID: certificateId, IsSuccess: true }, [
          ...writeBlocks(activation),
          element('Domains', {}, isMultiDomain ? changes.map(writeDomain) : []),
        ]),
      ],
      certificateId,
    };
  },

  refuse() {
    return [element('SSLEditDCVMethodResult', { ID: 0, IsSuccess: false }, [element('Domains')])];
  },
};

function readOneMethod(parameters: Parameters, activation: Activation): NameValidation {
  const isForMany = parameters.get('DNSNames') !== null || parameters.get('DCVMethods') !== null;
  const value = parameters.get('DCVMethod');
  demand(!(isForMany && value !== null), 2011784, 'DCVMethod and DNSNames, DCVMethods can not both be sent');
  demand(value !== null, 2010784, 'Parameter DCVMethod is Missing');
  const domain = activation.names[0]?.domain ?? '';
  return { domain, method: readMethod(value, domain, 3011295) };
}

function readManyMethods(parameters: Parameters, activation: Activation): NameValidation[] {
  const names = parameters.getList('DNSNames').map((name) => name.toLowerCase());
  const methods = parameters.getList('DCVMethods');
  const isForMany = names.length > 0 && methods.length > 0;
  const isForOne = parameters.get('DCVMethod') !== null;
  demand(!(isForMany && isForOne), 2011784, 'DCVMethod and DNSNames, DCVMethods can not both be sent');
  demand(isForMany, 2010784, 'Parameters DNSNames and DCVMethods are Missing');
  demand(names.length === methods.length, 2010767, 'DNSNames and DCVMethods must have as many entries');
  return names.map((domain, position) => {
    const isActivated = activation.names.some((name) => name.domain === domain);
    demand(isActivated, 2011767, `DNSNames: ${domain} does not match the activation`);
    return { domain, method: readMethod(methods[position] ?? '', domain, 3011784) };
  });
}

function readMethod(value: string, domain: string, invalid: number): DcvMethod {
  const method = readHashMethod(value, '_') ?? readApproverEmail(value, domain);
  demand(method !== null, invalid, `DCVMethod ${value} is invalid for ${domain}`);
  demand(
    !(method.kind === 'http' && isWildcard(domain)),
    3011784,
    `HTTP_CSR_HASH is not allowed for the wildcard name ${domain}`,
  );
  return method;
}

/** One pair of values for all names, without the `DNS` elements that ssl.activate has. */
function writeBlocks({ csr, uniqueValue, names }: Activation): XmlElement[] {
  const values = makeValidationValues(csr, uniqueValue);
  const isHttp = names.some((name) => name.method.kind === 'http');
  const dnsName = names.find((name) => name.method.kind === 'dns');
  return [
    element('HttpDCValidation', { ValueAvailable: isHttp }, [
      cdataElement('FileName', isHttp ? values.fileName : ''),
      cdataElement('FileContent', isHttp ? values.fileContent : ''),
    ]),
    element('DNSDCValidation', { ValueAvailable: dnsName !== undefined }, [
      cdataElement('HostName', dnsName === undefined ? '' : makeHostName(csr, dnsName.domain)),
      cdataElement('Target', dnsName === undefined ? '' : values.target),
    ]),
  ];
}

function writeDomain({ domain, method }: NameValidation): XmlElement {
  return element('Domains', { Name: domain, IsSuccess: true, DCVMethodSet: writeHashMethod(method, '_') });
}

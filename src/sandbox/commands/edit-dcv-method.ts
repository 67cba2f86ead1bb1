import type { Activation } from '../certificate.js';
import { requireCertificate, type ApiCommand } from '../command.js';
import { readApproverEmail, readHashMethod, writeHashMethod } from '../dcv-parameters.js';
import { isWildcard } from '../names.js';
import type { Parameters } from '../parameters.js';
import { demand } from '../refusal.js';
import { makeHostName, makeValidationValues, type DcvMethod } from '../validation.js';
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
    const methods = new Map(changes.map(({ domain, method }) => [domain, method]));
    activation.names = activation.names.map((name) => ({
      ...name,
      method: methods.get(name.domain) ?? name.method,
    }));
    lifecycle.restartValidation(certificate);
    return {
      elements: [
        element('SSLEditDCVMethodResult', { ID: certificateId, IsSuccess: true }, [
          ...writeBlocks(activation),
          element(
            'Domains',
            {},
            isMultiDomain ? changes.map((change) => writeDomain(change, activation)) : [],
          ),
        ]),
      ],
      certificateId,
    };
  },

  refuse() {
    return [element('SSLEditDCVMethodResult', { ID: 0, IsSuccess: false }, [element('Domains')])];
  },
};

/** What was asked for one name; null when that cannot be. */
interface Change {
  domain: string;
  method: DcvMethod | null;
}

function readOneMethod(parameters: Parameters, activation: Activation): Change {
  const isForMany = parameters.get('DNSNames') !== null || parameters.get('DCVMethods') !== null;
  const value = parameters.get('DCVMethod');
  demand(!(isForMany && value !== null), 2011784, 'DCVMethod and DNSNames, DCVMethods can not both be sent');
  demand(value !== null, 2010784, 'Parameter DCVMethod is Missing');
  const domain = activation.names[0]?.domain ?? '';
  const method = readMethod(value, domain);
  demand(method !== 'wildcard', 3011784, `HTTP_CSR_HASH is not allowed for the wildcard name ${domain}`);
  demand(method !== null, 3011295, `DCVMethod ${value} is invalid for ${domain}`);
  return { domain, method };
}

/** One that cannot be is told in its own element while the others are set; when none can be, all of it is refused. */
function readManyMethods(parameters: Parameters, activation: Activation): Change[] {
  const names = parameters.getList('DNSNames').map((name) => name.toLowerCase());
  const methods = parameters.getList('DCVMethods');
  const isForMany = names.length > 0 && methods.length > 0;
  const isForOne = parameters.get('DCVMethod') !== null;
  demand(!(isForMany && isForOne), 2011784, 'DCVMethod and DNSNames, DCVMethods can not both be sent');
  demand(isForMany, 2010784, 'Parameters DNSNames and DCVMethods are Missing');
  demand(names.length === methods.length, 2010767, 'DNSNames and DCVMethods must have as many entries');
  const activated = new Set(activation.names.map((name) => name.domain));
  const changes = names.map((domain, position): Change => {
    demand(activated.has(domain), 2011767, `DNSNames: ${domain} does not match the activation`);
    const method = readMethod(methods[position] ?? '', domain);
    return { domain, method: method === 'wildcard' ? null : method };
  });
  const isAnySet = changes.some(({ method }) => method !== null);
  demand(isAnySet, 3011784, `DCVMethods are invalid for ${names.join(', ')}`);
  return changes;
}

function readMethod(value: string, domain: string): DcvMethod | 'wildcard' | null {
  const method = readHashMethod(value, '_') ?? readApproverEmail(value, domain);
  return method?.kind === 'http' && isWildcard(domain) ? 'wildcard' : method;
}

/** One pair of values for all names, without the `DNS` elements that ssl.activate has. */
function writeBlocks(activation: Activation): XmlElement[] {
  const { csr, names } = activation;
  const values = makeValidationValues(activation);
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

/** `DCVMethodSet` is the method in force afterwards: the former one where the new one could not be. */
function writeDomain({ domain, method }: Change, { names }: Activation): XmlElement {
  const set = method ?? names.find((name) => name.domain === domain)?.method;
  return element('Domains', {
    Name: domain,
    IsSuccess: method !== null,
    DCVMethodSet: set === undefined ? '' : writeHashMethod(set, '_'),
  });
}

import { readCommonName, type Certificate, type CertificateStatus } from '../certificate.js';
import { writeShortDate } from '../clock.js';
import { requireCertificate, type ApiCommand, type CommandContext } from '../command.js';
import { writeHashMethod } from '../dcv-parameters.js';
import type { Parameters } from '../parameters.js';
import { demand } from '../refusal.js';
import { readExpiry, type ExpiryReading } from '../term.js';
import { cdataElement, element, textElement, type XmlElement } from '../xml.js';

const DESCRIPTIONS: Readonly<Record<CertificateStatus, string>> = {
  newpurchase: 'Certificate is not activated.',
  newrenewal: 'Renewal is not activated.',
  purchased: 'Certificate is being processed by the provider.',
  active: 'Certificate is Active.',
  replaced: 'Certificate is replaced.',
  purchaseerror: 'Certificate could not be processed by the provider.',
  cancelled: 'Certificate is cancelled.',
  expired: 'Certificate is expired.',
};

type ReturnType = 'Individual' | 'PKCS7';

/** namecheap.ssl.getInfo: one certificate, with its PEM when asked for. Validation values are never shown. */
export const getInfo: ApiCommand = {
  name: 'namecheap.ssl.getInfo',

  async run(context, parameters) {
    const certificate = requireCertificate(context.account, parameters);
    const returnType = readReturnType(parameters);
    const result = element('SSLGetInfoResult', describe(certificate, context.lifecycle.settings.expires), [
      element('CertificateDetails', {}, [
        ...writeDetails(certificate),
        await writeCertificates(context, certificate, returnType),
      ]),
      element('Provider', {}, [
        textElement('OrderID', certificate.activation === null ? '' : certificate.providerOrderId),
        textElement('Name', certificate.activation?.authority ?? ''),
      ]),
    ]);
    return { elements: [result], certificateId: certificate.certificateId };
  },

  refuse() {
    return [element('SSLGetInfoResult', { Years: 0, OrderId: 0, SANSCount: 0 })];
  },
};

/** Null when the certificate itself is not wanted. */
function readReturnType(parameters: Parameters): ReturnType | null {
  if (!parameters.getBoolean('Returncertificate', 2011900)) return null;
  const name = parameters.require('Returntype', 2010900).toLowerCase();
  demand(name === 'individual' || name === 'pkcs7', 2011900, 'Parameter Returntype is Invalid');
  return name === 'pkcs7' ? 'PKCS7' : 'Individual';
}

function describe(certificate: Certificate, reading: ExpiryReading): XmlElement['attributes'] {
  const { status, product, issuance } = certificate;
  return {
    Status: status,
    StatusDescription: describeStatus(certificate),
    Type: certificate.type.toLowerCase(),
    IssuedOn: writeShortDate(issuance?.at ?? null),
    Years: certificate.years,
    Expires: writeShortDate(readExpiry(certificate, reading)),
    ActivationExpireDate:
      certificate.activation === null ? writeShortDate(certificate.activationExpiresAt) : '',
    OrderId: certificate.orderId,
    ReplacedBy: certificate.replacedBy ?? '',
    validationType: product.level,
    SANSCount: certificate.sansCount,
  };
}

/** Namecheap's own WHMCS module finds renewals by the word in this text, so all of a renewal's statuses have it. */
function describeStatus({ status, renews }: Certificate): string {
  const description = DESCRIPTIONS[status];
  return renews === null || description.includes('Renewal') ? description : `${description} (Renewal)`;
}

function writeDetails(certificate: Certificate): XmlElement[] {
  const { activation } = certificate;
  const method = activation?.names[0]?.method;
  return [
    cdataElement('CSR', activation === null ? '' : `\n${activation.csr.pem.trim()}\n`),
    textElement('ApproverEmail', method === undefined ? '' : writeHashMethod(method, '')),
    textElement('CommonName', readCommonName(certificate)),
    textElement('AdministratorName', ''),
    textElement('AdministratorEmail', activation?.adminEmail ?? ''),
  ];
}

async function writeCertificates(
  { lifecycle }: CommandContext,
  certificate: Certificate,
  returnType: ReturnType | null,
): Promise<XmlElement> {
  if (returnType === null || certificate.issuance === null) {
    return element('Certificates', { CertificateReturned: false, ReturnType: returnType ?? '' });
  }
  const leaf = await lifecycle.getLeaf(certificate);
  const attributes = { CertificateReturned: true, ReturnType: returnType };
  if (returnType === 'PKCS7') {
    return element('Certificates', attributes, [writePem('Certificate', lifecycle.bundle(leaf))]);
  }
  const authorities = lifecycle.chain.map((pem) =>
    element('Certificate', { Type: 'INTERMEDIATE' }, [writePem('Certificate', pem)]),
  );
  return element('Certificates', attributes, [
    writePem('Certificate', leaf),
    element('CaCertificates', {}, authorities),
  ]);
}

function writePem(name: string, pem: string): XmlElement {
  return cdataElement(name, `\n${pem}\n`);
}

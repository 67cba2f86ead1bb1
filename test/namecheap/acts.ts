import type { Namecheap } from '../../src/namecheap/api.js';
import type { CommandKind } from '../../src/namecheap/exchange.js';

/** The certificate that every act below names, and the new one that some of them make. */
export const NAMED = 5550101;
export const CSR = '-----BEGIN CERTIFICATE REQUEST-----\nMIIC\n-----END CERTIFICATE REQUEST-----\n';

/** A command about one certificate that changes something, with the answers it may get. */
export interface Act {
  command: string;
  kind: CommandKind;
  /** The fixture of its good answer. */
  fixture: string;
  run(client: Namecheap): Promise<unknown>;
  /** What it sends, without credentials. */
  sent: Record<string, string>;
  /** What the good answer gives. */
  result: unknown;
  /** The result of an error, as Namecheap fills it: zeros, or the certificate that was named. */
  refused: string[];
  /** Results that show an execution in spite of an error. */
  traces: string[];
  /** A change to the good answer after which nothing proves that it was executed. */
  doubts: [string, string, string][];
}

const RENEW: Act = {
  command: 'namecheap.ssl.renew',
  kind: 'charge',
  fixture: 'renew.ok.xml',
  run: (client) =>
    client.renew({ certificateId: NAMED, type: 'PositiveSSL', years: 2, promotionCode: 'BERRY' }),
  sent: { CertificateID: '5550101', SSLType: 'PositiveSSL', Years: '2', PromotionCode: 'BERRY' },
  result: {
    certificateId: 5550201,
    orderId: 7310041,
    transactionId: 9120061,
    chargedAmount: '21.7600',
    type: 'Standard SSL',
    years: 2,
  },
  refused: [
    '<SSLRenewResult CertificateID="0" Years="0" OrderId="0" TransactionId="0" ChargedAmount="0"/>',
    '<SSLRenewResult CertificateID="0" OrderId="0" TransactionId="0" ChargedAmount="0.0000" IsSuccess="false"/>',
    '',
  ],
  traces: [
    '<SSLRenewResult CertificateID="5550201" OrderId="0" TransactionId="0" ChargedAmount="0"/>',
    '<SSLRenewResult CertificateID="5550101" OrderId="0" TransactionId="0" ChargedAmount="0"/>',
    '<SSLRenewResult CertificateID="0" OrderId="7310041" TransactionId="0" ChargedAmount="0"/>',
    '<SSLRenewResult CertificateID="0" OrderId="0" TransactionId="9120061" ChargedAmount="0"/>',
    '<SSLRenewResult CertificateID="0" OrderId="0" TransactionId="0" ChargedAmount="21.7600"/>',
    '<SSLRenewResult CertificateID="0" OrderId="0" TransactionId="0" ID="5550201"/>',
  ],
  doubts: [
    ['a certificate id of zero', 'CertificateID="5550201"', 'CertificateID="0"'],
    ['the id of the renewed certificate', 'CertificateID="5550201"', 'CertificateID="5550101"'],
    ['no certificate id', 'CertificateID="5550201"', ''],
    ['an order id of zero', 'OrderId="7310041"', 'OrderId="0"'],
    ['no transaction id', 'TransactionId="9120061"', ''],
    ['no amount', 'ChargedAmount="21.7600"', 'ChargedAmount=""'],
    ['a negative amount', 'ChargedAmount="21.7600"', 'ChargedAmount="-21.7600"'],
    ['no type', 'SSLType="Standard SSL"', ''],
    ['zero years', 'Years="2"', 'Years="0"'],
    ['IsSuccess false', 'Years="2"', 'Years="2" IsSuccess="false"'],
  ],
};

const PURCHASE_MORE_SANS: Act = {
  command: 'namecheap.ssl.purchasemoresans',
  kind: 'charge',
  fixture: 'purchase-more-sans.ok.xml',
  run: (client) => client.purchaseMoreSans({ certificateId: NAMED, sansToAdd: 4 }),
  sent: { CertificateID: '5550101', NumberOfSANSToAdd: '4' },
  result: {
    certificateId: 5550101,
    orderId: 7310042,
    transactionId: 9120062,
    chargedAmount: '31.0400',
    type: 'san certificate',
    years: 1,
    sansCount: 6,
  },
  refused: [
    '<SSLPurchaseMoreSANSResult IsSuccess="false" OrderId="0" TransactionId="0" ChargedAmount="0"><SSLCertificate CertificateID="0" Years="0" SANSCount="0"/></SSLPurchaseMoreSANSResult>',
    '',
  ],
  traces: [
    '<SSLPurchaseMoreSANSResult OrderId="7310042" TransactionId="0" ChargedAmount="0"/>',
    '<SSLPurchaseMoreSANSResult OrderId="0" TransactionId="9120062" ChargedAmount="0"/>',
    '<SSLPurchaseMoreSANSResult OrderId="0" TransactionId="0" ChargedAmount="31.0400"/>',
    '<SSLPurchaseMoreSANSResult OrderId="0" IsSuccess="true"/>',
    '<SSLPurchaseMoreSANSResult OrderId="0"><SSLCertificate CertificateID="5550101"/></SSLPurchaseMoreSANSResult>',
  ],
  doubts: [
    ['another certificate', 'CertificateID="5550101"', 'CertificateID="5550102"'],
    ['a certificate id of zero', 'CertificateID="5550101"', 'CertificateID="0"'],
    ['no order id', 'OrderId="7310042"', ''],
    ['a transaction id of zero', 'TransactionId="9120062"', 'TransactionId="0"'],
    ['no amount', 'ChargedAmount="31.0400"', ''],
    ['IsSuccess false', 'IsSuccess="true"', 'IsSuccess="false"'],
    ['no IsSuccess', 'IsSuccess="true"', ''],
    ['two certificates', 'SANSCount="6"/>', 'SANSCount="6"/><SSLCertificate CertificateID="5550101"/>'],
  ],
};

const REISSUE: Act = {
  command: 'namecheap.ssl.reissue',
  kind: 'submit',
  fixture: 'reissue.mixed.xml',
  run: (client) =>
    client.reissue({
      certificateId: NAMED,
      csr: CSR,
      dcv: [
        { domain: 'cranberry.example', method: 'dns' },
        { domain: 'files.cranberry.example', method: 'http' },
      ],
      webServerType: 'nginx',
    }),
  sent: {
    CertificateID: '5550101',
    CSR,
    ApproverEmail: 'CNAMECSRHASH',
    DNSNames: 'files.cranberry.example',
    DNSApproverEmails: 'HTTPCSRHASH',
    WebServerType: 'nginx',
  },
  result: {
    certificateId: 5550202,
    validation: [
      {
        domain: 'cranberry.example',
        method: 'dns',
        host: '_44CC55DD66EE.cranberry.example',
        target: 'FEED0008.FEED0009.uniq78.ca.example',
      },
      {
        domain: 'files.cranberry.example',
        method: 'http',
        url: 'http://files.cranberry.example/.well-known/pki-validation/44CC55DD66EE.txt',
        content: 'FEED0007 ca.example uniq78',
      },
    ],
  },
  refused: [
    '<SSLReissueResult ID="0" IsSuccess="false"/>',
    '<SSLReissueResult ID="" IsSuccess="false"/>',
    '<SSLReissueResult ID="5550101" IsSuccess="false"/>',
    '<SSLReissueResult ID="005550101" IsSuccess="false"/>',
    '<SSLReissueResult><ID>5550101</ID></SSLReissueResult>',
    '',
  ],
  traces: [
    '<SSLReissueResult ID="5550202" IsSuccess="false"/>',
    "<SSLReissueResult IsSuccess='false' id = ' 5550202 '/>",
    '<nc:SSLReissueResult xmlns:nc="urn:nc" ID="5550202"/>',
    '<SSLReissueResult><Id>\n5550202</Id></SSLReissueResult>',
    '<SSLReissueResult ID="0" IsSuccess="true"/>',
    '<SSLReissueResult ID="0" OrderId="7310043"/>',
  ],
  doubts: [
    ['an id of zero', 'ID="5550202"', 'ID="0"'],
    ['the id of the replaced certificate', 'ID="5550202"', 'ID="5550101"'],
    ['no id', 'ID="5550202"', ''],
    ['IsSuccess false', 'IsSuccess="true"', 'IsSuccess="false"'],
    ['no IsSuccess', 'IsSuccess="true"', ''],
  ],
};

/** A command whose answer only says that it was done. */
function describePlainAct(
  act: Pick<Act, 'command' | 'fixture' | 'run' | 'sent' | 'result'>,
  result: string,
): Act {
  return {
    ...act,
    kind: 'submit',
    refused: [`<${result} ID="0" IsSuccess="false"/>`, `<${result} ID="5550101" IsSuccess="false"/>`, ''],
    traces: [`<${result} ID="5550101" IsSuccess="true"/>`, `<${result} ID="5550102" IsSuccess="false"/>`],
    doubts: [
      ['another certificate', 'ID="5550101"', 'ID="5550102"'],
      ['no id', 'ID="5550101"', ''],
      ['IsSuccess false', 'IsSuccess="true"', 'IsSuccess="false"'],
      ['no IsSuccess', 'IsSuccess="true"', ''],
    ],
  };
}

export const ACTS: Act[] = [
  RENEW,
  PURCHASE_MORE_SANS,
  REISSUE,
  describePlainAct(
    {
      command: 'namecheap.ssl.resendApproverEmail',
      fixture: 'resend-approver-email.xml',
      run: (client) => client.resendApproverEmail({ certificateId: NAMED }),
      sent: { CertificateID: '5550101' },
      result: undefined,
    },
    'SSLResendApproverEmailResult',
  ),
  describePlainAct(
    {
      command: 'namecheap.ssl.resendfulfillmentemail',
      fixture: 'resend-fulfillment-email.xml',
      run: (client) => client.resendFulfillmentEmail({ certificateId: NAMED }),
      sent: { CertificateID: '5550101' },
      result: undefined,
    },
    'SSLResendFulfillmentEmailResult',
  ),
  describePlainAct(
    {
      command: 'namecheap.ssl.revokecertificate',
      fixture: 'revoke-certificate.xml',
      run: (client) => client.revokeCertificate({ certificateId: NAMED, type: 'Standard SSL' }),
      sent: { CertificateID: '5550101', CertificateType: 'Standard SSL' },
      result: { description: 'The certificate of cranberry.example is revoked & listed.' },
    },
    'RevokeCertificateResult',
  ),
];

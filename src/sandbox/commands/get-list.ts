import { readCommonName, type Certificate, type CertificateStatus } from '../certificate.js';
import { writePaddedDate } from '../clock.js';
import type { ApiCommand } from '../command.js';
import type { Parameters } from '../parameters.js';
import { demand } from '../refusal.js';
import { readExpiry, type ExpiryReading } from '../term.js';
import { element, textElement, type XmlElement } from '../xml.js';

/** The statuses behind each documented ListType (keys in lower case); null lists everything. */
const LIST_TYPES: Readonly<Record<string, readonly CertificateStatus[] | null>> = {
  all: null,
  processing: ['purchased'],
  emailsent: ['purchased'],
  technicalproblem: ['purchaseerror'],
  inprogress: ['purchased'],
  completed: ['active'],
  deactivated: ['replaced'],
  active: ['active'],
  cancelled: ['cancelled'],
  newpurchase: ['newpurchase'],
  newrenewal: ['newrenewal'],
};

type Order = (a: Certificate, b: Certificate) => number;

/** The documented SortBy values (keys in upper case); each has a `_DESC` form. Equal rows follow their ids. */
const SORT_ORDERS: Readonly<Record<string, (reading: ExpiryReading) => Order>> = {
  PURCHASEDATE: () => (a, b) => a.orderedAt - b.orderedAt,
  SSLTYPE: () => (a, b) => compareText(a.type, b.type),
  EXPIREDATETIME: (reading) => (a, b) => (readExpiry(a, reading) ?? 0) - (readExpiry(b, reading) ?? 0),
  HOST_NAME: () => (a, b) => compareText(readCommonName(a), readCommonName(b)),
};

const { compare: compareText } = new Intl.Collator('en');

/** namecheap.ssl.getList: the account's certificates, filtered, sorted and paged. */
export const getList: ApiCommand = {
  name: 'namecheap.ssl.getList',

  run({ account, clock, lifecycle }, parameters) {
    const reading = lifecycle.settings.expires;
    const isListed = readFilter(parameters);
    const order = readOrder(parameters, reading);
    const page =
      parameters.getNumber('Page', { min: 1, max: 1e9, invalid: 2011900, outOfRange: 2013900 }) ?? 1;
    const rule = { min: 10, max: 100, invalid: 2011900, outOfRange: 2013900 };
    const pageSize = parameters.getNumber('PageSize', rule) ?? 20;
    const listed = [...account.certificates.values()].filter(isListed).sort(order);
    const rows = listed.slice((page - 1) * pageSize, page * pageSize);
    return {
      elements: [
        element(
          'SSLListResult',
          {},
          rows.map((certificate) => writeRow(certificate, reading, clock.now())),
        ),
        element('Paging', {}, [
          textElement('TotalItems', String(listed.length)),
          textElement('CurrentPage', String(page)),
          textElement('PageSize', String(pageSize)),
        ]),
      ],
    };
  },

  refuse() {
    return [element('SSLListResult')];
  },
};

function readFilter(parameters: Parameters): (certificate: Certificate) => boolean {
  parameters.limitLength('ListType', 50, 2011272);
  const statuses = LIST_TYPES[(parameters.get('ListType') ?? 'all').toLowerCase()];
  demand(statuses !== undefined, 2011272, 'ListType is invalid');
  parameters.limitLength('SearchTerm', 70, 2013900);
  const term = parameters.get('SearchTerm')?.trim().toLowerCase() ?? '';
  return (certificate) =>
    (statuses === null || statuses.includes(certificate.status)) && hasTerm(certificate, term);
}

function hasTerm(certificate: Certificate, term: string): boolean {
  return (
    term === '' || readCommonName(certificate).includes(term) || certificate.type.toLowerCase().includes(term)
  );
}

function readOrder(parameters: Parameters, reading: ExpiryReading): Order {
  const sortBy = (parameters.get('SortBy') ?? 'PURCHASEDATE').toUpperCase();
  const field = sortBy.replace(/_DESC$/u, '');
  const makeOrder = SORT_ORDERS[field];
  demand(makeOrder !== undefined, 2011900, 'SortBy is invalid');
  const order = makeOrder(reading);
  const sign = field === sortBy ? 1 : -1;
  return (a, b) => sign * (order(a, b) || a.certificateId - b.certificateId);
}

function writeRow(certificate: Certificate, reading: ExpiryReading, now: number): XmlElement {
  const { activation } = certificate;
  const expiry = readExpiry(certificate, reading);
  return element('SSL', {
    CertificateID: certificate.certificateId,
    HostName: readCommonName(certificate),
    SSLType: certificate.type.toLowerCase(),
    PurchaseDate: writePaddedDate(certificate.orderedAt),
    ExpireDate: writePaddedDate(expiry),
    ActivationExpireDate: activation === null ? writePaddedDate(certificate.activationExpiresAt) : '',
    IsExpiredYN: expiry !== null && expiry <= now,
    Status: certificate.status,
    ProviderOrderID: activation === null ? '' : certificate.providerOrderId,
    Years: certificate.years,
  });
}

import type { ApiCommand } from '../command.js';
import { MAX_ADDED_SANS, type Product } from '../catalogue.js';
import { writePaddedDate } from '../clock.js';
import type { Parameters } from '../parameters.js';
import {
  demandCharge,
  nameBuyer,
  NO_CHARGE,
  readOffer,
  readYears,
  refusePromotionCode,
  writeCharge,
} from '../purchase-parameters.js';
import { demand } from '../refusal.js';
import { element, type XmlElement } from '../xml.js';

/** namecheap.ssl.create: buys a certificate. Not idempotent: every accepted call is charged. */
export const create: ApiCommand = {
  name: 'namecheap.ssl.create',
  ownFault: 'order-error-after-charge',

  run({ account, typeNames, isByHand }, parameters) {
    parameters.requireAll({ Years: 2010167, Type: 2010298 });
    const years = readYears(parameters);
    const offer = readOffer(parameters, 'Type', typeNames);
    const sansToAdd = readSansToAdd(parameters, offer.product);
    refusePromotionCode(parameters);
    const charge = account.purchase({ ...offer, years, sansToAdd, ...nameBuyer(create.name, isByHand) });
    demandCharge(charge);
    const certificate = writeCertificate({
      CertificateID: charge.certificateId,
      Created: writePaddedDate(charge.at),
      SSLType: offer.type,
      Years: years,
      Status: 'NewPurchase',
    });
    return {
      elements: [element('SSLCreateResult', { IsSuccess: true, ...writeCharge(charge) }, [certificate])],
      certificateId: charge.certificateId,
    };
  },

  refuse() {
    return [
      element('SSLCreateResult', { IsSuccess: false, ...NO_CHARGE }, [
        writeCertificate({ CertificateID: 0, Created: '', SSLType: '', Years: 0, Status: '' }),
      ]),
    ];
  },
};

function writeCertificate(attributes: XmlElement['attributes']): XmlElement {
  return element('SSLCertificate', attributes);
}

function readSansToAdd(parameters: Parameters, product: Product): number {
  const rule = { min: 0, max: MAX_ADDED_SANS, invalid: 2011900, outOfRange: 2013900 };
  const count = parameters.getNumber('SANStoADD', rule) ?? 0;
  const isAllowed = count === 0 || product.coverage === 'multi-domain';
  demand(isAllowed, 2011767, 'Addon details are not available for the requested SSLType');
  return count;
}

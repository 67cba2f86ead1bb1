import { INCLUDED_SANS, MAX_ADDED_SANS } from '../catalogue.js';
import { demandCurrent, requireCertificate, type ApiCommand } from '../command.js';
import { demandCharge, NO_CHARGE, writeCharge } from '../purchase-parameters.js';
import { demand } from '../refusal.js';
import { isTermOver } from '../term.js';
import { element, type XmlElement } from '../xml.js';

/**
 * namecheap.ssl.purchasemoresans: buys names for a multi-domain certificate, before its activation or, once it is
 * active, for its next reissue. Not idempotent: every accepted call is charged and adds.
 */
export const purchaseMoreSans: ApiCommand = {
  name: 'namecheap.ssl.purchaseMoreSANS',
  ownFault: 'order-error-after-charge',

  run({ account, clock }, parameters) {
    // 2010900 is not documented here: built as Namecheap's numbers are, 010 for missing and 900 for other fields.
    parameters.requireAll({ CertificateID: 2010294, NumberOfSANSToAdd: 2010900 });
    const rule = { min: 1, max: 99, invalid: 2011900, outOfRange: 2013900 };
    const count = parameters.getNumber('NumberOfSANSToAdd', rule) ?? rule.min;
    const certificate = requireCertificate(account, parameters);
    demandCurrent(certificate, ['newpurchase', 'active']);
    demand(!isTermOver(certificate, clock.now()), 4011331, 'Status is InValid. The paid term is over.');
    const { product, certificateId } = certificate;
    // Both as ssl.create refuses them; of this command's own numbers only a few are known.
    const isMultiDomain = product.coverage === 'multi-domain';
    demand(isMultiDomain, 2011767, 'Addon details are not available for the requested SSLType');
    const isWithinLimit = certificate.sansCount + count <= INCLUDED_SANS + MAX_ADDED_SANS;
    demand(isWithinLimit, 2011767, 'Number of SANs is not within the limit');
    const charge = account.purchaseSans(certificate, count, purchaseMoreSans.name);
    demandCharge(charge);
    const changed = writeCertificate({
      CertificateID: certificateId,
      SSLType: certificate.type.toLowerCase(),
      Years: certificate.years,
      Status: certificate.status.toUpperCase(),
      SANSCount: certificate.sansCount,
    });
    const attributes = { IsSuccess: true, ...writeCharge(charge) };
    return { elements: [element('SSLPurchaseMoreSANSResult', attributes, [changed])], certificateId };
  },

  refuse() {
    return [
      element('SSLPurchaseMoreSANSResult', { IsSuccess: false, ...NO_CHARGE }, [
        writeCertificate({ CertificateID: 0, SSLType: '', Years: 0, Status: '', SANSCount: 0 }),
      ]),
    ];
  },
};

function writeCertificate(attributes: XmlElement['attributes']): XmlElement {
  return element('SSLCertificate', attributes);
}

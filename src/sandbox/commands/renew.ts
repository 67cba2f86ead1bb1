import { INCLUDED_SANS } from '../catalogue.js';
import { demandCurrent, requireCertificate, type ApiCommand } from '../command.js';
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
import { placeInRenewalWindow } from '../term.js';
import { element } from '../xml.js';

/**
 * namecheap.ssl.renew: buys the follow-up term, a new certificate that has to be activated. It has as many names as
 * the old one. A second call for the same certificate, or for a reissue of it, is refused and not charged.
 */
export const renew: ApiCommand = {
  name: 'namecheap.ssl.renew',
  ownFault: 'order-error-after-charge',

  run({ account, clock, lifecycle, typeNames, isByHand }, parameters) {
    parameters.requireAll({ CertificateID: 2010294, Years: 2010167, SSLType: 2010301 });
    parameters.limitLength('CertificateID', 9, 2013294);
    const years = readYears(parameters);
    const offer = readOffer(parameters, 'SSLType', typeNames);
    refusePromotionCode(parameters);
    const old = requireCertificate(account, parameters);
    demandCurrent(old, ['active', 'expired']);
    demand(offer.product === old.product, 2012301, `SSLType mismatch: the certificate is a ${old.type}`);
    demand(!account.isRenewed(old), 4028294, 'This CertificateID is already queued for Renewal');
    const place = placeInRenewalWindow(old, lifecycle.settings.expires, clock.now());
    demandOpenWindow(place, years);
    const sansToAdd = offer.product.coverage === 'multi-domain' ? old.sansCount - INCLUDED_SANS : 0;
    const order = { ...offer, years, sansToAdd, ...nameBuyer(renew.name, isByHand) };
    const charge = account.purchase(order, old);
    demandCharge(charge);
    const { certificateId } = charge;
    const result = element('SSLRenewResult', {
      CertificateID: certificateId,
      SSLType: offer.type,
      Years: years,
      ...writeCharge(charge),
    });
    return { elements: [result], certificateId };
  },

  refuse() {
    return [element('SSLRenewResult', { CertificateID: 0, Years: 0, ...NO_CHARGE })];
  },
};

function demandOpenWindow(place: ReturnType<typeof placeInRenewalWindow>, years: number): void {
  demand(
    place !== 'too early',
    4011294,
    `Cannot renew with Year=${years} when certificate's days to expire > 90`,
  );
  demand(place !== 'too late', 4011294, 'The certificate does not meet the ExpireDate for a renewal');
}

import { INCLUDED_SANS } from '../catalogue.js';
import type { Certificate } from '../certificate.js';
import { demandCurrent, requireCertificate, type ApiCommand } from '../command.js';
import {
  demandCharge,
  NO_CHARGE,
  readProduct,
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

  run({ account, clock }, parameters) {
    parameters.requireAll({ CertificateID: 2010294, Years: 2010167, SSLType: 2010301 });
    parameters.limitLength('CertificateID', 9, 2013294);
    const years = readYears(parameters);
    const product = readProduct(parameters, 'SSLType');
    refusePromotionCode(parameters);
    const old = requireCertificate(account, parameters);
    demandCurrent(old, ['active', 'expired']);
    demand(product === old.product, 2012301, `SSLType mismatch: the certificate is a ${old.product.type}`);
    demand(!account.isRenewed(old), 4028294, 'This CertificateID is already queued for Renewal');
    demandOpenWindow(old, years, clock.now());
    const sansToAdd = product.coverage === 'multi-domain' ? old.sansCount - INCLUDED_SANS : 0;
    const order = { product, years, sansToAdd, command: renew.name, isByHand: false };
    const charge = account.purchase(order, old);
    demandCharge(charge);
    const { certificateId } = charge;
    const result = element('SSLRenewResult', {
      CertificateID: certificateId,
      SSLType: product.type,
      Years: years,
      ...writeCharge(charge),
    });
    return { elements: [result], certificateId };
  },

  refuse() {
    return [element('SSLRenewResult', { CertificateID: 0, Years: 0, ...NO_CHARGE })];
  },
};

function demandOpenWindow(old: Certificate, years: number, now: number): void {
  const place = placeInRenewalWindow(old, now);
  demand(
    place !== 'too early',
    4011294,
    `Cannot renew with Year=${years} when certificate's days to expire > 90`,
  );
  demand(place !== 'too late', 4011294, 'The certificate does not meet the ExpireDate for a renewal');
}

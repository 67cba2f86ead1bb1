import { findProduct } from '../catalogue.js';
import { requireCertificate, type ApiCommand } from '../command.js';
import { demand } from '../refusal.js';
import { element } from '../xml.js';

/**
 * namecheap.ssl.revokecertificate: only for certificates that a reissue replaced. `revoked` is not among Namecheap's
 * statuses: the certificate stays `replaced`. What a second call gets is not documented; here it is refused, so that
 * clients that repeat after a lost answer have to cope.
 */
export const revokeCertificate: ApiCommand = {
  name: 'namecheap.ssl.revokecertificate',

  run({ account, clock }, parameters) {
    parameters.requireAll({ CertificateID: 2010294, CertificateType: 2011300 });
    parameters.limitLength('CertificateType', 50, 2011300);
    const certificate = requireCertificate(account, parameters);
    const product = findProduct(parameters.get('CertificateType') ?? '');
    demand(product === certificate.product, 2011300, 'CertificateType is invalid');
    demand(certificate.status === 'replaced', 4011331, 'Status is InValid.');
    demand(certificate.revokedAt === null, 4011331, 'Status is InValid. The certificate is revoked already.');
    certificate.revokedAt = clock.now();
    const { certificateId } = certificate;
    return {
      elements: [element('RevokeCertificateResult', { IsSuccess: true, ID: certificateId })],
      certificateId,
    };
  },

  /** Unlike the others it repeats the id that was sent. */
  refuse(parameters) {
    const id = parameters.get('CertificateID') ?? '0';
    return [element('RevokeCertificateResult', { ID: id, IsSuccess: false })];
  },
};

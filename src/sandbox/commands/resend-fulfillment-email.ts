import { requireCertificate, type ApiCommand } from '../command.js';
import { demand } from '../refusal.js';
import { element } from '../xml.js';

/**
 * namecheap.ssl.resendfulfillmentemail: mails an issued certificate again to the address of its activation. The
 * sandbox sends no mail.
 */
export const resendFulfillmentEmail: ApiCommand = {
  name: 'namecheap.ssl.resendFulfillmentEmail',

  run({ account }, parameters) {
    const { status, activation, certificateId } = requireCertificate(account, parameters);
    demand(status === 'active', 2011331, 'Status is InValid.');
    const hasAddress = activation !== null && activation.adminEmail !== '';
    demand(hasAddress, 3011299, 'There is no administrator email on file');
    const result = element('SSLResendFulfillmentEmailResult', { ID: certificateId, IsSuccess: true });
    return { elements: [result], certificateId };
  },

  refuse() {
    return [element('SSLResendFulfillmentEmailResult', { ID: 0, IsSuccess: false })];
  },
};

import { requireCertificate, type ApiCommand } from '../command.js';
import { demand } from '../refusal.js';
import { element } from '../xml.js';

/**
 * namecheap.ssl.resendApproverEmail: sends the approver mail again while the CA waits for validation. The real CA also
 * looks at HTTP and DNS values again; here validation goes by the clock, and nothing but the answer happens.
 */
export const resendApproverEmail: ApiCommand = {
  name: 'namecheap.ssl.resendApproverEmail',

  run({ account }, parameters) {
    const { status, certificateId } = requireCertificate(account, parameters);
    demand(status === 'purchased', 2011331, 'Status is InValid.');
    const result = element('SSLResendApproverEmailResult', { ID: certificateId, IsSuccess: true });
    return { elements: [result], certificateId };
  },

  refuse() {
    return [element('SSLResendApproverEmailResult', { ID: 0, IsSuccess: false })];
  },
};

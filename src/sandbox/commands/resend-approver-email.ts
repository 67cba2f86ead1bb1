import { requireCertificate, type ApiCommand } from '../command.js';
import { demand } from '../refusal.js';
import { element } from '../xml.js';

/**
 * namecheap.ssl.resendApproverEmail: sends the approver mail again while the CA waits for validation. The CA also
 * looks at HTTP and DNS values again; here validation goes by the clock, and only one that waits for it (the validation
 * mode `retry`) goes on.
 */
export const resendApproverEmail: ApiCommand = {
  name: 'namecheap.ssl.resendApproverEmail',

  run({ account, lifecycle }, parameters) {
    const certificate = requireCertificate(account, parameters);
    const { status, certificateId } = certificate;
    demand(status === 'purchased', 2011331, 'Status is InValid.');
    lifecycle.retryValidation(certificate);
    const result = element('SSLResendApproverEmailResult', { ID: certificateId, IsSuccess: true });
    return { elements: [result], certificateId };
  },

  refuse() {
    return [element('SSLResendApproverEmailResult', { ID: 0, IsSuccess: false })];
  },
};

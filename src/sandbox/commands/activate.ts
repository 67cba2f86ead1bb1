import { readActivationRequest } from '../activation-request.js';
import { readCommonName, type Certificate, type Submission } from '../certificate.js';
import { requireCertificate, type ApiCommand, type CommandContext } from '../command.js';
import { demand } from '../refusal.js';
import { writeValidationBlocks } from '../validation.js';
import { element } from '../xml.js';

/**
 * namecheap.ssl.activate: submits a CSR and how its names are validated. Free, and works once. A renewal carries over
 * the days that are left of the old term.
 */
export const activate: ApiCommand = {
  name: 'namecheap.ssl.activate',
  ownFault: 'purchaseerror',

  async run(context, parameters) {
    const certificate = requireCertificate(context.account, parameters);
    demandActivatable(context, certificate);
    const request = await readActivationRequest(parameters, certificate, context.typeNames.authority);
    demandSameDomain(request, context.account.findRenewed(certificate));
    // Reading the CSR took a while: another activation may have been accepted meanwhile.
    demandActivatable(context, certificate);
    if (context.isRejectedByCa) context.lifecycle.reject(certificate);
    demand(
      !context.isRejectedByCa,
      3027295,
      'We are unable to process your order at this time. Internal error occurred;Invalid Status code',
    );
    context.lifecycle.activate(certificate, request);
    const blocks = writeValidationBlocks(request);
    const { certificateId } = certificate;
    return {
      elements: [element('SSLActivateResult', { ID: certificateId, IsSuccess: true }, blocks)],
      certificateId,
    };
  },

  refuse() {
    return [element('SSLActivateResult', { ID: 0, IsSuccess: false })];
  },
};

function demandActivatable({ clock }: CommandContext, { status, activationExpiresAt }: Certificate): void {
  demand(status === 'newpurchase' || status === 'newrenewal', 4011331, 'Status is InValid.');
  demand(clock.now() < activationExpiresAt, 4020294, 'The activation period of this certificate is over');
}

/** A renewal must keep the domain; read strictly, as the common name: `www.` more or less is another one. */
function demandSameDomain({ csr }: Submission, renewed: Certificate | null): void {
  const isKept = renewed === null || readCommonName(renewed) === csr.commonName;
  demand(isKept, 2011166, 'Invalid Renewal Order Domain');
}

import { readActivationRequest } from '../activation-request.js';
import type { Certificate, Submission } from '../certificate.js';
import { demandCurrent, requireCertificate, type ApiCommand } from '../command.js';
import { demand } from '../refusal.js';
import { isTermOver } from '../term.js';
import { writeValidationBlocks } from '../validation.js';
import { element } from '../xml.js';

/**
 * namecheap.ssl.reissue: the next certificate within the paid term, under a new id, validated anew; takes what
 * ssl.activate takes. Free. Any common name may be used. The old certificate is `replaced` at once, not at the
 * issuance of the new one: that is when live clients saw it happen. Until then the old leaf can still be had.
 */
export const reissue: ApiCommand = {
  name: 'namecheap.ssl.reissue',

  async run({ account, clock, lifecycle }, parameters) {
    const old = requireCertificate(account, parameters);
    demandReissuable(old, clock.now());
    const request = await readActivationRequest(parameters, old);
    // Reading the CSR took a while: another reissue may have been accepted meanwhile.
    demandReissuable(old, clock.now());
    const { certificateId } = lifecycle.reissue(old, keepAdminEmail(request, old));
    const blocks = writeValidationBlocks(request.csr, request.uniqueValue, request.names);
    return {
      elements: [element('SSLReissueResult', { ID: certificateId, IsSuccess: true }, blocks)],
      certificateId,
    };
  },

  refuse() {
    return [element('SSLReissueResult', { ID: 0, IsSuccess: false })];
  },
};

function demandReissuable(old: Certificate, now: number): void {
  demandCurrent(old, ['active']);
  demand(!isTermOver(old, now), 4011331, 'Status is InValid. The paid term is over.');
}

/** The address of the first activation stays; another one is refused. Where there was none, one may be given. */
function keepAdminEmail(request: Submission, { activation }: Certificate): Submission {
  const first = activation?.adminEmail ?? '';
  const { adminEmail } = request;
  const isKept = first === '' || adminEmail === '' || first.toLowerCase() === adminEmail.toLowerCase();
  demand(isKept, 2011214, 'AdminEmailAddress can not differ from that of the activation');
  return { ...request, adminEmail: first === '' ? adminEmail : first };
}

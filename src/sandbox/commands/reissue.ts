import type { Account } from '../account.js';
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
 * issuance of the new one, unless the sandbox was started otherwise: that is when live clients saw it happen, while
 * Namecheap's own sample is active with a ReplacedBy. The old leaf can be had all the time.
 */
export const reissue: ApiCommand = {
  name: 'namecheap.ssl.reissue',

  async run({ account, clock, lifecycle, typeNames, isByHand }, parameters) {
    const old = requireCertificate(account, parameters);
    demandReissuable(account, old, clock.now());
    const request = await readActivationRequest(parameters, old, typeNames.authority);
    // Reading the CSR took a while: another reissue may have been accepted meanwhile.
    demandReissuable(account, old, clock.now());
    const { certificateId } = lifecycle.reissue(old, keepAdminEmail(request, old), isByHand);
    const blocks = writeValidationBlocks(request);
    return {
      elements: [element('SSLReissueResult', { ID: certificateId, IsSuccess: true }, blocks)],
      certificateId,
    };
  },

  refuse() {
    return [element('SSLReissueResult', { ID: 0, IsSuccess: false })];
  },
};

function demandReissuable(account: Account, old: Certificate, now: number): void {
  const successor = old.replacedBy === null ? undefined : account.certificates.get(old.replacedBy);
  const isInProgress = successor?.status === 'purchased';
  demand(!isInProgress, 4011331, 'Status is InValid. A reissue is already in progress: see ReplacedBy.');
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

import type { CallOptions, ReissueInput, ReissueResult } from '../api.js';
import type { Call } from '../command.js';
import { element, newId, success } from '../fields.js';
import { describeSubmission } from './csr-parameters.js';
import { readInstructions, validationBlocks } from './validation.js';

const COMMAND = 'namecheap.ssl.reissue';

/** `ID` is the new certificate: the old one becomes `replaced` and names it in ReplacedBy. */
function describeResult(replaced: number) {
  return element({
    sslreissueresult: element({ '@issuccess': success, '@id': newId(replaced), ...validationBlocks }),
  });
}

/**
 * Submits a CSR for the next certificate within the paid term. Free, but not idempotent: a second one, where it is
 * accepted, replaces the first. Allowed while the certificate is `active`; every name is validated again.
 * @returns the id of the new certificate, and what must be published; getInfo never tells it (editDCVMethod does).
 * @throws NamecheapError: `outcome` says whether it may have been submitted all the same. With `hasSucceededBefore`
 * (error 4011331 "in progress") a reissue is under way: follow ReplacedBy, and compare its CSR.
 */
export async function reissue(
  call: Call,
  input: ReissueInput,
  options?: CallOptions,
): Promise<ReissueResult> {
  const parameters = describeSubmission(COMMAND, input);
  const result = describeResult(input.certificateId);
  const { sslreissueresult: made } = await call(
    { command: COMMAND, kind: 'submit', parameters, result },
    options,
  );
  return { certificateId: made['@id'], validation: readInstructions(made, input.dcv) };
}

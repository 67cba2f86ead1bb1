import type { ActivateInput, ActivateResult, CallOptions } from '../api.js';
import type { Call } from '../command.js';
import { element, id, success } from '../fields.js';
import { describeSubmission } from './csr-parameters.js';
import { readInstructions, validationBlocks } from './validation.js';

const COMMAND = 'namecheap.ssl.activate';

const resultSchema = element({
  sslactivateresult: element({ '@issuccess': success, '@id': id, ...validationBlocks }),
});

/**
 * Submits the CSR and how each name is validated. Free, but not idempotent.
 * @returns what must be published; getInfo never tells it again (editDCVMethod does).
 * @throws NamecheapError: `outcome` says whether it may have been submitted all the same.
 */
export async function activate(
  call: Call,
  input: ActivateInput,
  options?: CallOptions,
): Promise<ActivateResult> {
  const parameters = describeSubmission(COMMAND, input);
  const { sslactivateresult: made } = await call(
    { command: COMMAND, kind: 'submit', parameters, result: resultSchema },
    options,
  );
  return { certificateId: made['@id'], validation: readInstructions(made, input.dcv) };
}

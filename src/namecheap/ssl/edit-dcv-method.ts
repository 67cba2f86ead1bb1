import { z } from 'zod';
import type { CallOptions, EditDcvInput, EditDcvResult } from '../api.js';
import type { Call } from '../command.js';
import { element, flag, id, list, success, text } from '../fields.js';
import { certificateId, checkInput } from '../input.js';
import { choicesSchema, EDIT_TOKENS, nameMethod } from './dcv-choice.js';
import { readInstructions, validationBlocks } from './validation.js';

const COMMAND = 'namecheap.ssl.editDCVMethod';

const inputSchema = z
  .object({ certificateId, dcv: choicesSchema, isMultiDomain: z.boolean() })
  .refine(
    ({ dcv, isMultiDomain }) => isMultiDomain || dcv.length === 1,
    'a single-domain product has one validation method',
  );

const domainSchema = element({ '@name': text, '@issuccess': flag });

const resultSchema = element({
  ssleditdcvmethodresult: element({
    '@issuccess': success,
    '@id': id,
    ...validationBlocks,
    // `Domains` is both the list and each of its items.
    domains: list(element({ domains: list(domainSchema) })),
  }),
});

/**
 * Changes how names are validated, or asks again for what must be published (the documented retry: the same method
 * once more). Allowed while the certificate is `purchased`.
 * @returns what must be published, and the names for which Namecheap says that the method was not set. The API gives one
 * DNS record without saying for which name: with several names validated by DNS, only the one it ends with is returned.
 * @throws NamecheapError.
 */
export async function editDcvMethod(
  call: Call,
  input: EditDcvInput,
  options?: CallOptions,
): Promise<EditDcvResult> {
  const { certificateId: number, dcv, isMultiDomain } = checkInput(COMMAND, 'submit', inputSchema, input);
  const methods = dcv.map((choice) => nameMethod(choice, EDIT_TOKENS)).join(',');
  const parameters = {
    CertificateID: String(number),
    ...(isMultiDomain
      ? { DNSNames: dcv.map(({ domain }) => domain).join(','), DCVMethods: methods }
      : { DCVMethod: methods }),
  };
  const response = await call(
    { command: COMMAND, kind: 'submit', parameters, result: resultSchema },
    options,
  );
  const result = response.ssleditdcvmethodresult;
  const domains = result.domains.flatMap((outer) => outer.domains);
  const missed = domains
    .filter((domain) => !domain['@issuccess'])
    .map((domain) => domain['@name'].slice(0, 255));
  return { validation: readInstructions(result, input.dcv), missed };
}

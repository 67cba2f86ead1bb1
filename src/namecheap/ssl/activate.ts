import { z } from 'zod';
import type { ActivateInput, ActivateResult, CallOptions } from '../api.js';
import type { Call } from '../command.js';
import { element, flag, id } from '../fields.js';
import { certificateId, checkInput, emailAddress, refuseInput } from '../input.js';
import { ACTIVATE_TOKENS, choicesSchema, nameMethod, type CheckedChoice } from './dcv-choice.js';
import { readInstructions, validationBlocks } from './validation.js';

const COMMAND = 'namecheap.ssl.activate';

const inputSchema = z.object({
  certificateId,
  csr: z.string().min(1).max(32767),
  dcv: choicesSchema,
  webServerType: z.string().min(1).max(50).optional(),
  adminEmail: emailAddress.optional(),
  extra: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,60}$/), z.string()).optional(),
});

const resultSchema = element({
  sslactivateresult: element({ '@issuccess': flag.pipe(z.literal(true)), '@id': id, ...validationBlocks }),
});

/** What `extra` must not reach: credentials, and what this function decides itself. */
const RESERVED = new Set(
  'apiuser apikey username clientip command certificateid csr approveremail httpdcvalidation dnsdcvalidation dnsnames dnsapproveremails'.split(
    ' ',
  ),
);

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
  const checked = checkInput(COMMAND, 'submit', inputSchema, input);
  const parameters = {
    CertificateID: String(checked.certificateId),
    CSR: checked.csr,
    ...describeDcv(checked.dcv),
    ...(checked.webServerType === undefined ? {} : { WebServerType: checked.webServerType }),
    ...(checked.adminEmail === undefined ? {} : { AdminEmailAddress: checked.adminEmail }),
  };
  const extra = checkExtra(checked.extra ?? {}, parameters);
  const request = {
    command: COMMAND,
    kind: 'submit',
    parameters: { ...extra, ...parameters },
    result: resultSchema,
  } as const;
  const { sslactivateresult: made } = await call(request, options);
  return { certificateId: made['@id'], validation: readInstructions(made, input.dcv) };
}

/**
 * The DCV parameters of the method page "ssl.activate": a switch when all names use the same method other than
 * email, else one value per name, the common name's in ApproverEmail.
 */
function describeDcv(choices: readonly CheckedChoice[]): Record<string, string> {
  const [commonName, ...others] = choices;
  if (commonName === undefined) return {};
  const names: Record<string, string> =
    others.length === 0 ? {} : { DNSNames: others.map(({ domain }) => domain).join(',') };
  const isUniform = others.every(({ method }) => method === commonName.method);
  if (isUniform && commonName.method === 'http') return { HTTPDCValidation: 'true', ...names };
  if (isUniform && commonName.method === 'dns') return { DNSDCValidation: 'true', ...names };
  const methods = others.map((choice) => nameMethod(choice, ACTIVATE_TOKENS));
  return {
    ApproverEmail: nameMethod(commonName, ACTIVATE_TOKENS),
    ...names,
    ...(others.length === 0 ? {} : { DNSApproverEmails: methods.join(',') }),
  };
}

function checkExtra(
  extra: Readonly<Record<string, string>>,
  parameters: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const taken = new Set([...RESERVED, ...Object.keys(parameters).map((name) => name.toLowerCase())]);
  // The API ignores the case of names, so `csr` would be a second CSR.
  const clashes = Object.keys(extra).filter((name) => taken.has(name.toLowerCase()));
  if (clashes.length > 0)
    throw refuseInput(
      COMMAND,
      'submit',
      clashes.map((name) => `extra must not set ${name}`),
    );
  return extra;
}

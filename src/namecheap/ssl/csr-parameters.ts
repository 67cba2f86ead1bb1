import { z } from 'zod';
import type { ActivateInput } from '../api.js';
import { certificateId, checkInput, emailAddress, refuseInput } from '../input.js';
import { ACTIVATE_TOKENS, choicesSchema, nameMethod, type CheckedChoice } from './dcv-choice.js';

const inputSchema = z.object({
  certificateId,
  csr: z.string().min(1).max(32767),
  dcv: choicesSchema,
  webServerType: z.string().min(1).max(50).optional(),
  adminEmail: emailAddress.optional(),
  extra: z.record(z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,60}$/), z.string()).optional(),
});

/** What `extra` must not reach: credentials, and what is decided here. */
const RESERVED = new Set(
  'apiuser apikey username clientip command certificateid csr approveremail httpdcvalidation dnsdcvalidation dnsnames dnsapproveremails'.split(
    ' ',
  ),
);

/**
 * The parameters that submit a CSR: the method page "ssl.activate", which "ssl.reissue" shares.
 * @throws NamecheapError of class `input`, before anything is sent.
 */
export function describeSubmission(command: string, input: ActivateInput): Record<string, string> {
  const checked = checkInput(command, 'submit', inputSchema, input);
  const parameters = {
    CertificateID: String(checked.certificateId),
    CSR: checked.csr,
    ...describeDcv(checked.dcv),
    ...(checked.webServerType === undefined ? {} : { WebServerType: checked.webServerType }),
    ...(checked.adminEmail === undefined ? {} : { AdminEmailAddress: checked.adminEmail }),
  };
  return { ...checkExtra(command, checked.extra ?? {}, parameters), ...parameters };
}

/**
 * The DCV parameters: a switch when all names use the same method other than email, else one value per name, the
 * common name's in ApproverEmail.
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
  command: string,
  extra: Readonly<Record<string, string>>,
  parameters: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const taken = new Set([...RESERVED, ...Object.keys(parameters).map((name) => name.toLowerCase())]);
  // The API ignores the case of names, so `csr` would be a second CSR.
  const clashes = Object.keys(extra).filter((name) => taken.has(name.toLowerCase()));
  if (clashes.length === 0) return extra;
  throw refuseInput(
    command,
    'submit',
    clashes.map((name) => `extra must not set ${name}`),
  );
}

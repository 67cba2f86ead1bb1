import { z } from 'zod';
import type { ApproverEmails, CallOptions } from '../api.js';
import type { Call } from '../command.js';
import { element, list, text } from '../fields.js';
import { checkInput, domainName } from '../input.js';

const COMMAND = 'namecheap.ssl.getApproverEmailList';

const inputSchema = z.object({ domain: domainName, type: z.string().min(1).max(50) });

const emails = element({ email: list(text) }).transform(({ email }) =>
  email.filter((address) => address !== ''),
);

const resultSchema = element({
  getapproveremaillistresult: z.object({
    '@domain': text,
    domainemails: emails,
    genericemails: emails,
    manualemails: emails,
  }),
});

/** The addresses that may approve a certificate for a domain. @throws NamecheapError. */
export async function getApproverEmailList(
  call: Call,
  input: { domain: string; type: string },
  options?: CallOptions,
): Promise<ApproverEmails> {
  const { domain, type } = checkInput(COMMAND, 'read', inputSchema, input);
  const parameters = { DomainName: domain, CertificateType: type };
  const response = await call({ command: COMMAND, kind: 'read', parameters, result: resultSchema }, options);
  const told = response.getapproveremaillistresult;
  return {
    domain: told['@domain'] === '' ? domain : told['@domain'],
    domainEmails: told.domainemails,
    genericEmails: told.genericemails,
    manualEmails: told.manualemails,
  };
}

import { z } from 'zod';
import type { CallOptions, ParsedCsr } from '../api.js';
import type { Call } from '../command.js';
import { element, flag, text } from '../fields.js';
import { checkInput } from '../input.js';

const COMMAND = 'namecheap.ssl.parseCSR';

const inputSchema = z.object({
  csr: z.string().min(1).max(32767),
  type: z.string().min(1).max(50).optional(),
});

const resultSchema = element({
  sslparsecsrresult: element({
    csrdetails: z.object({
      commonname: text.pipe(z.string().min(1)),
      domainname: text,
      organisation: text,
      organisationunit: text,
      locality: text,
      state: text,
      country: text,
      email: text,
      validtruedomain: flag,
    }),
  }),
});

/** What Namecheap reads in a CSR. Our own parser costs no quota; this one tells whether Namecheap agrees. @throws NamecheapError. */
export async function parseCsr(
  call: Call,
  input: { csr: string; type?: string },
  options?: CallOptions,
): Promise<ParsedCsr> {
  const { csr, type } = checkInput(COMMAND, 'read', inputSchema, input);
  const parameters = { csr, ...(type === undefined ? {} : { CertificateType: type }) };
  const response = await call({ command: COMMAND, kind: 'read', parameters, result: resultSchema }, options);
  const details = response.sslparsecsrresult.csrdetails;
  return {
    commonName: details.commonname,
    domainName: details.domainname,
    organisation: details.organisation,
    organisationUnit: details.organisationunit,
    locality: details.locality,
    state: details.state,
    country: details.country,
    email: details.email,
    isValidTrueDomain: details.validtruedomain,
  };
}

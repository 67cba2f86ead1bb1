import { z } from 'zod';
import { domainName, emailAddress } from '../input.js';

/** Values of `ApproverEmail` and `DNSApproverEmails` in ssl.activate that stand for the other two methods. */
export const ACTIVATE_TOKENS = { http: 'HTTPCSRHASH', dns: 'CNAMECSRHASH' } as const;

/** The same in ssl.editDCVMethod, where they are spelled with underscores. */
export const EDIT_TOKENS = { http: 'HTTP_CSR_HASH', dns: 'CNAME_CSR_HASH' } as const;

const choiceSchema = z
  .object({
    domain: domainName,
    method: z.enum(['email', 'http', 'dns']),
    approverEmail: emailAddress.optional(),
  })
  .refine(
    ({ method, approverEmail }) => method !== 'email' || approverEmail !== undefined,
    'method email needs an approverEmail',
  )
  // CA/Browser Forum ballot SC45: a file on one host proves nothing about all names below it.
  .refine(
    ({ method, domain }) => method !== 'http' || !domain.startsWith('*.'),
    'a wildcard cannot be validated by an HTTP file; use dns or email',
  );

/** At least the common name; no name twice (error 2014296 otherwise). */
export const choicesSchema = z
  .array(choiceSchema)
  .min(1, 'name at least the common name')
  .refine(
    (choices) => new Set(choices.map(({ domain }) => domain.toLowerCase())).size === choices.length,
    'a domain is named twice',
  );

export type CheckedChoice = z.infer<typeof choiceSchema>;

/** The value that stands for a choice: an address, or the command's token for the method. */
export function nameMethod(choice: CheckedChoice, tokens: { http: string; dns: string }): string {
  return choice.method === 'email' ? (choice.approverEmail ?? '') : tokens[choice.method];
}

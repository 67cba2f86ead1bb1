import { z } from 'zod';
import { findProduct, spellType } from '../config/products.js';
import { readWithBrake } from '../src/certificates/brake.js';
import { isWildcard, readDomain } from '../src/certificates/names.js';
import { listTypes } from '../src/certificates/order-payload.js';
import { listApproverEmails, normalizeDcv } from '../src/certificates/validation.js';
import { defineJob, done } from '../src/job.js';
import { requireModule } from '../src/modules/require-module.js';
import { moduleNameSchema } from '../src/modules/settings.js';

/** A host name; Namecheap takes a wildcard's without its `*.`, and the addresses are the same. */
const domainSchema = z.string().transform((text, context) => {
  const reading = readDomain(text);
  if (reading.domain === null) {
    context.addIssue({ code: 'custom', message: reading.fault });
    return z.NEVER;
  }
  return isWildcard(reading.domain) ? reading.domain.slice(2) : reading.domain;
});

const payloadSchema = z.strictObject({
  module: moduleNameSchema.default('default'),
  domain: domainSchema,
  type: z
    .string()
    .refine((type) => findProduct(type) !== null, { error: () => `is not known; known are ${listTypes()}` })
    .transform(spellType),
});

export interface ApproversResult {
  /** The name that was looked up: lower case, A-labels, without `*.`. */
  domain: string;
  /** In the catalogue's spelling. */
  type: string;
  /** Addresses to offer: those of Namecheap's that an order's `approverEmail` may name, in its order, each once. */
  emails: string[];
  /** All that Namecheap listed, as it listed them. What is here and not in `emails`, an order would refuse. */
  fromApi: { domainEmails: string[]; genericEmails: string[]; manualEmails: string[] };
}

/** Who may approve a name by e-mail, for an order form; one call. */
export const approvers = defineJob<z.output<typeof payloadSchema>, ApproversResult>({
  name: 'approvers',
  summary: 'list the e-mail addresses that may approve a certificate for a name',
  schema: payloadSchema,
  example: { domain: 'example.com', type: 'PositiveSSL' },
  subject: ({ domain }) => domain,
  // A customer waits in front of the order form.
  options: { concurrency: 4, priority: 1, attempts: 3 },
  accept: async ({ module }, store) => {
    await requireModule(store.modules, module);
  },
  async run({ module, domain, type }, context) {
    const account = await context.openAccount(module);
    const told = await readWithBrake({ ...context, account }, () =>
      account.api.getApproverEmailList({ domain, type }, { signal: context.signal }),
    );
    const { domainEmails, genericEmails, manualEmails } = told;
    const allowed = listApproverEmails(domain);
    const listed = [...domainEmails, ...genericEmails, ...manualEmails].map(normalizeEmail);
    const emails = [...new Set(listed)].filter((email) => allowed.includes(email));
    return done({ domain, type, emails, fromApi: { domainEmails, genericEmails, manualEmails } });
  },
});

/** As an order has it: lower case, the domain as A-labels. */
function normalizeEmail(approverEmail: string): string {
  return normalizeDcv({ method: 'email', approverEmail }).approverEmail;
}

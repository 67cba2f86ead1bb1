import { z } from 'zod';
import type { DcvChoice } from '../namecheap/api.js';
import { findRegistrableDomain, isWildcard, readDomain } from './names.js';

const METHODS = ['email', 'http', 'dns'] as const;

/** The constructed addresses of the CA/Browser Forum Baseline Requirements, 3.2.2.4.4. */
const APPROVERS = ['admin', 'administrator', 'hostmaster', 'postmaster', 'webmaster'];

/** The API's limit for ApproverEmail. */
const MAX_EMAIL = 255;

const fields = { method: z.enum(METHODS), approverEmail: z.string().max(MAX_EMAIL).optional() };

function hasFittingEmail(dcv: { method: string; approverEmail?: string | undefined }): boolean {
  return (dcv.method === 'email') === (dcv.approverEmail !== undefined);
}

const misfit = {
  path: ['approverEmail'],
  error: 'belongs to the method email, which cannot do without it, and to no other method',
};

/** How the owner of a name proves it: `{"method":"dns"}`, `{"method":"http"}` or `{"method":"email","approverEmail":…}`. */
export const dcvSchema = z.strictObject(fields).refine(hasFittingEmail, misfit);

/** The same for one of several names. */
export const namedDcvSchema = z
  .strictObject({ domain: z.string().min(1).max(MAX_EMAIL), ...fields })
  .refine(hasFittingEmail, misfit);

export type Dcv = z.output<typeof dcvSchema>;
export type NamedDcv = z.output<typeof namedDcvSchema>;

/** The choice with its address in lower case and its domain as A-labels. A bad address is left for {@link listDcvFaults}. */
export function normalizeDcv<T extends Dcv>(dcv: T): T {
  if (dcv.approverEmail === undefined) return dcv;
  const email = dcv.approverEmail.trim().toLowerCase();
  const at = email.lastIndexOf('@');
  const { domain } = readDomain(email.slice(at + 1));
  return { ...dcv, approverEmail: domain === null ? email : `${email.slice(0, at)}@${domain}` };
}

/**
 * The addresses that may approve a certificate for this name: five at the name itself and at each parent down to the
 * registered domain (Baseline Requirements 3.2.2.4.4). The registered domain's come first.
 */
export function listApproverEmails(name: string): string[] {
  const registered = findRegistrableDomain(name);
  if (registered === null) return [];
  const domains = [registered];
  const labels = (isWildcard(name) ? name.slice(2) : name)
    .slice(0, -registered.length)
    .split('.')
    .filter(Boolean);
  for (const label of labels.reverse()) domains.push(`${label}.${domains.at(-1) ?? ''}`);
  return domains.flatMap((domain) => APPROVERS.map((mailbox) => `${mailbox}@${domain}`));
}

/**
 * Why this choice cannot validate this name; empty when it can.
 * @param dcv as {@link normalizeDcv} returns it
 * @param field where the choice stands in the payload, such as `dcv`
 */
export function listDcvFaults(name: string, dcv: Dcv, field: string): string[] {
  if (dcv.method === 'http' && isWildcard(name)) {
    return [
      `${field}.method: a file cannot validate the wildcard ${name} (Baseline Requirements 3.2.2.4.18); use dns or email`,
    ];
  }
  if (dcv.method !== 'email') return [];
  const allowed = listApproverEmails(name);
  if (allowed.includes(dcv.approverEmail ?? '')) return [];
  const examples = allowed.slice(0, APPROVERS.length).join(', ');
  return [
    `${field}.approverEmail: ${dcv.approverEmail ?? 'nobody'} may not approve ${name}; use one of ${examples}`,
  ];
}

/**
 * How each name is validated: by its own entry, else by the choice for all; what cannot work is added to `faults`.
 * @param names the common name first
 * @param dcv for the common name, and for each other without an entry; normalised
 * @param dcvs entries of other names; normalised
 * @returns one choice per name, in the order of `names`
 */
export function chooseValidation(
  names: readonly string[],
  dcv: Dcv,
  dcvs: readonly NamedDcv[] | undefined,
  faults: string[],
): DcvChoice[] {
  const own = readEntries(names, dcvs ?? [], faults);
  return names.map((name, index) => {
    const { choice, field } = own.get(name) ?? { choice: dcv, field: 'dcv' };
    const remedy = field === 'dcv' && index > 0 ? `, or give ${name} an entry of its own in dcvs` : '';
    faults.push(...listDcvFaults(name, choice, field).map((fault) => fault + remedy));
    return toDcvChoice(name, choice);
  });
}

function readEntries(names: readonly string[], dcvs: readonly NamedDcv[], faults: string[]) {
  const own = new Map<string, { choice: Dcv; field: string }>();
  dcvs.forEach((choice, index) => {
    const { domain } = choice;
    const field = `dcvs[${index}]`;
    const fault = findEntryFault(domain, names, own.has(domain));
    if (fault === null) own.set(domain, { choice, field });
    else faults.push(`${field}.domain: ${domain} ${fault}`);
  });
  return own;
}

function findEntryFault(domain: string, names: readonly string[], isKnown: boolean): string | null {
  if (isKnown) return 'is listed twice';
  if (domain === names[0]) return 'is the common name, which is validated by dcv';
  return names.includes(domain) ? null : 'is not among the further names of this order';
}

function toDcvChoice(domain: string, { method, approverEmail }: Dcv): DcvChoice {
  return approverEmail === undefined ? { domain, method } : { domain, method, approverEmail };
}

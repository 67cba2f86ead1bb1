import type { Coverage } from './catalogue.js';
import { isWildcard, listApproverEmails } from './names.js';
import type { Parameters } from './parameters.js';
import { demand } from './refusal.js';
import type { DcvMethod, NameValidation } from './validation.js';

const MAIL_ADDRESS = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/u;

/** The method named by `HTTPCSRHASH`, `CNAMECSRHASH` (ssl.activate) or `HTTP_CSR_HASH`, … (ssl.editDCVMethod). */
export function readHashMethod(value: string, separator: '' | '_'): DcvMethod | null {
  const upper = value.toUpperCase();
  if (upper === ['HTTP', 'CSR', 'HASH'].join(separator)) return { kind: 'http' };
  if (upper === ['CNAME', 'CSR', 'HASH'].join(separator)) return { kind: 'dns' };
  return null;
}

export function writeHashMethod(method: DcvMethod, separator: '' | '_'): string {
  if (method.kind === 'email') return method.approverEmail;
  return [method.kind === 'http' ? 'HTTP' : 'CNAME', 'CSR', 'HASH'].join(separator);
}

/** An e-mail validation, when the address is one that ssl.getApproverEmailList gives for the domain. */
export function readApproverEmail(value: string, domain: string): DcvMethod | null {
  const approverEmail = value.toLowerCase();
  return listApproverEmails(domain).includes(approverEmail) ? { kind: 'email', approverEmail } : null;
}

/**
 * How each name of an activation is validated: one style for all (`HTTPDCValidation`, `DNSDCValidation`), or
 * `ApproverEmail` for the common name and `DNSApproverEmails`, in the order of `DNSNames`, for the others.
 * @throws Refusal
 */
export function readValidations(
  parameters: Parameters,
  coverage: Coverage,
  commonName: string,
  sans: readonly string[],
): NameValidation[] {
  const isHttp = parameters.getBoolean('HTTPDCValidation', 2011784);
  const isDns = parameters.getBoolean('DNSDCValidation', 2011784);
  demand(!(isHttp && isDns), 2011784, 'HTTPDCValidation and DNSDCValidation can not both be true');
  parameters.limitLength('ApproverEmail', 255, 2013295);
  if (isHttp) refuseHttpForWildcards(commonName);
  if (isHttp || isDns) {
    const method: DcvMethod = { kind: isHttp ? 'http' : 'dns' };
    return [commonName, ...sans].map((domain) => ({ domain, method }));
  }
  const approvers = [
    parameters.require('ApproverEmail', 2010295),
    ...readSanApprovers(parameters, sans.length),
  ];
  return [commonName, ...sans].map((domain, position) => ({
    domain,
    method: readActivationMethod(approvers[position] ?? '', domain, coverage),
  }));
}

function refuseHttpForWildcards(name: string): void {
  demand(!isWildcard(name), 2011784, `HTTP validation is not allowed for the wildcard name ${name}`);
}

function readSanApprovers(parameters: Parameters, count: number): string[] {
  const approvers = parameters.getList('DNSApproverEmails');
  demand(
    approvers.length === count,
    2010767,
    `DNSApproverEmails must have as many entries as DNSNames: ${approvers.length} for ${count}`,
  );
  return approvers;
}

function readActivationMethod(value: string, domain: string, coverage: Coverage): DcvMethod {
  // The two words are documented for multi-domain certificates only; single ones have the booleans.
  const hash = readHashMethod(value, '');
  if (hash !== null && coverage === 'multi-domain') return hash;
  demand(MAIL_ADDRESS.test(value), 2011295, 'Parameter ApproverEmail is Invalid');
  const email = readApproverEmail(value, domain);
  demand(email !== null, 3011295, `Approver email ${value} is not valid for the domain ${domain}`);
  return email;
}

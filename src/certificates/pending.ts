import { findProduct } from '../../config/products.js';
import type { ValidationInstruction } from '../namecheap/api.js';
import type { CertificateRecord } from './record.js';

/** What a pending certificate waits for, and what a person can do about it, in one sentence or two. */
export function describePending(record: CertificateRecord): string {
  const since = (record.activatedAt ?? record.acceptedAt).slice(0, 10);
  const names = record.operation?.names ?? [record.commonName, ...record.sans];
  const untold = names.filter((name) => !record.validation.some(({ domain }) => domain === name));
  const steps = [...record.validation.map(describeStep), ...untold.map(describeUntold)];
  const todo = steps.join('; ');
  return `Waiting for validation since ${since}: ${todo}.${describeReview(record)} To change the method or start it again, use a dcv job.`;
}

function describeStep(instruction: ValidationInstruction): string {
  switch (instruction.method) {
    case 'dns':
      return `${instruction.domain} needs the CNAME ${instruction.host} → ${instruction.target}`;
    case 'http':
      return `${instruction.domain} needs the file ${instruction.url}`;
    case 'email':
      return `${instruction.domain} needs the link in the mail to ${instruction.approverEmail} to be followed`;
  }
}

/** Namecheap shows to people what it does not tell through the API. */
function describeUntold(name: string): string {
  return `${name} is validated as the account at Namecheap shows`;
}

/** OV and EV are looked into by people at the CA: the customer has to answer them. */
function describeReview({ type, requestedType }: CertificateRecord): string {
  const level = findProduct(type ?? requestedType)?.validation ?? 'dv';
  if (level === 'dv') return '';
  return ` The CA also checks the organisation (${level.toUpperCase()}): its mails and calls must be answered, and its register entry must fit the order.`;
}

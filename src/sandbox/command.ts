import type { Account } from './account.js';
import type { Certificate, CertificateStatus } from './certificate.js';
import type { SandboxClock } from './clock.js';
import type { Lifecycle } from './lifecycle.js';
import type { Parameters } from './parameters.js';
import type { TypeNames } from './type-names.js';
import { demand } from './refusal.js';
import type { XmlElement } from './xml.js';

export interface CommandContext {
  account: Account;
  lifecycle: Lifecycle;
  clock: SandboxClock;
  typeNames: TypeNames;
  /** The fault `purchaseerror`: the CA rejects what this command submits. */
  isRejectedByCa: boolean;
  /** Not an API call, but a person at the web interface. */
  isByHand: boolean;
}

/** The elements inside CommandResponse; the certificate concerned goes into the ledger's call list. */
export interface CommandAnswer {
  elements: readonly XmlElement[];
  certificateId?: number;
}

/** One API command. To add one: write a file in `commands/` and list it in `registry.ts`. */
export interface ApiCommand {
  /** As Namecheap spells it, `namecheap.ssl.create`; requests may use any case. */
  name: string;
  isPostOnly?: true;
  /** The one fault that only commands of this kind know. */
  ownFault?: 'order-error-after-charge' | 'purchaseerror';
  /** @throws Refusal for every error that the API would answer with */
  run(context: CommandContext, parameters: Parameters): CommandAnswer | Promise<CommandAnswer>;
  /** The zero-filled elements that accompany an error. */
  refuse(parameters: Parameters): readonly XmlElement[];
}

/** The certificate that CertificateID names, with the errors that all ssl commands share. */
export function requireCertificate(account: Account, parameters: Parameters): Certificate {
  const id = parameters.require('CertificateID', 2010294);
  parameters.limitLength('CertificateID', 10, 2013294);
  const certificate = /^\d+$/u.test(id) ? account.certificates.get(Number(id)) : undefined;
  demand(certificate !== undefined, 2011294, 'CertificateID is invalid');
  return certificate;
}

/** Refuses certificates of other statuses, and those that have a reissue, be it pending or issued. */
export function demandCurrent(
  { status, replacedBy }: Certificate,
  statuses: readonly CertificateStatus[],
): void {
  demand(statuses.includes(status), 4011331, 'Status is InValid.');
  demand(replacedBy === null, 4011331, 'Status is InValid. A reissue of it exists: see ReplacedBy.');
}

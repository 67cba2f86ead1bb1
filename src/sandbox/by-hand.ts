import { AdminError, parse, type AdminParts } from './admin-route.js';
import { activationSchema, purchaseSchema, renewalSchema } from './admin-schemas.js';
import type { ApiCommand } from './command.js';
import { activate } from './commands/activate.js';
import { reissue } from './commands/reissue.js';
import { renew } from './commands/renew.js';
import { Parameters } from './parameters.js';
import { Refusal } from './refusal.js';

/** What the account's owner does in Namecheap's web interface, by the rules of the API; no API call is recorded. */
export function purchaseByHand({ account, typeNames }: AdminParts, body: unknown): object {
  const { type, years, sansToAdd = 0 } = parse(purchaseSchema, body);
  const offer = typeNames.offer(type);
  if (offer === null || offer === 'discontinued') throw new AdminError(`type: "${type}" is not sold`);
  if (sansToAdd > 0 && offer.product.coverage !== 'multi-domain') {
    throw new AdminError(`sansToAdd: no names can be added to a ${offer.type}`);
  }
  const charge = account.purchase({ ...offer, years, sansToAdd, command: 'web', isByHand: true });
  if (charge === null) throw new AdminError('the balance is too low: raise it with POST /_balance');
  const { certificateId, orderId, amount } = charge;
  return { certificateId, orderId, amount };
}

/** Renews by hand: charged, and to be activated like any other renewal. */
export async function renewByHand(parts: AdminParts, body: unknown): Promise<object> {
  const { certificateId, years } = parse(renewalSchema, body);
  const type = parts.account.certificates.get(certificateId)?.type ?? '-';
  return runByHand(renew, parts, { CertificateID: certificateId, Years: years, SSLType: type });
}

/** Activates by hand, validated by DNS. */
export async function activateByHand(parts: AdminParts, body: unknown): Promise<object> {
  const { certificateId, csr = '', sans = [] } = parse(activationSchema, body);
  return submitByHand(activate, parts, { certificateId, csr, sans });
}

/** Reissues by hand, validated by DNS; with the CSR and the names used before unless others are given. */
export async function reissueByHand(parts: AdminParts, body: unknown): Promise<object> {
  const { certificateId, csr, sans } = parse(activationSchema, body);
  const before = parts.account.certificates.get(certificateId)?.activation ?? null;
  return submitByHand(reissue, parts, {
    certificateId,
    csr: csr ?? before?.csr.pem ?? '',
    sans: sans ?? before?.names.slice(1).map((name) => name.domain) ?? [],
  });
}

async function submitByHand(
  command: ApiCommand,
  parts: AdminParts,
  { certificateId, csr, sans }: { certificateId: number; csr: string; sans: readonly string[] },
): Promise<object> {
  const fields = {
    CertificateID: certificateId,
    CSR: csr,
    DNSNames: sans.join(','),
    DNSDCValidation: 'true',
  };
  return runByHand(command, parts, fields);
}

async function runByHand(
  command: ApiCommand,
  parts: AdminParts,
  fields: Readonly<Record<string, string | number>>,
): Promise<object> {
  const parameters = new Parameters(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  try {
    const context = { ...parts, isRejectedByCa: false, isByHand: true };
    const { certificateId } = await command.run(context, parameters);
    return { certificateId };
  } catch (error) {
    if (error instanceof Refusal) throw new AdminError(...error.faults.map(({ text }) => text));
    throw error;
  }
}

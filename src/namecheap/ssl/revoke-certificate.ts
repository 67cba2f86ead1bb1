import { z } from 'zod';
import type { CallOptions, RevokeCertificateResult } from '../api.js';
import type { Call } from '../command.js';
import { element, sameId, success, textOrNull } from '../fields.js';
import { certificateId, checkInput, productType } from '../input.js';

const COMMAND = 'namecheap.ssl.revokecertificate';

const inputSchema = z.object({ certificateId, type: productType });

/** The one result of ssl.* whose name lacks the prefix. `Description` is not documented, but Namecheap sends it. */
function describeResult(revoked: number) {
  return element({
    revokecertificateresult: element({
      '@issuccess': success,
      '@id': sameId(revoked),
      description: textOrNull,
    }),
  });
}

/**
 * Revokes a certificate that a reissue has `replaced`; the API revokes no other (error 4011331), and has no status
 * that would show it later.
 * @throws NamecheapError: `outcome` says whether it may have been revoked all the same.
 */
export async function revokeCertificate(
  call: Call,
  input: { certificateId: number; type: string },
  options?: CallOptions,
): Promise<RevokeCertificateResult> {
  const { certificateId: named, type } = checkInput(COMMAND, 'submit', inputSchema, input);
  const parameters = { CertificateID: String(named), CertificateType: type };
  const result = describeResult(named);
  const response = await call({ command: COMMAND, kind: 'submit', parameters, result }, options);
  return { description: response.revokecertificateresult.description };
}

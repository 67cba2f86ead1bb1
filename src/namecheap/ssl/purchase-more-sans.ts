import { z } from 'zod';
import type { CallOptions, PurchaseMoreSansInput, PurchaseMoreSansResult } from '../api.js';
import type { Call } from '../command.js';
import { countOrNull, element, sameId, success } from '../fields.js';
import { certificateId, checkInput, MAX_ADDED_SANS } from '../input.js';
import { boughtCertificate, payment, readBought } from './bought.js';

const COMMAND = 'namecheap.ssl.purchasemoresans';

const inputSchema = z.object({ certificateId, sansToAdd: z.int().min(1).max(MAX_ADDED_SANS) });

/** Names that another certificate got are not the ones that were to be bought. */
function describeResult(extended: number) {
  return element({
    sslpurchasemoresansresult: element({
      '@issuccess': success,
      ...payment,
      sslcertificate: element({
        ...boughtCertificate,
        '@certificateid': sameId(extended),
        // What it counts is not documented, so it proves nothing here: getInfo before and after does.
        '@sanscount': countOrNull,
      }),
    }),
  });
}

/**
 * Buys more names for a multi-domain certificate: charges money, takes no idempotency key, is sent exactly once. An
 * active certificate needs a reissue before the names are in it.
 * @returns what was bought; only then has it surely been bought.
 * @throws NamecheapError: `outcome` says whether it may have been bought all the same.
 */
export async function purchaseMoreSans(
  call: Call,
  input: PurchaseMoreSansInput,
  options?: CallOptions,
): Promise<PurchaseMoreSansResult> {
  const checked = checkInput(COMMAND, 'charge', inputSchema, input);
  const parameters = {
    CertificateID: String(checked.certificateId),
    NumberOfSANSToAdd: String(checked.sansToAdd),
  };
  const result = describeResult(checked.certificateId);
  const response = await call({ command: COMMAND, kind: 'charge', parameters, result }, options);
  const made = response.sslpurchasemoresansresult;
  return { ...readBought(made, made.sslcertificate), sansCount: made.sslcertificate['@sanscount'] };
}

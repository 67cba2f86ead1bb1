import { z } from 'zod';
import type { CallOptions, RenewInput, RenewResult } from '../api.js';
import type { Call } from '../command.js';
import { element, newId, word } from '../fields.js';
import { certificateId, checkInput, productType, promotionCode, years } from '../input.js';
import { boughtCertificate, payment, readBought } from './bought.js';

const COMMAND = 'namecheap.ssl.renew';

const inputSchema = z.object({
  certificateId,
  type: productType,
  years,
  promotionCode: promotionCode.optional(),
});

/**
 * The one charge without IsSuccess ("ssl.renew" of the API documentation): what proves it are the three ids, of which
 * the certificate's must be a new one. An IsSuccess that is there all the same has to be true.
 */
function describeResult(renewed: number) {
  return element({
    sslrenewresult: element({
      '@issuccess': word.pipe(z.enum(['', 'true'])),
      ...payment,
      ...boughtCertificate,
      '@certificateid': newId(renewed),
    }),
  });
}

/**
 * Buys the term after the current one, with as many names: charges money, takes no idempotency key, is sent exactly
 * once. Namecheap allows it from 90 days before to 180 days after what it takes for the expiry, which may be the end
 * of one file: whoever calls this in the middle of a paid term pays for what is owned already.
 * @returns what was bought, a certificate to be activated; only then has it surely been bought.
 * @throws NamecheapError: `outcome` says whether it may have been bought all the same. With `hasSucceededBefore`
 * (error 4028294) a renewal of this certificate waits in the list NewRenewal: adopt that one, never buy another.
 */
export async function renew(call: Call, input: RenewInput, options?: CallOptions): Promise<RenewResult> {
  const checked = checkInput(COMMAND, 'charge', inputSchema, input);
  const parameters = {
    CertificateID: String(checked.certificateId),
    SSLType: checked.type,
    Years: String(checked.years),
    ...(checked.promotionCode === undefined ? {} : { PromotionCode: checked.promotionCode }),
  };
  const result = describeResult(checked.certificateId);
  const { sslrenewresult: made } = await call(
    { command: COMMAND, kind: 'charge', parameters, result },
    options,
  );
  return readBought(made, made);
}

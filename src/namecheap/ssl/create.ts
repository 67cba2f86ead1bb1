import { z } from 'zod';
import type { CallOptions, CreateInput, CreateResult } from '../api.js';
import type { Call } from '../command.js';
import { element, success } from '../fields.js';
import { checkInput, MAX_ADDED_SANS, productType, promotionCode, years } from '../input.js';
import { boughtCertificate, payment, readBought } from './bought.js';

const COMMAND = 'namecheap.ssl.create';

const inputSchema = z.object({
  type: productType,
  years,
  sansToAdd: z.int().min(0).max(MAX_ADDED_SANS).optional(),
  promotionCode: promotionCode.optional(),
});

/** Exactly one certificate, or we would not know what was paid. */
const resultSchema = element({
  sslcreateresult: element({
    '@issuccess': success,
    ...payment,
    sslcertificate: element(boughtCertificate),
  }),
});

/**
 * Buys one certificate: charges money, takes no idempotency key, is sent exactly once.
 * @returns what was bought; only then has it surely been bought.
 * @throws NamecheapError: `outcome` says whether it may have been bought all the same.
 */
export async function create(call: Call, input: CreateInput, options?: CallOptions): Promise<CreateResult> {
  const checked = checkInput(COMMAND, 'charge', inputSchema, input);
  const { sansToAdd = 0 } = checked;
  const parameters = {
    Type: checked.type,
    Years: String(checked.years),
    ...(sansToAdd === 0 ? {} : { SANStoADD: String(sansToAdd) }),
    ...(checked.promotionCode === undefined ? {} : { PromotionCode: checked.promotionCode }),
  };
  const response = await call(
    { command: COMMAND, kind: 'charge', parameters, result: resultSchema },
    options,
  );
  const made = response.sslcreateresult;
  return readBought(made, made.sslcertificate);
}

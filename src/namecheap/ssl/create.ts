import { z } from 'zod';
import type { CallOptions, CreateInput, CreateResult } from '../api.js';
import type { Call } from '../command.js';
import { amount, element, flag, id, text } from '../fields.js';
import { checkInput } from '../input.js';

const COMMAND = 'namecheap.ssl.create';

/** Bounds of the method page "ssl.create"; multi-domain products include 3 of at most 100 names. */
const inputSchema = z.object({
  type: z.string().min(1).max(50),
  years: z.int().min(1).max(5),
  sansToAdd: z.int().min(0).max(97).optional(),
  promotionCode: z.string().min(1).max(20).optional(),
});

/** Exactly one certificate, or we would not know what was paid. `SSLType` is what was really sold. */
const resultSchema = element({
  sslcreateresult: element({
    '@issuccess': flag.pipe(z.literal(true)),
    '@orderid': id,
    '@transactionid': id,
    '@chargedamount': amount.refine((value) => !value.startsWith('-'), 'is negative'),
    sslcertificate: element({
      '@certificateid': id,
      '@ssltype': text.pipe(z.string().min(1)),
      '@years': text.pipe(z.string().regex(/^[1-9]\d?$/, 'is not a number of years')).transform(Number),
    }),
  }),
});

/**
 * Buys one certificate: charges money, takes no idempotency key, is sent exactly once.
 * @returns what was bought; only then has it surely been bought.
 * @throws NamecheapError: `outcome` says whether it may have been bought all the same.
 */
export async function create(call: Call, input: CreateInput, options?: CallOptions): Promise<CreateResult> {
  const { type, years, sansToAdd, promotionCode } = checkInput(COMMAND, 'charge', inputSchema, input);
  const parameters = {
    Type: type,
    Years: String(years),
    ...(sansToAdd === undefined || sansToAdd === 0 ? {} : { SANStoADD: String(sansToAdd) }),
    ...(promotionCode === undefined ? {} : { PromotionCode: promotionCode }),
  };
  const response = await call(
    { command: COMMAND, kind: 'charge', parameters, result: resultSchema },
    options,
  );
  const made = response.sslcreateresult;
  return {
    certificateId: made.sslcertificate['@certificateid'],
    orderId: made['@orderid'],
    transactionId: made['@transactionid'],
    chargedAmount: made['@chargedamount'],
    type: made.sslcertificate['@ssltype'],
    years: made.sslcertificate['@years'],
  };
}

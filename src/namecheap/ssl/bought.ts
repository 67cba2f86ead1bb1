import { z } from 'zod';
import type { CreateResult } from '../api.js';
import { amount, id, text } from '../fields.js';

/** What every charge tells about the money. All of it must be there: without it nobody knows what was paid. */
export const payment = {
  '@orderid': id,
  '@transactionid': id,
  '@chargedamount': amount.refine((value) => !value.startsWith('-'), 'is negative'),
};

/** What was paid for. `SSLType` is what was really sold: Namecheap replaces deprecated types. */
export const boughtCertificate = {
  '@certificateid': id,
  '@ssltype': text.pipe(z.string().min(1)),
  '@years': text.pipe(z.string().regex(/^[1-9]\d?$/, 'is not a number of years')).transform(Number),
};

type Attributes<Shape extends z.ZodRawShape> = z.output<z.ZodObject<Shape>>;

/** Brings the attributes of a charge's answer together, wherever the command puts them. */
export function readBought(
  paid: Attributes<typeof payment>,
  certificate: Attributes<typeof boughtCertificate>,
): CreateResult {
  return {
    certificateId: certificate['@certificateid'],
    orderId: paid['@orderid'],
    transactionId: paid['@transactionid'],
    chargedAmount: paid['@chargedamount'],
    type: certificate['@ssltype'],
    years: certificate['@years'],
  };
}

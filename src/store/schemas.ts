import { z } from 'zod';
import { STATUSES } from '../certificates/record.js';

const status = z.enum(STATUSES);
const nullableString = z.string().nullable();
const nullableNumber = z.number().nullable();
const money = z.object({ amount: z.string(), currency: z.string() });

const validation = z.discriminatedUnion('method', [
  z.object({ domain: z.string(), method: z.literal('dns'), host: z.string(), target: z.string() }),
  z.object({ domain: z.string(), method: z.literal('http'), url: z.string(), content: z.string() }),
  z.object({ domain: z.string(), method: z.literal('email'), approverEmail: z.string() }),
]);

export const purchaseSchema = z.object({
  id: z.string(),
  key: z.string(),
  lane: z.string(),
  product: z.string(),
  years: z.number(),
  sansToAdd: z.number(),
  begunAt: z.number(),
  cleanLooks: z.number(),
});

/** A stored record. Loose: a newer worker's extra fields survive an older worker's save. */
export const recordSchema = z.looseObject({
  serviceId: z.string(),
  version: z.number(),
  module: z.string(),
  account: z.string(),
  status,
  operation: z
    .object({ job: z.enum(['order', 'renew', 'reissue']), state: status, since: z.string() })
    .nullable(),
  requestedType: z.string(),
  type: nullableString,
  years: z.number(),
  commonName: z.string(),
  sans: z.array(z.string()),
  fingerprint: z.string(),
  acceptedAt: z.string(),
  purchase: purchaseSchema.nullable(),
  certificateId: nullableNumber,
  certificateIds: z.array(z.number()),
  orderId: nullableNumber,
  transactionId: nullableNumber,
  charged: money.nullable(),
  activationBegunAt: nullableString,
  activatedAt: nullableString,
  validation: z.array(validation),
  issuedAt: nullableString,
  endDate: nullableString,
  paidTill: nullableString,
  termEnd: nullableString,
  nextReissueAt: nullableString,
  problem: nullableString,
  attempts: z.number(),
  lostTries: z.number(),
  nextActionAt: nullableNumber,
});

export const historySchema = z.object({
  at: z.string(),
  from: status.nullable(),
  to: status,
  cause: z.string(),
});

export const pemSchema = z.object({ certificate: z.string(), chain: z.array(z.string()) });

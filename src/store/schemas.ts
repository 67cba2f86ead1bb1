import { z } from 'zod';
import type { OrderPayload } from '../certificates/order-payload.js';
import { OPERATION_JOBS, REISSUE_REASONS, STATUSES } from '../certificates/record.js';

const status = z.enum(STATUSES);
const nullableString = z.string().nullable();
const nullableNumber = z.number().nullable();
const money = z.looseObject({ amount: z.string(), currency: z.string() });

const validation = z.discriminatedUnion('method', [
  z.looseObject({ domain: z.string(), method: z.literal('dns'), host: z.string(), target: z.string() }),
  z.looseObject({ domain: z.string(), method: z.literal('http'), url: z.string(), content: z.string() }),
  z.looseObject({ domain: z.string(), method: z.literal('email'), approverEmail: z.string() }),
]);

/** Fields with a default are younger than the first release: what it stored has none of them. */
export const purchaseSchema = z.looseObject({
  id: z.string(),
  kind: z.enum(['order', 'renew', 'names']).default('order'),
  serviceId: z.string().default(''),
  key: z.string(),
  lane: z.string(),
  product: z.string(),
  years: z.number(),
  sansToAdd: z.number(),
  begunAt: z.number(),
  cleanLooks: z.number(),
  sansBefore: z.number().nullable().optional(),
  certificateId: z.number().nullable().optional(),
  isProvenEarlier: z.boolean().optional(),
  isMade: z.boolean().optional(),
});

const requestShape = z.looseObject({
  module: z.string(),
  serviceId: z.string(),
  type: z.string(),
  years: z.number(),
  csr: z.string(),
  dcv: z.looseObject({ method: z.string() }),
});

/** A stored order. It was validated when it was accepted: rules made later are applied by whoever acts on it, not by reading it. */
export const requestSchema = z.custom<OrderPayload>((value) => requestShape.safeParse(value).success);

const operation = z.looseObject({
  job: z.enum(OPERATION_JOBS),
  state: status,
  since: z.string(),
  acceptedAt: z.string().default(''),
  certificateId: nullableNumber.default(null),
  reason: z.enum(REISSUE_REASONS).nullable().default(null),
  names: z.array(z.string()).nullable().default(null),
  allowCharge: z.boolean().default(false),
  years: nullableNumber.default(null),
  extends: nullableString.default(null),
  requestId: nullableString.default(null),
});

/** A part of a request, as {@link requestSchema} checks the whole. */
const askedShape = requestShape.partial();

const innerFlight = z.looseObject({
  operation,
  asked: z.custom<Partial<OrderPayload>>((value) => askedShape.safeParse(value).success),
  purchase: purchaseSchema.nullable(),
  activationBegunAt: nullableString,
  activatedAt: nullableString,
  validation: z.array(validation),
  attempts: z.number(),
  lostTries: z.number(),
  problem: nullableString,
});

const flight = innerFlight.extend({ under: innerFlight.nullable().optional() });

const renewal = z.looseObject({
  from: z.string(),
  till: z.string(),
  years: z.number(),
  certificateId: z.number(),
  requestId: nullableString,
});

const errand = z.looseObject({
  id: z.string(),
  job: z.string(),
  payload: z.record(z.string(), z.unknown()),
  at: z.string(),
  lostTries: z.number().optional(),
});

/** A stored record. Loose: a newer worker's extra fields survive an older worker's save. */
export const recordSchema = z
  .looseObject({
    serviceId: z.string(),
    version: z.number(),
    module: z.string(),
    account: z.string(),
    status,
    operation: operation.nullable(),
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
    sansAdded: z.number().optional(),
    renewals: z.array(renewal).default([]),
    covered: z.array(z.looseObject({ from: z.string(), till: z.string() })).default([]),
    announced: z.record(z.string(), z.string()).default({}),
    automationStopped: nullableString.default(null),
    errands: z.array(errand).default([]),
    doneErrands: z.array(z.string()).default([]),
    shelved: flight.nullable().default(null),
    revokedIds: z.array(z.number()).default([]),
    revoking: z.array(z.number()).default([]),
    closedFrom: status.nullable().default(null),
    problem: nullableString,
    attempts: z.number(),
    lostTries: z.number(),
    nextActionAt: nullableNumber,
  })
  .transform(({ sansAdded, ...record }) => ({
    ...record,
    // The first release kept what was bought beyond the base price with the purchase only.
    sansAdded: sansAdded ?? (record.purchase?.kind === 'order' ? record.purchase.sansToAdd : 0),
  }));

export const historySchema = z.object({
  at: z.string(),
  from: status.nullable(),
  to: status,
  operation: z.string().optional(),
  cause: z.string(),
});

export const pemSchema = z.object({ certificate: z.string(), chain: z.array(z.string()) });

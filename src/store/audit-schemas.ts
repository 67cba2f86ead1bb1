import { z } from 'zod';

/** Lua leaves out what is nil. */
const maybeText = z.string().nullish().default(null);
const maybeNumber = z.number().nullish().default(null);
const place = z.enum(['owned', 'stock', 'foreign', 'nowhere']);

export const purchaseSeenSchema = z.object({
  key: z.string(),
  serviceId: maybeText,
  certificateId: maybeNumber,
  isHeld: z.boolean(),
  place,
  ledgerId: maybeText,
  hasEntry: z.boolean(),
});

export const heldLaneSchema = z.object({
  ...{ lane: z.string(), key: z.string(), purchaseId: z.string(), serviceId: z.string() },
  isKeyed: z.boolean(),
});

export const entrySchema = z.object({
  ledgerId: z.string(),
  certificateId: maybeNumber,
  serviceId: z.string(),
  transactionId: maybeNumber,
  amount: maybeText,
  at: z.number(),
  place,
  adoptedAs: maybeText,
  adoptedAt: maybeNumber,
  rival: maybeText,
});

export const placedSchema = z.object({
  certificateId: z.number(),
  owner: maybeText,
  isStock: z.boolean(),
  foreignSince: maybeText,
});

export const differenceSchema = z.object({
  part: z.enum(['books', 'ledger', 'lists', 'money']),
  text: z.string(),
  since: z.string(),
  acceptedAt: maybeText,
});

const baseline = z.object({
  amount: z.string(),
  currency: z.string(),
  readAt: z.number(),
  ledger: z.array(z.string()),
  foreign: z.array(z.string()),
});

export const stateSchema = z.object({
  at: z.number().nullable(),
  dueAt: z.number(),
  tries: z.number(),
  baseline: baseline.nullable(),
  missing: z.record(z.string(), z.number()),
});

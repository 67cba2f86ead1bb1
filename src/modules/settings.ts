import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PRODUCTION_ENDPOINT, SANDBOX_ENDPOINT } from '../namecheap/endpoint.js';

export const moduleNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/, 'use 1 to 64 characters of A-Z a-z 0-9 . _ -');

/** How to reach a Namecheap account; the key is sealed, so this may travel in a job. */
export const accountSettingsSchema = z.strictObject({
  username: z.string().min(1).max(20),
  apiUser: z.string().min(1).max(20),
  sealedKey: z.string().min(1),
  clientIp: z.ipv4('give the IPv4 address that Namecheap sees, as allow-listed in the account'),
  sandbox: z.boolean().default(false),
  /** Another URL than Namecheap's own: our sandbox, a proxy. */
  endpoint: z.string().nullable().default(null),
});
export type AccountSettings = z.infer<typeof accountSettingsSchema>;

const amount = z.string().regex(/^\d{1,9}(\.\d{1,4})?$/, 'give an amount in USD such as 250 or 99.50');

/** The module parameters of the wizard's last step. Limits are calls per minute, hour and day; 0 switches one off. */
export const moduleParametersSchema = z.strictObject({
  limits: z.tuple([z.int().min(0), z.int().min(0), z.int().min(0)]).default([20, 700, 8000]),
  maxPurchasesPerHour: z.int().positive().nullable().default(null),
  maxSpendPerDay: amount.nullable().default(null),
  lowBalance: amount.nullable().default(null),
  /** Others (domains, hosting, people) spend from the same balance: it proves nothing about what we bought. */
  sharedBalance: z.boolean().default(false),
});
export type ModuleParameters = z.infer<typeof moduleParametersSchema>;

/** A stored module: one Namecheap account under a name of ours. */
export const moduleSchema = z.object({
  name: moduleNameSchema,
  ...accountSettingsSchema.shape,
  parameters: moduleParametersSchema,
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ModuleRecord = z.infer<typeof moduleSchema>;

/** The settings that make an account, whatever the module is called and whoever calls for it. */
export type AccountIdentity = Pick<AccountSettings, 'username' | 'sandbox' | 'endpoint'>;

/** The URL that these settings call. */
export function resolveEndpoint(settings: Omit<AccountIdentity, 'username'>): string {
  if (settings.endpoint === null) return settings.sandbox ? SANDBOX_ENDPOINT : PRODUCTION_ENDPOINT;
  // One spelling for one account: two would split its lanes and its quota.
  return URL.canParse(settings.endpoint) ? new URL(settings.endpoint).href : settings.endpoint;
}

/**
 * The account behind a module: endpoint and UserName. Two modules on one Namecheap account share its lanes, claims,
 * ledger and quota, because Namecheap counts and charges per account.
 */
export function accountId(settings: AccountIdentity): string {
  return createHash('sha256').update(describeAccount(settings)).digest('hex').slice(0, 16);
}

/** What makes an account: the URL that is called and the UserName, each in one spelling. */
export function describeAccount(settings: AccountIdentity): string {
  return `${resolveEndpoint(settings)} ${settings.username.toLowerCase()}`;
}

import { z } from 'zod';
import { InputError } from '../errors.js';
import { listFaults } from '../faults.js';
import { checkEndpoint } from '../namecheap/endpoint.js';
import { keepSecret } from '../redact.js';
import type { Store } from '../store/store.js';
import { sealKey } from './seal.js';
import {
  accountId,
  accountSettingsSchema,
  moduleNameSchema,
  moduleParametersSchema,
  type ModuleRecord,
} from './settings.js';

/** An API key as a person gives it. */
export const apiKeySchema = z
  .string()
  .trim()
  .regex(/^\S{1,100}$/, 'give the API key alone, without blanks (Namecheap: Profile > Tools > API Access)');

/** A module as a person gives it: the key still in clear. */
const draftSchema = z.strictObject({
  name: moduleNameSchema,
  ...accountSettingsSchema.omit({ sealedKey: true }).shape,
  apiKey: apiKeySchema,
  parameters: moduleParametersSchema.prefault({}),
});
export type ModuleDraft = z.input<typeof draftSchema>;

/** What to do when there is nothing to seal an API key with. */
export const SECRET_KEY_REMEDY =
  'PMNAMECHEAP_SECRET_KEY is not set: API keys are sealed with it. Make one with "openssl rand -base64 32" and give workers and commands the same one';

/**
 * Checks a module and seals its key; stores nothing.
 * @param secretKey PMNAMECHEAP_SECRET_KEY, or null when it is not set
 * @param now ISO time
 * @param known faults found before, to be reported along
 * @throws InputError with every fault, each with its field.
 */
export function sealModule(
  draft: Partial<ModuleDraft>,
  secretKey: string | null,
  now: string,
  known: readonly string[] = [],
): ModuleRecord {
  keepSecret(draft.apiKey ?? '');
  const parsed = draftSchema.safeParse(draft);
  const faults = [
    ...known,
    ...(parsed.success ? [] : listFaults(parsed.error)),
    ...listEndpointFaults(draft.endpoint),
  ];
  if (secretKey === null) faults.push(SECRET_KEY_REMEDY);
  if (!parsed.success || secretKey === null || faults.length > 0) throw new InputError(faults, 'The module');
  const { apiKey, ...rest } = parsed.data;
  return { ...rest, sealedKey: sealKey(apiKey, secretKey, rest), createdAt: now, updatedAt: now };
}

function listEndpointFaults(endpoint: string | null | undefined): string[] {
  if (endpoint === null || endpoint === undefined) return [];
  try {
    checkEndpoint(endpoint);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.faults.map((fault) => `endpoint: ${fault}`);
  }
}

/**
 * Whether the module may be stored under its name. Replacing is how a key or a limit is changed; but services bought
 * in one Namecheap account can never be looked after through another.
 * @returns the module it would replace, or null.
 * @throws InputError when it would take its services to another account.
 */
export async function checkReplacement(store: Store, module: ModuleRecord): Promise<ModuleRecord | null> {
  const known = await store.modules.load(module.name);
  if (known === null || accountId(known) === accountId(module)) return known;
  const uses = await store.modules.countUses(module.name);
  if (uses === 0) return known;
  throw new InputError(
    [
      `${countServices(uses)} ordered through "${module.name}" in the account ${known.username}${known.sandbox ? ' (sandbox)' : ''}: ` +
        `another account cannot look after ${uses === 1 ? 'it' : 'them'}. Add the account under another name`,
    ],
    'The module',
  );
}

/** `6 services were`: the beginning of what is said of them. */
export function countServices(uses: number): string {
  return uses === 1 ? '1 service was' : `${uses} services were`;
}

/**
 * Stores a module under its name, replacing an older one, and ends the account's automatic pauses (wrong
 * credentials cause them); a person's pause stays.
 * @throws InputError as {@link checkReplacement}.
 */
export async function storeModule(store: Store, module: ModuleRecord): Promise<ModuleRecord> {
  const known = await checkReplacement(store, module);
  const stored = { ...module, createdAt: known?.createdAt ?? module.createdAt };
  await store.modules.save(stored);
  await store.accounts.endAutomaticPauses(accountId(stored), Date.parse(stored.updatedAt));
  return stored;
}

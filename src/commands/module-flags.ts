import { InvalidArgumentError } from 'commander';
import { InputError } from '../errors.js';
import type { WizardAnswers } from '../modules/wizard.js';
import { parseAmount, parseLimits, parseWhole } from './arguments.js';

/** The flags of `module add` as commander leaves them: texts. */
export interface ModuleFlags {
  username?: string;
  apiUser?: string;
  apiKeyStdin?: boolean;
  /** Refused: keys do not belong into a command line. */
  apiKey?: string;
  clientIp?: string;
  sandbox?: boolean;
  endpoint?: string;
  limits?: string;
  maxPurchasesPerHour?: string;
  maxSpendPerDay?: string;
  lowBalance?: string;
  sharedBalance?: boolean;
}

const MOST_PURCHASES = 1_000_000;

/** Which flags still lack before nothing needs to be asked, one sentence each. */
export function listMissingFlags(flags: ModuleFlags): string[] {
  const missing: string[] = [];
  if (flags.username === undefined) missing.push('--username is missing: the account at Namecheap');
  if (flags.apiUser === undefined) missing.push('--api-user is missing: mostly the same as --username');
  if (flags.apiKeyStdin !== true) missing.push('--api-key-stdin is missing: the API key is read from stdin');
  if (flags.clientIp === undefined)
    missing.push('--client-ip is missing: the IPv4 address that the workers call from');
  return missing;
}

/** The flags as answers to the wizard's questions, and what is wrong with their texts. */
export function readFlags(flags: ModuleFlags): {
  given: Partial<Omit<WizardAnswers, 'apiKey'>>;
  faults: string[];
} {
  const faults: string[] = [];
  const read = <T>(flag: string, text: string | undefined, parse: (text: string) => T): T | undefined => {
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      faults.push(`${flag}: ${error.message}`);
      return undefined;
    }
  };
  const count = (text: string) =>
    parseWhole(text, 1, MOST_PURCHASES, `give a whole number from 1 to ${MOST_PURCHASES}`);
  const given = dropUndefined({
    username: flags.username,
    apiUser: flags.apiUser,
    clientIp: flags.clientIp,
    sandbox: flags.sandbox,
    endpoint: flags.endpoint,
    parameters: dropUndefined({
      limits: read('--limits', flags.limits, parseLimits),
      maxPurchasesPerHour: read('--max-purchases-per-hour', flags.maxPurchasesPerHour, count),
      maxSpendPerDay: read('--max-spend-per-day', flags.maxSpendPerDay, parseAmount),
      lowBalance: read('--low-balance', flags.lowBalance, parseAmount),
      sharedBalance: flags.sharedBalance,
    }),
  });
  return { given, faults };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function dropUndefined<T extends object>(fields: T): Defined<T> {
  // Object.fromEntries forgets the fields' types; only undefined ones are gone.
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

const FLAG_OF: Readonly<Record<string, string>> = {
  username: '--username',
  apiUser: '--api-user',
  apiKey: '--api-key-stdin',
  clientIp: '--client-ip',
  endpoint: '--endpoint',
};

/** Runs a check and names its faults by the flags the person wrote. @throws InputError */
export function nameFlags<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const faults = error.faults.map((fault) =>
      fault.replace(/^(\w+)(?=: )/, (field) => FLAG_OF[field] ?? field),
    );
    throw new InputError(faults, 'The module');
  }
}

import { FailError, WaitError } from '../errors.js';
import { NamecheapError } from '../namecheap/errors.js';
import type { Account, AccountWork } from './ports.js';

/** After an audit without a full verdict the first look again; each further one takes twice as long, ms. */
export const AGAIN_MS = 600_000;

/** The account to audit: its id, its modules, and how it is opened. */
export interface Audited {
  account: string;
  modules: [string, ...string[]];
  /** Others spend from this balance too: then it proves nothing. */
  isShared: boolean;
  open(): Promise<Account>;
}

export type AuditWork = Omit<AccountWork, 'account'>;

export async function openWork(work: AuditWork, audited: Audited): Promise<AccountWork> {
  return { ...work, account: await audited.open() };
}

export type Attempt<T> = { kind: 'judged'; value: T } | { kind: 'not-judged'; reason: string };

/** A part that Namecheap, its quota or a pause does not let us look at; the others are judged all the same. */
export async function attempt<T>(look: () => Promise<T> | T): Promise<Attempt<T>> {
  try {
    return { kind: 'judged', value: await look() };
  } catch (error) {
    const isExpected =
      error instanceof WaitError || error instanceof FailError || error instanceof NamecheapError;
    if (!isExpected) throw error;
    return { kind: 'not-judged', reason: error.message };
  }
}

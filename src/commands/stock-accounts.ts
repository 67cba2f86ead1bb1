import type { App } from '../app.js';
import { InputError } from '../errors.js';
import { requireModule } from '../modules/require-module.js';
import { accountId } from '../modules/settings.js';

/** A Namecheap account and the modules that lead to it. */
export interface ModuleAccount {
  id: string;
  modules: string[];
}

/** Every account that a module leads to, each once. */
export async function listAccounts({ store }: App): Promise<ModuleAccount[]> {
  const accounts = new Map<string, string[]>();
  for (const module of await store.modules.list()) {
    const id = accountId(module);
    accounts.set(id, [...(accounts.get(id) ?? []), module.name]);
  }
  return [...accounts].map(([id, modules]) => ({ id, modules }));
}

/** The account of a module; without a name the only one. @throws InputError when there is no such module, or several accounts. */
export async function requireAccount(app: App, name: string | undefined): Promise<ModuleAccount> {
  const accounts = await listAccounts(app);
  const named = name === undefined ? null : await requireModule(app.store.modules, name);
  const id = named === null ? null : accountId(named);
  const fitting = id === null ? accounts : accounts.filter((account) => account.id === id);
  const [only, ...others] = fitting;
  if (only !== undefined && others.length === 0) return only;
  const known = accounts.flatMap(({ modules }) => modules).join(', ');
  const fault =
    only === undefined
      ? 'there is no module yet: add one with pmnamecheap module add'
      : `--module: give one of ${known}`;
  throw new InputError([fault], 'The command line');
}

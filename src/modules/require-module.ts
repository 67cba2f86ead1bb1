import { InputError } from '../errors.js';
import type { ModuleStore } from '../store/modules.js';
import type { ModuleRecord } from './settings.js';

/** A stored module. @throws InputError ERR_NO_MODULE that lists the known ones. */
export async function requireModule(modules: ModuleStore, name: string): Promise<ModuleRecord> {
  const module = await modules.load(name);
  if (module !== null) return module;
  const known = (await modules.list()).map((one) => one.name).join(', ') || 'none yet';
  const fault = `there is no module "${name}" (known: ${known}); add it with pmnamecheap module add ${name}`;
  throw new InputError([fault], 'The module', 'ERR_NO_MODULE');
}

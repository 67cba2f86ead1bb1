import { InputError } from '../errors.js';
import type { ModuleRecord } from '../modules/settings.js';
import type { Store } from '../store/store.js';

/** A stored module. @throws InputError that lists the known ones. */
export async function loadKnownModule(store: Store, name: string): Promise<ModuleRecord> {
  const module = await store.modules.load(name);
  if (module !== null) return module;
  const known = (await store.modules.list()).map((one) => one.name);
  const remedy =
    known.length === 0
      ? 'there is none yet: add one with pmnamecheap module add'
      : `known are ${known.join(', ')}`;
  throw new InputError([`there is no module "${name}"; ${remedy}`], 'The module');
}

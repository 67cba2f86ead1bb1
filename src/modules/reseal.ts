import { WaitError } from '../errors.js';
import type { ModuleStore } from '../store/modules.js';
import { inspectSeal, openKey, sealKey } from './seal.js';
import type { ModuleRecord } from './settings.js';

/** Somebody who adds the module anew again and again is not waited for. */
const TRIES = 5;

/** What became of each module's key, by names. */
export interface ResealReport {
  /** Sealed anew with the present secret key. */
  resealed: string[];
  /** Was sealed with the present secret key already: nothing was written. */
  unchanged: string[];
  /** Opens with none of the secret keys at hand: left as it is. */
  closed: string[];
}

/**
 * Seals every module's API key with the present secret key. Each module is one compare-and-set, so workers may run and
 * people may add modules meanwhile; interrupted, it is completed by running it again. The times of the modules stay:
 * their settings did not change.
 * @param secretKeys the present secret key, then the previous ones
 * @throws WaitError when a module is being changed by others again and again.
 */
export async function resealModules(
  modules: ModuleStore,
  secretKeys: readonly [present: string, ...previous: string[]],
): Promise<ResealReport> {
  const report: ResealReport = { resealed: [], unchanged: [], closed: [] };
  for (const { name } of await modules.list()) {
    const end = await resealModule(modules, name, secretKeys);
    if (end !== 'gone') report[end].push(name);
  }
  return report;
}

async function resealModule(
  modules: ModuleStore,
  name: string,
  secretKeys: readonly [present: string, ...previous: string[]],
): Promise<keyof ResealReport | 'gone'> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const module = await modules.load(name);
    if (module === null) return 'gone';
    const state = inspectSeal(module.sealedKey, secretKeys, module);
    if (state === 'present') return 'unchanged';
    if (state === 'closed') return 'closed';
    if (await modules.replaceKey(module, sealAnew(module, secretKeys))) return 'resealed';
  }
  throw new WaitError(
    `The module ${name} is being changed by others again and again: run module reseal once more`,
    1000,
  );
}

function sealAnew(
  module: ModuleRecord,
  secretKeys: readonly [present: string, ...previous: string[]],
): string {
  return sealKey(openKey(module.sealedKey, secretKeys, module), secretKeys[0], module);
}

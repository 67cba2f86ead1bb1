import { resolveEndpoint, type ModuleParameters, type ModuleRecord } from './settings.js';

/** A module for people and programs: whatever it holds of the key, it never shows. */
export interface ModuleView {
  name: string;
  username: string;
  apiUser: string;
  apiKey: 'sealed';
  clientIp: string;
  sandbox: boolean;
  /** The URL that is really called. */
  endpoint: string;
  parameters: ModuleParameters;
  createdAt: string;
  updatedAt: string;
}

export function presentModule(module: ModuleRecord): ModuleView {
  const { name, username, apiUser, clientIp, sandbox, parameters, createdAt, updatedAt } = module;
  const endpoint = resolveEndpoint(module);
  return {
    name,
    username,
    apiUser,
    apiKey: 'sealed',
    clientIp,
    sandbox,
    endpoint,
    parameters,
    createdAt,
    updatedAt,
  };
}

import { isIPv4 } from 'node:net';
import type { Parameters } from './parameters.js';
import { demand } from './refusal.js';

/** Who may call: the account's API user (also its user name), its key and the one allow-listed address. */
export interface Credentials {
  user: string;
  apiKey: string;
  clientIp: string;
}

/**
 * Checks the global parameters as Namecheap does before it looks at the command.
 * @throws Refusal with the numbers of its global error list
 */
export function authenticate(credentials: Credentials, parameters: Parameters): void {
  parameters.requireAll({ ApiUser: 1010101, ApiKey: 1010102, UserName: 1019103, ClientIp: 1010105 });
  const clientIp = parameters.get('ClientIp') ?? '';
  demand(isIPv4(clientIp), 1011105, 'Parameter ClientIP is Invalid');
  demand(
    isSame(parameters.get('ApiUser'), credentials.user) && parameters.get('ApiKey') === credentials.apiKey,
    1011102,
    'API Key is invalid or API access has not been enabled',
  );
  demand(clientIp === credentials.clientIp, 1011150, `Invalid request IP: ${clientIp}`);
  demand(isSame(parameters.get('UserName'), credentials.user), 1019103, 'UserName is not available');
}

function isSame(given: string | null, user: string): boolean {
  return given?.toLowerCase() === user.toLowerCase();
}

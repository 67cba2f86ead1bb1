import type { NamecheapError } from '../namecheap/errors.js';
import type { ConnectionCheck, ConnectionFailure } from './test-result.js';

/** What a failed test call tells of each of the three things to check; what it does not tell is said to be open. */
export function describeConnectionFailure(
  error: NamecheapError,
  clientIp: string,
  endpoint: string,
): ConnectionFailure {
  const said = error.message;
  const isAnswered = error.faults.length > 0;
  const isAddress = error.errorClass === 'address';
  const isCredentials = error.errorClass === 'config';
  const checks: ConnectionCheck[] = [
    isCredentials
      ? { check: 'credentials', ok: false, detail: said }
      : {
          check: 'credentials',
          ok: false,
          detail: 'Not checked yet: Namecheap judges Username, API user and API key after the other two.',
        },
    isAnswered
      ? { check: 'endpoint', ok: true, detail: 'Namecheap answered.' }
      : { check: 'endpoint', ok: false, detail: `${endpoint}: ${said}` },
    isAddress
      ? { check: 'client-ip', ok: false, detail: said }
      : { check: 'client-ip', ok: isCredentials, detail: describeAddress(isCredentials, clientIp) },
  ];
  if (isAnswered && !isAddress && !isCredentials) {
    for (const check of checks)
      if (!check.ok) check.detail = `Not decided: Namecheap answered with another error: ${said}`;
  }
  return { ok: false, message: 'Cannot connect to the processing module', checks };
}

function describeAddress(isAnswered: boolean, clientIp: string): string {
  if (isAnswered)
    return `Namecheap did not complain about the address; ${clientIp} must be among the allow-listed ones (Profile > Tools > API Access).`;
  return `Not checked yet: ${clientIp} must be the address that Namecheap sees of the workers, and allow-listed there (Profile > Tools > API Access).`;
}
